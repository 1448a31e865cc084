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
        value(&BinaryCrossEntropy, &[1.0, 2.0], flags),
        (0.313_261_687_518_222_8 + 2.126_928_011_042_972_5) / 2.0,
    );
    assert_close(value(&CrossEntropy, &[0.0, 0.0, 0.0], TargetRow::Class(1)), 3.0f64.ln());
}

#[test]
fn losses_from_logits_do_not_overflow() {
    assert_close(value(&BinaryCrossEntropy, &[1000.0], TargetRow::Numbers(&[0.0])), 1000.0);
    assert_close(value(&BinaryCrossEntropy, &[-1000.0], TargetRow::Numbers(&[0.0])), 0.0);
    assert_close(value(&CrossEntropy, &[1000.0, 0.0], TargetRow::Class(1)), 1000.0);
    assert!(value(&CrossEntropy, &[f64::NAN, 0.0], TargetRow::Class(1)).is_nan());
}

#[test]
fn gradients_equal_central_differences() {
    let losses: [&dyn Loss; 5] =
        [&Mse, &Mae, &Huber { delta: 0.7 }, &BinaryCrossEntropy, &CrossEntropy];
    let head = [0.3, -1.2, 2.1];
    for loss in losses {
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
