use super::*;

fn value(loss: &dyn Loss, head: &[f64], target: TargetRow<'_>) -> f64 {
    loss.sample(head, target, &mut vec![0.0; head.len()])
}

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn losses_have_their_literal_values() {
    let (head, target) = ([1.0, -2.0], TargetRow::Numbers(&[0.5, 1.0]));
    assert_close(value(&Mse, &head, target), (0.25 + 9.0) / 2.0);
    assert_close(value(&Mae, &head, target), (0.5 + 3.0) / 2.0);
    assert_close(value(&Huber::default(), &head, target), (0.125 + 2.5) / 2.0);
    // ln(1 + e^-1) and ln(1 + e^2).
    let flags = TargetRow::Numbers(&[1.0, 0.0]);
    assert_close(
        value(&BinaryCrossEntropy::default(), &[1.0, 2.0], flags),
        (0.313_261_687_518_222_8 + 2.126_928_011_042_972_5) / 2.0,
    );
    assert_close(
        value(&CrossEntropy::default(), &[0.0, 0.0, 0.0], TargetRow::Class(1)),
        3.0f64.ln(),
    );
}

#[test]
fn losses_from_logits_do_not_overflow() {
    assert_close(
        value(&BinaryCrossEntropy::default(), &[1000.0], TargetRow::Numbers(&[0.0])),
        1000.0,
    );
    assert_close(
        value(&BinaryCrossEntropy::default(), &[-1000.0], TargetRow::Numbers(&[0.0])),
        0.0,
    );
    assert_close(value(&CrossEntropy::default(), &[1000.0, 0.0], TargetRow::Class(1)), 1000.0);
    assert!(value(&CrossEntropy::default(), &[f64::NAN, 0.0], TargetRow::Class(1)).is_nan());
}

#[test]
fn gradients_equal_central_differences() {
    let losses: [&dyn Loss; 14] = [
        &Mse,
        &Mae,
        &Huber { delta: 0.7 },
        &LogCosh,
        &Hinge,
        &CosineSimilarity,
        &KlDivergence,
        &BinaryCrossEntropy::default(),
        &BinaryCrossEntropy { label_smoothing: 0.2 },
        &CrossEntropy::default(),
        &CrossEntropy { label_smoothing: 0.2 },
        &BinaryFocal { gamma: 1.5 },
        &BalancedBinaryFocal::default(),
        &Focal::default(),
    ];
    let head = [0.3, -1.2, 2.1];
    check_gradients(&[&Poisson], [0.3, 1.2, 2.1]);
    check_gradients(&losses, head);
}

fn check_gradients(losses: &[&dyn Loss], head: [f64; 3]) {
    for &loss in losses {
        for target in [TargetRow::Numbers(&[0.25, 0.5, 0.25]), TargetRow::Class(2)] {
            let mut gradient = [0.0; 3];
            loss.sample(&head, target, &mut gradient);
            for index in 0..3 {
                let shifted = |by: f64| {
                    let mut head = head;
                    head[index] += by;
                    value(loss, &head, target)
                };
                let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                assert!((gradient[index] - difference).abs() < 1e-8, "{loss:?} {index}");
            }
        }
    }
}

#[test]
fn the_newer_losses_have_their_literal_values() {
    let target = TargetRow::Numbers(&[1.0, 0.0]);
    assert_close(value(&LogCosh, &[1.0, 2.0], target), 2.0f64.cosh().ln() / 2.0);
    assert_close(value(&LogCosh, &[1e6, 0.0], target), (999_999.0 - 2.0f64.ln()) / 2.0);
    assert_close(value(&Poisson, &[2.0, 1.0], target), (2.0 - 2.000_000_1f64.ln() + 1.0) / 2.0);
    assert_close(value(&Hinge, &[0.25, 0.5], target), (0.75 + 1.5) / 2.0);
    assert_close(value(&CosineSimilarity, &[3.0, 4.0], target), -0.6);
    assert_close(value(&CosineSimilarity, &[0.0, 0.0], target), 0.0);
    let even = TargetRow::Numbers(&[0.5, 0.5]);
    assert_close(value(&KlDivergence, &[0.0, 0.0], even), 0.0);
    let (ln_2, ln_3) = (2.0f64.ln(), 3.0f64.ln());
    assert_close(value(&BinaryFocal { gamma: 2.0 }, &[0.0], target), 0.25 * ln_2);
    assert_close(value(&BalancedBinaryFocal::default(), &[0.0, 0.0], target), 0.125 * ln_2);
    let focal = value(&Focal::default(), &[0.0; 3], TargetRow::Class(2));
    assert_close(focal, 0.25 * 4.0 / 9.0 * ln_3);
    assert_close(value(&Focal::default(), &[800.0, 0.0], TargetRow::Class(0)), 0.0);
    let smooth = CrossEntropy { label_smoothing: 0.3 };
    assert_close(value(&smooth, &[0.0; 3], TargetRow::Class(0)), ln_3);
    assert!(value(&Hinge, &[f64::NAN], target).is_nan());
    assert!(value(&CosineSimilarity, &[f64::NAN, 1.0], target).is_nan());
}

#[test]
fn a_length_in_the_targets_unit_is_scaled_with_it() {
    // Errors of 0.5 and 3 after preprocessing, with units of 0.25 and 2: 2 and 1.5 in the target's
    // own unit.
    let (head, target) = ([0.5, 3.0], TargetRow::Numbers(&[0.0, 0.0]));
    let units = [0.25, 2.0];
    let huber = in_units(&Huber { delta: 1.75 }, &head, target, &units);
    // In the target's own unit, 2 is above the delta of 1.75 and 1.5 is not.
    let (far, near) = (1.75 * (2.0 - 0.5 * 1.75) / 16.0, 0.5 * 9.0);
    assert_close(huber, (far + near) / 2.0);
    let log_cosh = in_units(&LogCosh, &head, target, &units);
    assert_close(log_cosh, (2.0f64.cosh().ln() / 16.0 + 4.0 * 1.5f64.cosh().ln()) / 2.0);
    assert_close(in_units(&Mse, &head, target, &units), (0.25 + 9.0) / 2.0);
    // Very large and very small units.
    let target = TargetRow::Numbers(&[0.0]);
    assert_close(in_units(&LogCosh, &[1.0], target, &[1e9]), 0.5);
    assert_close(in_units(&LogCosh, &[1e3], target, &[1e-6]) * 1e6, 1e3 - 2.0f64.ln() * 1e-6);
}

fn in_units(loss: &dyn Loss, head: &[f64], target: TargetRow<'_>, units: &[f64]) -> f64 {
    loss.sample_in_units(head, target, Units::new(units), &mut vec![0.0; head.len()])
}

#[test]
fn gradients_in_other_units_equal_central_differences() {
    let (head, units) = ([0.3, -1.2, 2.1], [0.25, 2.0, 1.0]);
    let target = TargetRow::Numbers(&[0.25, 0.5, 0.25]);
    for loss in [&Huber { delta: 0.7 } as &dyn Loss, &LogCosh] {
        let mut gradient = [0.0; 3];
        loss.sample_in_units(&head, target, Units::new(&units), &mut gradient);
        for index in 0..3 {
            let shifted = |by: f64| {
                let mut head = head;
                head[index] += by;
                in_units(loss, &head, target, &units)
            };
            let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            assert!((gradient[index] - difference).abs() < 1e-8, "{loss:?} {index}");
        }
    }
}
