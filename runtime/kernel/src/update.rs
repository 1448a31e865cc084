//! An optimizer's step over the weights and slots of a tensor, in one pass.

use super::{
    element::simd_dispatch::{self, Loops},
    parallel::{self, cut},
    Element,
};

/// The update rule of an optimizer for one weight, with `SLOTS` slots (such as Adam's m and v).
pub trait Rule<E, const SLOTS: usize>: Copy + Sync {
    /// Returns the new weight and slots. Implementations must be `#[inline(always)]`.
    fn step(self, weight: E, gradient: E, slots: [E; SLOTS]) -> (E, [E; SLOTS]);
}

/// Weights per shard, and cost of a weight in multiplications.
const SHARD_LEN: usize = 1 << 14;
const COST: usize = 8;

/// Applies `rule` to every weight, in parallel. Without exactly `SLOTS` slots nothing happens.
pub fn update<E: Element, const SLOTS: usize>(
    rule: impl Rule<E, SLOTS>,
    weights: &mut [E],
    gradient: &[E],
    slots: &mut [Vec<E>],
) {
    let Ok(slots): Result<&mut [Vec<E>; SLOTS], _> = slots.try_into() else { return };
    let work = weights.len() * COST;
    let slots = slots.each_mut().map(Vec::as_mut_slice);
    parallel::for_each(work, Shards { weights, gradient, slots }, |shard| {
        simd_dispatch::run(Step { rule, shard });
    });
}

/// A shard of weights; as an iterator, the shards of [`SHARD_LEN`] weights.
struct Shards<'a, E, const SLOTS: usize> {
    weights: &'a mut [E],
    gradient: &'a [E],
    slots: [&'a mut [E]; SLOTS],
}

impl<'a, E, const SLOTS: usize> Iterator for Shards<'a, E, SLOTS> {
    type Item = Shards<'a, E, SLOTS>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.weights.is_empty() {
            return None;
        }
        let (gradient, rest) = self.gradient.split_at(self.gradient.len().min(SHARD_LEN));
        self.gradient = rest;
        let weights = take(&mut self.weights);
        Some(Shards { weights, gradient, slots: self.slots.each_mut().map(take) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.weights.len().div_ceil(SHARD_LEN);
        (left, Some(left))
    }
}

/// Splits off the next shard.
fn take<'a, E>(numbers: &mut &'a mut [E]) -> &'a mut [E] {
    let len = numbers.len().min(SHARD_LEN);
    cut(numbers, len)
}

/// The step of a shard.
struct Step<'a, E, R, const SLOTS: usize> {
    rule: R,
    shard: Shards<'a, E, SLOTS>,
}

impl<E: Element, R: Rule<E, SLOTS>, const SLOTS: usize> Loops for Step<'_, E, R, SLOTS> {
    #[inline(always)]
    #[allow(clippy::needless_range_loop)] // With iterators the loop is not vectorized.
    fn run(self) {
        let Shards { weights, gradient, slots } = self.shard;
        let len = slots.iter().fold(weights.len().min(gradient.len()), |len, s| len.min(s.len()));
        let (weights, gradient) = (&mut weights[..len], &gradient[..len]);
        let slots = slots.map(|slot| &mut slot[..len]);
        for k in 0..len {
            let mut old = [E::zero(); SLOTS];
            for slot in 0..SLOTS {
                old[slot] = slots[slot][k];
            }
            let (weight, new) = self.rule.step(weights[k], gradient[k], old);
            weights[k] = weight;
            for slot in 0..SLOTS {
                slots[slot][k] = new[slot];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd_dispatch::portable;

    #[derive(Clone, Copy)]
    struct Sum(f64);

    impl Rule<f64, 2> for Sum {
        #[inline(always)]
        fn step(self, weight: f64, gradient: f64, [a, b]: [f64; 2]) -> (f64, [f64; 2]) {
            let a = a + gradient;
            let b = b + a * self.0;
            (weight - b, [a, b])
        }
    }

    #[test]
    fn every_weight_takes_its_step_once() {
        for len in [0, 1, SHARD_LEN, 3 * SHARD_LEN + 5] {
            let gradient: Vec<f64> = (0..len).map(|k| k as f64).collect();
            let run = || {
                let (mut weights, mut slots) =
                    (vec![1.0; len], vec![vec![2.0; len], vec![3.0; len]]);
                update(Sum(0.5), &mut weights, &gradient, &mut slots);
                (weights, slots)
            };
            let found = run();
            for k in 0..len {
                let a = 2.0 + k as f64;
                assert_eq!((found.1[0][k], found.1[1][k]), (a, 3.0 + a * 0.5));
                assert_eq!(found.0[k], 1.0 - (3.0 + a * 0.5));
            }
            assert_eq!(portable(run), found);
        }
    }
}
