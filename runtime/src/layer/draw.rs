//! Which random numbers a layer draws.

use crate::tensor::Element;

/// Names one draw of random numbers: the same draw gives the same numbers, on every machine and
/// with any number of threads, and no state is kept anywhere.
///
/// The number for an element is a hash of the seed, the layer, the step and the element's position:
/// SplitMix64 started at a mixture of the three and jumped to the position. Resuming a training run
/// therefore takes no more than the number of the step.
///
/// ```
/// use multi_input::layer::Draw;
///
/// let draw = Draw { seed: 7, layer: 0, step: 3 };
/// let numbers = draw.numbers();
/// assert_eq!(numbers(5), draw.numbers()(5));
/// assert_ne!(numbers(5), draw.layer(1).numbers()(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// What the user chose.
    pub seed: u64,
    /// Which of a model's layers draws.
    pub layer: u64,
    /// How many steps were trained before.
    pub step: u64,
}

/// The odd number nearest to 2^64 / golden ratio: multiples of it spread evenly over all numbers.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draw {
    /// The same draw for the layer of the given index.
    #[must_use]
    pub const fn layer(self, index: u64) -> Draw {
        Draw { layer: index, ..self }
    }

    /// The uniformly distributed 64 bits for each position.
    pub fn numbers(self) -> impl Fn(u64) -> u64 {
        // Mixing between the three keeps (layer 1, step 0) and (layer 0, step 1) apart.
        let start = [self.seed, self.layer, self.step]
            .into_iter()
            .fold(0, |start: u64, part| mix(start.wrapping_add(GOLDEN) ^ mix(part)));
        move |position| mix(start.wrapping_add(position.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// What the element at each position is multiplied by where the share `rate` is left out: nothing
    /// where it is left out itself.
    pub(super) fn kept<E: Element>(self, rate: f64) -> impl Fn(usize) -> Option<E> {
        // Numbers below this share of all 64-bit numbers are the ones left out.
        let limit = (rate * 2f64.powi(64)) as u64;
        let scale = E::of(1.0 / (1.0 - rate));
        let numbers = self.numbers();
        move |position| (numbers(position as u64) >= limit).then_some(scale)
    }
}

/// The finaliser of SplitMix64: every bit of the input changes half of the output's.
const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_that_differ_in_one_part_give_other_numbers() {
        let draws = [
            Draw { seed: 0, layer: 0, step: 0 },
            Draw { seed: 1, layer: 0, step: 0 },
            Draw { seed: 0, layer: 1, step: 0 },
            Draw { seed: 0, layer: 0, step: 1 },
            Draw { seed: 1, layer: 1, step: 0 },
        ];
        let first: std::collections::BTreeSet<u64> = draws.iter().map(|d| d.numbers()(0)).collect();
        assert_eq!(first.len(), draws.len());
    }

    #[test]
    fn numbers_are_spread_evenly() {
        let numbers = Draw { seed: 3, layer: 2, step: 1 }.numbers();
        let mut counts = [0usize; 16];
        (0..16_000).for_each(|position| counts[(numbers(position) >> 60) as usize] += 1);
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
