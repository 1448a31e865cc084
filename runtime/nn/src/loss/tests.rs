use super::*;

fn value(loss: &dyn AnyLoss, head: &[f64], target: TargetRow<'_>) -> f64 {
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
    let losses: [&dyn AnyLoss; 14] = [
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

fn check_gradients(losses: &[&dyn AnyLoss], head: [f64; 3]) {
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

fn in_units(loss: &dyn AnyLoss, head: &[f64], target: TargetRow<'_>, units: &[f64]) -> f64 {
    loss.sample_in_units(head, target, Units::new(units), &mut vec![0.0; head.len()])
}

#[test]
fn gradients_in_other_units_equal_central_differences() {
    let (head, units) = ([0.3, -1.2, 2.1], [0.25, 2.0, 1.0]);
    let target = TargetRow::Numbers(&[0.25, 0.5, 0.25]);
    for loss in [&Huber { delta: 0.7 } as &dyn AnyLoss, &LogCosh] {
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

#[test]
fn losses_of_distributions_have_their_literal_values() {
    let numbers = TargetRow::Doubles(&[2.0]);
    // 1.5 deviance of t = 2 at y = 3: sklearn.metrics.mean_tweedie_deviance([2], [3], power=1.5).
    let tweedie = 2.0 * (-4.0 * 2f64.sqrt() + 4.0 / 3f64.sqrt() + 2.0 * 3f64.sqrt());
    assert!((value(&Tweedie { power: 1.5 }, &[3.0], numbers) - tweedie).abs() < 1e-6);
    let at_zero = value(&Tweedie { power: 1.5 }, &[4.0], TargetRow::Doubles(&[0.0]));
    assert!((at_zero - 8.0).abs() < 1e-6);

    // Quantiles 1 - ln 2, 1 and 1 + ln 2 of the target 2: errors of 1 + ln 2, 1 and 1 - ln 2.
    let quantile = Quantile { levels: [0.1, 0.5, 0.9] };
    let ln_2 = 2f64.ln();
    let pinball = 0.1 * (1.0 + ln_2) + 0.5 + 0.9 * (1.0 - ln_2);
    assert_close(value(&quantile, &[0.0, 1.0, 0.0], numbers), pinball / 3.0);
    // Above the target: (l - 1) e.
    assert_close(value(&Quantile { levels: [0.9] }, &[5.0], numbers), 0.1 * 3.0);

    let ln_2_pi = (2.0 * std::f64::consts::PI).ln();
    let variance = ln_2 + 1e-6;
    let gaussian = (1.0 / variance + variance.ln() + ln_2_pi) / 2.0;
    assert_close(value(&Gaussian, &[3.0, 0.0], numbers), gaussian);

    // A dispersion of 1 is the geometric distribution: p (1 - p)^t with p = 1 / (1 + m).
    let one = 1f64 - 1e-6;
    let (mean, dispersion) = (3f64, one.exp_m1().ln());
    let head = [(mean - 1e-6).exp_m1().ln(), dispersion];
    let geometric = -(0.25f64 * 0.75 * 0.75).ln();
    assert_close(value(&NegativeBinomial, &head, numbers), geometric);

    // Cumulated logits of 0 and ln 2 after the link: 1/2, 2/3 - 1/2, 1/3.
    for (class, probability) in [(0, 0.5), (1, 2.0 / 3.0 - 0.5), (2, 1.0 / 3.0)] {
        assert_close(value(&Ordinal, &[0.0, 0.0], TargetRow::Class(class)), -f64::ln(probability));
    }
    let predicted = AnyLoss::predict(&Ordinal, vec![0.0, 0.0], 2, 3);
    assert!(predicted.iter().zip([0.5, 1.0 / 6.0, 1.0 / 3.0]).all(|(p, q)| (p - q).abs() < 1e-12));
}

/// Heads of odd sizes, wider than the derivatives that one number carries.
#[test]
fn gradients_of_losses_of_distributions_equal_central_differences() {
    let counts = [3.0, 0.0, 41.0];
    let wide = [0.3, -1.2, 2.1, 0.4, -0.7, 1.9];
    let numbers = TargetRow::Doubles(&counts);
    check(&Gaussian, &[(&wide, numbers), (&wide[..2], numbers)]).unwrap();
    check(&NegativeBinomial, &[(&wide, numbers), (&wide[..2], numbers)]).unwrap();
    check(&Tweedie { power: 1.3 }, &[(&[0.3, 1.2, 2.1], numbers), (&[4.0], numbers)]).unwrap();
    check(&Quantile { levels: [0.05, 0.95] }, &[(&wide, numbers), (&wide[..2], numbers)]).unwrap();
    let levels = [0.01, 0.2, 0.5, 0.7, 0.9, 0.99];
    check(&Quantile { levels }, &[(&wide, numbers)]).unwrap();
    let classes: Vec<(&[f64], TargetRow<'_>)> =
        (0..7).map(|class| (&wide[..], TargetRow::Class(class))).collect();
    check(&Ordinal, &classes).unwrap();
}

#[test]
fn quantiles_ascend_and_probabilities_of_grades_sum_to_one() {
    let heads = [[0.3, -1.2, 2.1, -800.0, 40.0], [-50.0, 700.0, 0.0, 1.0, -3.0]];
    let quantile = Quantile { levels: [0.1, 0.2, 0.6, 0.7, 0.9] };
    assert_eq!(AnyLoss::point(&quantile), 2);
    for head in heads {
        let quantiles = AnyLoss::predict(&quantile, head.to_vec(), 5, 5);
        assert!(quantiles.windows(2).all(|pair| pair[0] <= pair[1]), "{quantiles:?}");
        assert_eq!(quantiles[2], head[2]);
        let grades = AnyLoss::predict(&Ordinal, head.to_vec(), 5, 6);
        assert!((grades.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{grades:?}");
        assert!(grades.iter().all(|p| (0.0..=1.0).contains(p)), "{grades:?}");
        for (class, probability) in grades.iter().enumerate() {
            let loss = value(&Ordinal, &head, TargetRow::Class(class));
            assert!(loss > 600.0 || ((-loss).exp() - probability).abs() < 1e-12, "{class} {loss}");
        }
    }
}

#[test]
fn wrong_levels_and_powers_are_mistakes() {
    let levels = |levels| AnyLoss::mistake(&Quantile { levels });
    assert_eq!(levels([0.1, 0.9]), None);
    assert_eq!(levels([0.9, 0.1]).unwrap(), "levels must ascend, but 0.1 comes after 0.9");
    assert!(levels([0.1, 1.0]).unwrap().contains("but one is 1"));
    assert!(levels([f64::NAN, 0.5]).is_some());
    assert!(AnyLoss::mistake(&Tweedie { power: 2.0 }).is_some());
}

#[test]
fn losses_of_distances_have_their_literal_values() {
    let (yes, no) = (TargetRow::Numbers(&[1.0]), TargetRow::Numbers(&[0.0]));
    let contrastive = Contrastive { margin: 2.0 };
    let of = |d: f64| [value(&contrastive, &[d], yes), value(&contrastive, &[d], no)];
    assert_eq!((of(1.5), of(3.0)), ([2.25, 0.25], [9.0, 0.0]));
    assert_eq!(AnyLoss::predict(&contrastive, vec![1.0], 1, 1), [0.5]);
    // torch.nn.TripletMarginLoss(margin=1.0) on distances of 2 and 1.5.
    let triplet = Triplet::default();
    assert_eq!(value(&triplet, &[2.0, 1.5], yes), 1.5);
    assert_eq!(value(&triplet, &[2.0, 1.5], no), 0.5);
    assert_eq!(value(&triplet, &[2.0, 9.0], yes), 0.0);
    assert_eq!(AnyLoss::predict(&triplet, vec![2.0, 2.0], 2, 1), [0.5]);
    let cases: [(&[f64], TargetRow<'_>); 2] = [(&[0.7], yes), (&[0.7], no)];
    check(&contrastive, &cases).unwrap();
    let cases: [(&[f64], TargetRow<'_>); 3] =
        [(&[0.7, 0.9], yes), (&[0.7, 0.9], no), (&[0.7, 9.0], yes)];
    check(&triplet, &cases).unwrap();
    for (loss, width) in [(&contrastive as &dyn AnyLoss, 1), (&triplet, 2)] {
        assert!(value(loss, &[f64::NAN, 1.0][..width], no).is_nan());
    }
}
