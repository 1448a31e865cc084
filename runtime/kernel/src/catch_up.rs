//! Deferred optimizer steps for rows of sparse tables, with a gradient of zero in each step.

use super::{
    element::simd_dispatch::{self, Loops},
    parallel::{self, cut},
    pending_steps::{PendingSteps, Steps},
    Element,
};

/// Cost of one explicit step of one weight, in multiplications.
const COST: usize = 8;
/// Rows per shard.
const ROWS_PER_SHARD: usize = 16;

/// Calls `catch_up` for every row with pending steps, with the steps, the row's weights and its
/// slots. `max_steps` is the maximum of steps that `catch_up` computes one by one; it serves to estimate
/// the work. Weights and slots have the shape `[rows, width]`. Without `SLOTS` slots of that shape
/// nothing happens.
pub fn each_row<E: Element, const SLOTS: usize>(
    pending: &PendingSteps<'_>,
    max_steps: usize,
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
    let steps: usize = (0..rows).map(|row| pending.of(row).len().min(max_steps)).sum();
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

/// A shard of rows; as an iterator, the shards of [`ROWS_PER_SHARD`] rows.
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

/// Adam's steps on weights whose gradient is zero: w -= decay w; m *= beta_1; v *= beta_2; w -=
/// rate m / (sqrt(v) + epsilon).
#[derive(Clone, Copy)]
pub struct MomentumSteps<'a> {
    /// The pending steps.
    pub steps: Steps<'a>,
    /// Maximum of steps that are computed one by one.
    pub max_steps: usize,
    /// beta_1, the decay rate of `m`.
    pub beta_1: f64,
    /// beta_2, the decay rate of `v`.
    pub beta_2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
}

impl MomentumSteps<'_> {
    /// Updates the weights. `m` and `v` are not changed.
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

/// Number of weights per register block, and number of steps between two checks for convergence.
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

/// The steps of one register block. The decay of `m` and `v` since the first step is computed from
/// the settings alone, so only the weights depend on the previous step.
#[inline(always)]
fn lanes<E: Element>(
    momentum: &MomentumSteps<'_>,
    w: &mut [E; LANES],
    m: &[E; LANES],
    root: &[E; LANES],
) {
    let sizes = momentum.steps.sizes();
    let sizes = &sizes[..sizes.len().min(momentum.max_steps)];
    let (epsilon, root_beta_2) = (E::of(momentum.epsilon), momentum.beta_2.sqrt());
    let (mut m_scale, mut root_scale_f64, mut taken) = (1.0, 1.0, 0);
    for sizes in sizes.chunks(CHECK_INTERVAL) {
        for size in sizes {
            m_scale *= momentum.beta_1;
            root_scale_f64 *= root_beta_2;
            let (decay, scaled_rate, root_scale) =
                (E::of(size.decay), E::of(size.rate * m_scale), E::of(root_scale_f64));
            for k in 0..LANES {
                let weight = w[k] - w[k] * decay;
                w[k] = weight - m[k] * scaled_rate / (root[k] * root_scale + epsilon);
            }
        }
        taken += sizes.len();
        // The steps shrink: once a step with the run's largest rate changes no weight, no later
        // step does.
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
