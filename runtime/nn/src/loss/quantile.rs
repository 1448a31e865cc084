//! The quantile loss: several quantiles of a number, which do not cross.

use multi_input_spec::{HeadForm, LossForm, Part};

use super::{LossFormula, Real, TargetRow};

/// The mean over the elements and the levels l of max(l e, (l - 1) e), the pinball loss, with
/// e = t - q of the target t and the predicted quantile q. Its minimum is the value below which the
/// target lies with probability l.
/// `sklearn.metrics.mean_pinball_loss(alpha=l)`, the mean over the levels.
///
/// The head has a number h for each level. The quantile m whose level is the closest to 0.5 is its
/// own number; quantiles above it are q_k = q_(k-1) + softplus(h_k), those below it
/// q_k = q_(k+1) - softplus(h_k). So quantiles of higher levels are never below those of lower ones.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "mean_pinball_loss")]
#[doc(alias = "pinball")]
pub struct Quantile<const LEVELS: usize> {
    /// The levels, above 0 and below 1, in ascending order.
    pub levels: [f64; LEVELS],
}

impl<const LEVELS: usize> Quantile<LEVELS> {
    /// The index of the level that is the closest to 0.5, the first of several.
    fn middle(&self) -> usize {
        let distance = |index: &usize| (self.levels[*index] - 0.5).abs();
        (0..LEVELS).reduce(|a, b| if distance(&b) < distance(&a) { b } else { a }).unwrap_or(0)
    }

    /// The quantiles of one number of the target.
    fn quantiles<N: Real>(&self, head: &[N]) -> [N; LEVELS] {
        let middle = self.middle();
        let mut quantiles = [N::from(f64::NAN); LEVELS];
        if head.len() < LEVELS || LEVELS == 0 {
            return quantiles;
        }
        quantiles[middle] = head[middle];
        for index in middle + 1..LEVELS {
            quantiles[index] = quantiles[index - 1] + head[index].softplus();
        }
        for index in (0..middle).rev() {
            quantiles[index] = quantiles[index + 1] - head[index].softplus();
        }
        quantiles
    }
}

impl<const LEVELS: usize> LossFormula for Quantile<LEVELS> {
    const FORM: LossForm =
        LossForm { head: HeadForm::Parts(&[Part::Value; LEVELS]), ..LossForm::of("quantile") };

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        let elements = head.chunks_exact(LEVELS.max(1)).enumerate().map(|(index, head)| {
            let quantiles = self.quantiles(head).into_iter().zip(self.levels);
            let pinball = quantiles.map(|(quantile, level)| {
                let error = -quantile + target.at(index);
                (error * level).greater(error * (level - 1.0))
            });
            pinball.sum::<N>()
        });
        elements.sum::<N>() / head.len().max(1) as f64
    }

    fn mistake(&self) -> Option<String> {
        let inside = self.levels.iter().find(|level| !(**level > 0.0 && **level < 1.0));
        if let Some(level) = inside {
            return Some(format!("a level must be above 0 and below 1, but one is {level}"));
        }
        let descending = self.levels.windows(2).find(|pair| pair[0] >= pair[1])?;
        let [lower, upper] = [descending[0], descending[1]];
        Some(format!("levels must ascend, but {upper} comes after {lower}"))
    }

    fn predict(&self, head: &[f64], prediction: &mut [f64]) {
        let (heads, predictions) =
            (head.chunks_exact(LEVELS.max(1)), prediction.chunks_exact_mut(LEVELS.max(1)));
        for (head, prediction) in heads.zip(predictions) {
            prediction.copy_from_slice(&self.quantiles(head));
        }
    }

    fn point(&self) -> usize {
        self.middle()
    }

    fn identity(&self) -> String {
        format!("{:?}", self.levels)
    }
}
