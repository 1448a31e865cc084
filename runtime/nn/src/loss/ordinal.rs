//! The loss of ordered classes: a cumulative link model.

use multi_input_spec::LossForm;

use super::{LossFormula, Real, TargetRow};

/// -ln(s(c_t) - s(c_(t-1))) of a row of class t, with s the sigmoid, c_(-1) = -infinity and
/// c_(N-1) = infinity: s(c_k) is the probability of a class of at most k, so that neighbouring
/// classes share their evidence (McCullagh 1980). The head has N - 1 numbers h for N classes:
/// c_0 = h_0 and c_k = c_(k-1) + softplus(h_k), which ascend by construction.
///
/// After the layer `Thresholds(N - 1)` on a single number this is the proportional odds model,
/// `statsmodels.miscmodels.ordinal_model.OrderedModel(distr="logit")`; after `Dense(N - 1)` the
/// distances between the classes depend on the row as well.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "OrderedModel")]
#[doc(alias = "Thresholds")]
#[doc(alias = "CoralLoss")]
#[doc(alias = "cumulative_link")]
#[doc(alias = "ordinal_cross_entropy")]
pub struct Ordinal;

impl LossFormula for Ordinal {
    const FORM: LossForm = LossForm::of("ordinal");

    /// The difference of the sigmoids of a < b is s(b) s(-a) s(h) for b - a = softplus(h).
    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        let TargetRow::Class(class) = target else { return N::from(f64::NAN) };
        let mut cumulated = N::from(0.0);
        let mut loss = N::from(0.0);
        for (index, &number) in head.iter().enumerate().take(class + 1) {
            if index == class && index > 0 {
                loss = cumulated.softplus() + (-number).softplus();
            }
            cumulated = if index == 0 { number } else { cumulated + number.softplus() };
        }
        match class < head.len() {
            true => loss + (-cumulated).softplus(),
            false => cumulated.softplus(),
        }
    }
}

/// The probability of each class, from the numbers of a cumulative head.
pub(super) fn probabilities(head: &[f64], prediction: &mut [f64]) {
    let (mut cumulated, mut below) = (0.0, 0.0);
    for (index, (&number, probability)) in head.iter().zip(&mut *prediction).enumerate() {
        let before = cumulated;
        cumulated = if index == 0 { number } else { cumulated + number.softplus() };
        *probability = match index {
            0 => Real::sigmoid(cumulated),
            _ => Real::sigmoid(cumulated) * Real::sigmoid(-before) * Real::sigmoid(number),
        };
        below += *probability;
    }
    if let [.., last] = prediction {
        // The complement of the others, without their rounding where it is small.
        *last = if below < 0.5 { 1.0 - below } else { Real::sigmoid(-cumulated) };
    }
}
