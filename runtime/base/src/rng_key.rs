//! Keys of counter-based random numbers.

use crate::seed::{mix, GOLDEN};

/// The key of a block of random numbers. The numbers are a pure function of the key: they are the
/// same on every machine and with any number of threads, and there is no generator state. JAX:
/// `jax.random` keys.
///
/// The number at a position is SplitMix64, started at a hash of seed, layer, step and call, and
/// advanced to the position. A resumed training run therefore needs only the step counter.
///
/// ```
/// use multi_input_base::RngKey;
///
/// let key = RngKey { seed: 7, layer: 0, step: 3, call: 0 };
/// let numbers = key.numbers();
/// assert_eq!(numbers(5), key.numbers()(5));
/// assert_ne!(numbers(5), key.layer(1).numbers()(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RngKey {
    /// The seed of the run.
    pub seed: u64,
    /// Index of the layer in the model.
    pub layer: u64,
    /// Number of training steps before this one.
    pub step: u64,
    /// Number of earlier keys of this layer in this step. A shared branch runs its layers once for
    /// each node that uses it. The call is hashed separately: added to the step, it would repeat
    /// the numbers of the next step.
    pub call: u64,
}

impl RngKey {
    /// The key with another layer index.
    #[must_use]
    pub const fn layer(self, index: u64) -> RngKey {
        RngKey { layer: index, ..self }
    }

    /// Returns this key and increments `call`, so that the layer's next key in this step differs.
    pub fn advance(&mut self) -> RngKey {
        let key = *self;
        self.call = key.call.wrapping_add(1);
        key
    }

    /// A function from a position to 64 uniformly distributed bits.
    pub fn numbers(self) -> impl Fn(u64) -> u64 {
        // Hashing each part separately distinguishes (layer 1, step 0) from (layer 0, step 1). A
        // call of 0 adds no part, so that keys of single-call layers keep their values.
        let call = (self.call > 0).then_some(self.call);
        let start = [self.seed, self.layer, self.step]
            .into_iter()
            .chain(call)
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

    /// Dropout masks of checkpoints written by earlier versions depend on these values.
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
