//! Losses of distributions and grades are what scikit-learn, scipy and statsmodels say.

use crate::support::fixture::Comparison;
use multi_input::loss::{
    self, AnyLoss, Gaussian, NegativeBinomial, Ordinal, Quantile, TargetRow, Tweedie,
};

#[test]
fn every_loss_of_a_distribution_has_the_value_of_its_reference() {
    let mut losses = Comparison::with("distributions", 1e-12);
    let levels = [0.05, 0.25, 0.5, 0.75, 0.95];
    compare(&mut losses, "quantile", &Quantile { levels }, false);
    compare(&mut losses, "gaussian", &Gaussian, false);
    compare(&mut losses, "negative_binomial", &NegativeBinomial, false);
    for power in [1.2, 1.5, 1.9] {
        compare(&mut losses, &format!("tweedie_{power}"), &Tweedie { power }, false);
    }
    compare(&mut losses, "ordinal", &Ordinal, true);
    let heads = losses.fixture().f64s("ordinal.head");
    let probabilities = AnyLoss::predict(&Ordinal, heads, 4, 5);
    losses.same("ordinal.probabilities", &probabilities);
    losses.finish(&["ordered"]);
}

/// Compares the loss of each row; its gradient with differences.
fn compare(losses: &mut Comparison, name: &str, loss: &dyn AnyLoss, is_class: bool) {
    let (head, target) = (format!("{name}.head"), format!("{name}.target"));
    let (heads, targets) = (losses.fixture().f64s(&head), losses.fixture().f64s(&target));
    let width = losses.fixture().shape(&head)[1];
    let rows: Vec<(&[f64], TargetRow<'_>)> = heads
        .chunks_exact(width)
        .zip(targets.chunks_exact(1))
        .map(|(head, target)| match is_class {
            true => (head, TargetRow::Class(target[0] as usize)),
            false => (head, TargetRow::Doubles(target)),
        })
        .collect();
    let values: Vec<f64> = rows
        .iter()
        .map(|(head, target)| loss.sample(head, *target, &mut vec![0.0; width]))
        .collect();
    losses.same(&format!("{name}.loss"), &values);
    loss::check(loss, &rows).unwrap();
}
