//! Many steps at once for rows whose gradient is zero in all of them.

use super::{
    element::simd_dispatch::{self, Loops},
    parallel::{self, cut},
    pending_steps::{PendingSteps, Steps},
    Element,
};

/// What one step of one weight costs, in multiplications, where it is taken one by one.
const COST: usize = 8;
/// How many rows a core takes at a time.
const ROWS_PER_SHARD: usize = 16;

/// Runs `catch_up` for every row that owes something: on the steps, the row's weights and what is
/// remembered of them. `most` is how many steps of a row are taken one by one at most.
pub fn each_row<E: Element, const SLOTS: usize>(
    pending: &PendingSteps<'_>,
    most: usize,
    weights: &mut [E],
    slots: &mut [Vec<E>],
    catch_up: impl Fn(Steps<'_>, &mut [E], [&mut [E]; SLOTS]) + Sync,
) {
    let Ok(slots): Result<&mut [Vec<E>; SLOTS], _> = slots.try_into() else { return };
    let rows = pending.rows();
    if rows == 0 {
        return;
    }
    let width = weights.len() / rows;
    if width == 0 || slots.iter().any(|slot| slot.len() != weights.len()) {
        return;
    }
    let steps: usize = (0..rows).map(|row| pending.of(row).len().min(most)).sum();
    let slots = slots.each_mut().map(Vec::as_mut_slice);
    let shards = Shards { first: 0, width, weights, slots };
    parallel::for_each(steps * width * COST, shards, |shard| {
        let Shards { first, weights, mut slots, .. } = shard;
        for (row, weights) in weights.chunks_exact_mut(width).enumerate() {
            let steps = pending.of(first + row);
            let own = slots.each_mut().map(|slot| cut(slot, width));
            if !steps.is_empty() {
                catch_up(steps, weights, own);
            }
        }
    });
}

/// Some rows; as an iterator, [`TOGETHER`] of them at a time.
struct Shards<'a, E, const SLOTS: usize> {
    first: usize,
    width: usize,
    weights: &'a mut [E],
    slots: [&'a mut [E]; SLOTS],
}

impl<'a, E, const SLOTS: usize> Iterator for Shards<'a, E, SLOTS> {
    type Item = Shards<'a, E, SLOTS>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.weights.is_empty() {
            return None;
        }
        let (first, width) = (self.first, self.width);
        let len = self.weights.len().min(ROWS_PER_SHARD * width);
        self.first += ROWS_PER_SHARD;
        let slots = self.slots.each_mut().map(|slot| cut(slot, len));
        Some(Shards { first, width, weights: cut(&mut self.weights, len), slots })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.weights.len().div_ceil(ROWS_PER_SHARD * self.width);
        (left, Some(left))
    }
}

/// What momentum does to weights whose gradient is zero: step for step
/// w -= decay w; m *= keep_m; v *= keep_v; w -= rate m / (sqrt(v) + epsilon).
#[derive(Clone, Copy)]
pub struct MomentumSteps<'a> {
    /// The steps that are taken.
    pub steps: Steps<'a>,
    /// The most steps that are taken one by one.
    pub most: usize,
    /// What a step leaves of `m`.
    pub keep_m: f64,
    /// What a step leaves of `v`.
    pub keep_v: f64,
    /// What keeps the quotient finite.
    pub epsilon: f64,
}

impl MomentumSteps<'_> {
    /// Moves the weights. `m` and `v` stay as they are.
    pub fn run<E: Element>(self, weights: &mut [E], m: &[E], v: &[E]) {
        simd_dispatch::run(Row { momentum: self, weights, m, v });
    }
}

struct Row<'a, E> {
    momentum: MomentumSteps<'a>,
    weights: &'a mut [E],
    m: &'a [E],
    v: &'a [E],
}

/// How many weights go together, in registers, and how many steps between two looks whether they
/// still move.
const LANES: usize = 16;
const CHECK_INTERVAL: usize = 16;

impl<E: Element> Loops for Row<'_, E> {
    #[inline(always)]
    fn run(self) {
        let Row { momentum, weights, m, v } = self;
        let chunks = weights.chunks_mut(LANES).zip(m.chunks(LANES)).zip(v.chunks(LANES));
        for ((weights, m), v) in chunks {
            let (mut w, mut lane_m, mut root) =
                ([E::zero(); LANES], [E::zero(); LANES], [E::zero(); LANES]);
            w[..weights.len()].copy_from_slice(weights);
            lane_m[..m.len()].copy_from_slice(m);
            root[..v.len()].copy_from_slice(v);
            root.iter_mut().for_each(|root| *root = root.sqrt());
            lanes(&momentum, &mut w, &lane_m, &root);
            weights.copy_from_slice(&w[..weights.len()]);
        }
    }
}

/// The steps of the weights in a register. A step takes a share of what the first one took that the
/// settings alone give, so that nothing but the weights depends on the step before.
#[inline(always)]
fn lanes<E: Element>(
    momentum: &MomentumSteps<'_>,
    w: &mut [E; LANES],
    m: &[E; LANES],
    root: &[E; LANES],
) {
    let sizes = momentum.steps.sizes();
    let sizes = &sizes[..sizes.len().min(momentum.most)];
    let (epsilon, root_beta_2) = (E::of(momentum.epsilon), momentum.keep_v.sqrt());
    let (mut m_scale, mut root_scale_f64, mut taken) = (1.0, 1.0, 0);
    for sizes in sizes.chunks(CHECK_INTERVAL) {
        for size in sizes {
            m_scale *= momentum.keep_m;
            root_scale_f64 *= root_beta_2;
            let (decay, scaled_rate, root_scale) =
                (E::of(size.decay), E::of(size.rate * m_scale), E::of(root_scale_f64));
            for k in 0..LANES {
                let weight = w[k] - w[k] * decay;
                w[k] = weight - m[k] * scaled_rate / (root[k] * root_scale + epsilon);
            }
        }
        taken += sizes.len();
        // Steps become smaller and smaller: once the largest rate of the run moves no weight any
        // more, no later step does.
        let (scaled_rate, root_scale) =
            (E::of(momentum.steps.largest_rate() * m_scale), E::of(root_scale_f64));
        let mut moving = false;
        for k in 0..LANES {
            moving |= w[k] - m[k] * scaled_rate / (root[k] * root_scale + epsilon) != w[k];
        }
        if !moving {
            break;
        }
    }
    let left = momentum.steps.left_after(taken);
    if left != 1.0 {
        w.iter_mut().for_each(|weight| *weight *= E::of(left));
    }
}
