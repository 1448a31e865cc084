//! Means and variances of features over the rows of all shards of a batch.

use std::{cell::Cell, rc::Rc};

use super::statistics::{Features, RowSubset};
use crate::{operation::*, shards, tensor::Element};

/// The mean of every feature over the counted rows of all shards, or the variance where the means
/// are the second input. The sums are in `f64`. All shards take part, also those without a counted
/// row.
#[derive(Clone)]
pub(super) struct MomentOfShards {
    features: Features,
    /// The rows of this shard that are averaged over.
    counted: RowSubset,
    /// The number of values of a feature in all shards, once the mean is known. It is not an
    /// element of the output, because a dtype has only some of the whole numbers.
    count: Rc<Cell<f64>>,
}

compiled!(MomentOfShards);

impl MomentOfShards {
    pub(super) fn new(features: Features, counted: RowSubset) -> MomentOfShards {
        MomentOfShards { features, counted, count: Rc::default() }
    }

    /// The number of values of a feature in all shards, once the mean is known.
    pub(super) fn count(&self) -> f64 {
        self.count.get()
    }

    /// The sums of `term` of the feature's index and a value, over the counted rows of this shard.
    fn sums<E: Element>(&self, x: &[E], term: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.features.count];
        for row in self.counted.of(x, self.features) {
            for (feature, (sum, x)) in sums.iter_mut().zip(self.features.of(row)).enumerate() {
                x.iter().for_each(|x| *sum += term(feature, x.as_f64()));
            }
        }
        sums
    }
}

impl Operation for MomentOfShards {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let x = &pass.inputs[0];
        let sums = match pass.inputs.get(1) {
            None => {
                let mut sums = self.sums(x, |_, x| x);
                sums.push((self.counted.len() * self.features.each) as f64);
                shards::sum(&mut sums)?;
                self.count.set(sums.pop().unwrap_or_default());
                sums
            }
            Some(means) => {
                let mut sums = self.sums(x, |feature, x| (x - means[feature].as_f64()).powi(2));
                shards::sum(&mut sums)?;
                sums
            }
        };
        let count = self.count().max(1.0);
        pass.output.iter_mut().zip(sums).for_each(|(y, sum)| *y = E::of(sum / count));
        Ok(())
    }

    /// No gradient flows through the statistics here: [`Normalise`](super::statistics::Normalise)
    /// computes their part as well.
    fn backward<E: Element>(
        &self,
        (): (),
        _: BackwardPass<'_, E>,
        _: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        Ok(())
    }
}
