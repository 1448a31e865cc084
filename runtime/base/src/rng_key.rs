//! Which random numbers a layer draws.

use crate::seed::{mix, GOLDEN};

/// Names one draw of random numbers: the same draw gives the same numbers, on every machine and
/// with any number of threads, and no state is kept anywhere.
///
/// The number for an element is a hash of the seed, the layer, the step, the call within the step and
/// the element's position: SplitMix64 started at a mixture of the four and jumped to the position.
/// Resuming a training run therefore takes no more than the number of the step.
///
/// ```
/// use multi_input_base::RngKey;
///
/// let draw = RngKey { seed: 7, layer: 0, step: 3, call: 0 };
/// let numbers = draw.numbers();
/// assert_eq!(numbers(5), draw.numbers()(5));
/// assert_ne!(numbers(5), draw.layer(1).numbers()(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RngKey {
    /// What the user chose.
    pub seed: u64,
    /// Which of a model's layers draws.
    pub layer: u64,
    /// How many steps were trained before.
    pub step: u64,
    /// How often the layer has drawn in this step: the layers of a shared branch draw once for each
    /// node that uses the branch. A number of its own, because added to the step it would repeat
    /// what the next step draws.
    pub call: u64,
}

impl RngKey {
    /// The same draw for the layer of the given index.
    #[must_use]
    pub const fn layer(self, index: u64) -> RngKey {
        RngKey { layer: index, ..self }
    }

    /// This draw; the layer's next one in the same step is another.
    pub fn advance(&mut self) -> RngKey {
        let drawn = *self;
        self.call = drawn.call.wrapping_add(1);
        drawn
    }

    /// The uniformly distributed 64 bits for each position.
    pub fn numbers(self) -> impl Fn(u64) -> u64 {
        // Mixing between the parts keeps (layer 1, step 0) and (layer 0, step 1) apart. The first call
        // adds no part.
        let further = (self.call > 0).then_some(self.call);
        let start = [self.seed, self.layer, self.step]
            .into_iter()
            .chain(further)
            .fold(0, |start: u64, part| mix(start.wrapping_add(GOLDEN) ^ mix(part)));
        move |position| mix(start.wrapping_add(position.wrapping_add(1).wrapping_mul(GOLDEN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_of_a_run_give_the_same_numbers() {
        let (layers, calls, steps) = (24, 6, 150);
        let mut first = std::collections::BTreeSet::new();
        for seed in [0, 1] {
            for (layer, call) in (0..layers).flat_map(|layer| (0..calls).map(move |c| (layer, c))) {
                let keys = (0..steps).map(|step| RngKey { seed, layer, step, call });
                first.extend(keys.map(|key| key.numbers()(0)));
            }
        }
        assert_eq!(first.len() as u64, 2 * layers * calls * steps);
    }

    /// The masks of runs that were begun by earlier versions.
    #[test]
    fn the_first_call_of_a_step_has_its_literal_numbers() {
        let numbers = RngKey { seed: 7, layer: 2, step: 3, call: 0 }.numbers();
        assert_eq!([0, 1].map(numbers), [0xe818_e003_ae4c_ed20, 0xa47a_3041_8d0b_0741]);
    }

    #[test]
    fn a_layer_draws_anew_with_every_call() {
        let mut key = RngKey { seed: 3, layer: 1, step: 8, call: 0 };
        assert_eq!(key.advance(), RngKey { seed: 3, layer: 1, step: 8, call: 0 });
        assert_eq!(key.advance(), RngKey { seed: 3, layer: 1, step: 8, call: 1 });
        assert_eq!(key.layer(2), RngKey { seed: 3, layer: 2, step: 8, call: 2 });
    }

    #[test]
    fn numbers_are_spread_evenly() {
        let numbers = RngKey { seed: 3, layer: 2, step: 1, call: 0 }.numbers();
        let mut counts = [0usize; 16];
        (0..16_000).for_each(|position| counts[(numbers(position) >> 60) as usize] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
