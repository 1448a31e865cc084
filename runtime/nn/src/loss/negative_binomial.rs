//! The negative log-likelihood of a negative binomial distribution, for counts.

use multi_input_spec::LossForm;

use super::{LossFormula, Real, TargetRow};

/// The mean over the elements of minus the log-probability of the count t under a negative binomial
/// distribution with the mean m and the dispersion a, whose variance is m + a m^2: counts that vary
/// more than those of a Poisson distribution. With the size n = 1 / a it is
/// ln_gamma(n) + ln_gamma(t + 1) - ln_gamma(t + n) + n ln(1 + a m) + t ln(1 + 1 / (a m)).
/// The head has two numbers for each number of the target: m = softplus(h_1) + 1e-6 and
/// a = softplus(h_2) + 1e-6.
/// `statsmodels.discrete.discrete_model.NegativeBinomial` (nb2), `torch.distributions.NegativeBinomial`,
/// GluonTS's `NegativeBinomialOutput`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "nb")]
#[doc(alias = "nbinom")]
#[doc(alias = "negbin")]
pub struct NegativeBinomial;

/// The least mean and dispersion.
const LEAST: f64 = 1e-6;

impl LossFormula for NegativeBinomial {
    const FORM: LossForm = LossForm::of("negative_binomial");

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        let elements = head.chunks_exact(2).enumerate().map(|(index, head)| {
            let (mean, dispersion) = (head[0].softplus() + LEAST, head[1].softplus() + LEAST);
            let (count, size) = (target.at(index), N::from(1.0) / dispersion);
            let spread = dispersion * mean;
            let permutations =
                size.ln_gamma() + super::gamma::ln_gamma(count + 1.0) - (size + count).ln_gamma();
            permutations + size * (spread + 1.0).ln() - (spread / (spread + 1.0)).ln() * count
        });
        elements.sum::<N>() / (head.len() / 2).max(1) as f64
    }

    fn target_range(&self) -> Option<(f32, f32)> {
        Some((0.0, f32::INFINITY))
    }

    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        for (head, prediction) in head.iter().zip(prediction) {
            *prediction = head.softplus() + LEAST;
        }
    }
}
