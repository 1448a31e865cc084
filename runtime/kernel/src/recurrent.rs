//! Loops of recurrent layers: a cell over all steps, and backpropagation through time.
//!
//! All arrays are step-major, `[steps, batch, width]`, so that a step is contiguous and the
//! gradients of the weights are one product over all steps. The products of the inputs are computed
//! before a cell starts; a step adds the recurrent product.

use super::{
    element::simd_dispatch::simd_fn,
    gemv::Gemv,
    matmul::{multiply, Add, Matrix},
    Element,
};

/// Samples per shard: enough for efficient products per step, and few enough for several cores.
pub const SAMPLES: usize = 16;

/// The sizes of a recurrent layer's input and state.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Number of samples.
    pub batch: usize,
    /// Number of steps of each sample.
    pub steps: usize,
    /// Number of elements of a state.
    pub units: usize,
}

impl Frame {
    /// Splits the batch into shards.
    pub fn shards(self) -> impl Iterator<Item = Frame> + Clone {
        (0..self.batch)
            .step_by(SAMPLES)
            .map(move |first| Frame { batch: SAMPLES.min(self.batch - first), ..self })
    }

    /// Number of rows: `steps * batch`.
    pub fn rows(self) -> usize {
        self.steps * self.batch
    }

    /// The range of one step in an array `[steps, batch, width]`.
    pub fn step(self, step: usize, width: usize) -> std::ops::Range<usize> {
        let len = self.batch * width;
        step * len..(step + 1) * len
    }
}

/// The values of a forward pass that the backward pass needs.
pub struct Trace<'a, E> {
    /// `[steps, batch, gates * units]`: before the cell runs the products of the inputs, after the
    /// forward pass the gates, after the backward pass the gradients of the pre-activations.
    pub gates: &'a mut [E],
    /// `[1 + steps, batch, units]`: the initial state (zeros), then the state after each step.
    pub states: &'a mut [E],
    /// `[1 + steps, batch, saved * units]`: zeros, then the other values that the cell saves of each
    /// step.
    pub saved: &'a mut [E],
    /// `[steps, batch]`: masked steps, at which a sample carries its state over. Empty without a
    /// mask.
    pub skipped: &'a [bool],
}

impl<E: Element> Trace<'_, E> {
    /// Writes the initial state.
    pub fn begin(&mut self, frame: Frame) {
        for numbers in [&mut *self.states, &mut *self.saved] {
            let step = numbers.len() / (frame.steps + 1);
            numbers[..step].fill(E::zero());
        }
    }

    /// Copies the previous state of the samples that are masked at `step`.
    pub fn carry_state(&mut self, frame: Frame, step: usize) {
        carry(frame, step, self.skipped, self.states, frame.units, frame.units);
    }

    /// Copies the first `len` of the `width` saved values of the samples that are masked at `step`.
    fn carry_saved(&mut self, frame: Frame, step: usize, width: usize, len: usize) {
        carry(frame, step, self.skipped, self.saved, width, len);
    }
}

/// Copies the first `len` of `width` values of masked samples from one step to the next.
fn carry<E: Element>(
    frame: Frame,
    step: usize,
    skipped: &[bool],
    values: &mut [E],
    width: usize,
    len: usize,
) {
    let Some(skipped) = skipped.get(frame.step(step, 1)) else { return };
    let (old, new) = values.split_at_mut(frame.step(step + 1, width).start);
    let old = &old[frame.step(step, width)];
    for (sample, _) in skipped.iter().enumerate().filter(|(_, skipped)| **skipped) {
        new[sample * width..][..len].copy_from_slice(&old[sample * width..][..len]);
    }
}

/// Replaces the rows of masked samples by those of `held`, or by zeros.
pub fn replace_skipped<E: Element>(skipped: &[bool], rows: &mut [E], held: Option<&[E]>) {
    let width = rows.len() / skipped.len().max(1);
    for (sample, _) in skipped.iter().enumerate().filter(|(_, skipped)| **skipped) {
        let row = &mut rows[sample * width..][..width];
        match held {
            Some(held) => row.copy_from_slice(&held[sample * width..][..width]),
            None => row.fill(E::zero()),
        }
    }
}

/// The gradient of the output of a recurrent layer.
#[derive(Clone, Copy)]
pub enum Grads<'a, E> {
    /// `[batch, units]`, of the last step: `return_sequences=False`.
    Last(&'a [E]),
    /// `[batch, steps, units]`, of every step: `return_sequences=True`.
    Every(&'a [E]),
}

impl<E: Element> Grads<'_, E> {
    /// Adds the gradient of the output at `step` to `state`, `[batch, units]`.
    pub fn add_to(self, frame: Frame, step: usize, state: &mut [E]) {
        let units = frame.units.max(1);
        match self {
            Grads::Last(grads) if step + 1 == frame.steps => add(state, grads),
            Grads::Last(_) => {}
            Grads::Every(grads) => {
                let samples = grads.chunks_exact(frame.steps.max(1) * units);
                for (state, sample) in state.chunks_exact_mut(units).zip(samples) {
                    add(state, &sample[step * units..][..units]);
                }
            }
        }
    }
}

/// A recurrent cell. Weights have the shape `[gates * units, units]`.
pub trait Cell<E: Element>: Sync {
    /// Number of values that a unit saves of a step besides its gates and its state.
    fn saved(&self) -> usize;

    /// Runs all steps. `bias` is the recurrent bias, and empty for cells without one.
    fn forward(&self, frame: Frame, recurrent: &[E], bias: &[E], trace: &mut Trace<'_, E>);

    /// Runs all steps backwards: replaces the gates of `trace` by the gradients of the
    /// pre-activations, and adds to the gradients of the recurrent weight and bias.
    fn backward(
        &self,
        frame: Frame,
        recurrent: &[E],
        trace: &mut Trace<'_, E>,
        grads: Grads<'_, E>,
        weights: (&mut [E], &mut [E]),
    );
}

/// Long short-term memory. The gates are input, forget, cell and output (Keras's order i, f, c, o;
/// PyTorch's i, f, g, o). Saves the cell state c and tanh(c).
pub struct Lstm;

impl<E: Element> Cell<E> for Lstm {
    fn saved(&self) -> usize {
        2
    }

    fn forward(&self, frame: Frame, recurrent: &[E], _: &[E], trace: &mut Trace<'_, E>) {
        let units = frame.units;
        let recurrent = Gemv::new(recurrent, units, frame.batch);
        for step in 0..frame.steps {
            let (before, after) = trace.states.split_at_mut(frame.step(step, units).end);
            let before = &before[frame.step(step, units)];
            let gates = &mut trace.gates[frame.step(step, 4 * units)];
            recurrent.add_to(before, gates);
            let (old, new) = trace.saved.split_at_mut(frame.step(step, 2 * units).end);
            lstm_steps(units, gates, &old[frame.step(step, 2 * units)], new, after);
            trace.carry_state(frame, step);
            trace.carry_saved(frame, step, 2 * units, units);
        }
    }

    fn backward(
        &self,
        frame: Frame,
        recurrent: &[E],
        trace: &mut Trace<'_, E>,
        grads: Grads<'_, E>,
        (weight, _): (&mut [E], &mut [E]),
    ) {
        let units = frame.units;
        let mut grad_state = vec![E::zero(); frame.batch * units];
        let mut grad_cell = vec![E::zero(); frame.batch * units];
        for step in (0..frame.steps).rev() {
            grads.add_to(frame, step, &mut grad_state);
            let skipped = trace.skipped.get(frame.step(step, 1));
            let held = skipped.map(|_| (grad_state.clone(), grad_cell.clone()));
            let gates = &mut trace.gates[frame.step(step, 4 * units)];
            let old = &trace.saved[frame.step(step, 2 * units)];
            let new = &trace.saved[frame.step(step + 1, 2 * units)];
            lstm_steps_back(units, gates, (old, new), &grad_state, &mut grad_cell);
            if let Some(skipped) = skipped {
                replace_skipped(skipped, gates, None);
            }
            product(frame, gates, recurrent, &mut grad_state);
            if let (Some(skipped), Some((state, memory))) = (skipped, &held) {
                replace_skipped(skipped, &mut grad_state, Some(state));
                replace_skipped(skipped, &mut grad_cell, Some(memory));
            }
        }
        add_weights(frame, trace.gates, &trace.states[..frame.rows() * units], weight);
    }
}

simd_fn! {
    /// One step of every sample.
    fn lstm_steps(
        units: usize,
        gates: &'a mut [E],
        old: &'a [E],
        new: &'a mut [E],
        states: &'a mut [E],
    ) {
        let rows = gates
            .chunks_exact_mut(4 * units.max(1))
            .zip(old.chunks_exact(2 * units.max(1)))
            .zip(new.chunks_exact_mut(2 * units.max(1)))
            .zip(states.chunks_exact_mut(units.max(1)));
        for (((gates, old), new), state) in rows {
            lstm_step(units, gates, &old[..units], new, state);
        }
    }
}

simd_fn! {
    /// One step of every sample backwards. `saved` holds the values saved of the previous step and
    /// of this one.
    fn lstm_steps_back(
        units: usize,
        gates: &'a mut [E],
        saved: (&'a [E], &'a [E]),
        grad_state: &'a [E],
        grad_cell: &'a mut [E],
    ) {
        let rows = gates
            .chunks_exact_mut(4 * units.max(1))
            .zip(saved.0.chunks_exact(2 * units.max(1)))
            .zip(saved.1.chunks_exact(2 * units.max(1)))
            .zip(grad_state.chunks_exact(units.max(1)))
            .zip(grad_cell.chunks_exact_mut(units.max(1)));
        for ((((gates, old), new), grad_state), grad_cell) in rows {
            let saved = (&old[..units], &new[units..]);
            lstm_step_back(units, gates, saved, grad_state, grad_cell);
        }
    }
}

/// Number of units that are computed at once, from copies: the compiler cannot prove that eight
/// slices do not overlap, and would not vectorize otherwise.
const LANES: usize = 16;

/// c' = f c + i g, h = o tanh(c').
#[inline(always)]
fn lstm_step<E: Element>(units: usize, gates: &mut [E], old: &[E], new: &mut [E], state: &mut [E]) {
    let vectorized = units - units % LANES;
    for unit in (0..vectorized).step_by(LANES) {
        lstm_units::<E, LANES>(unit, units, gates, old, new, state);
    }
    for unit in vectorized..units {
        lstm_units::<E, 1>(unit, units, gates, old, new, state);
    }
}

#[inline(always)]
fn lstm_units<E: Element, const N: usize>(
    unit: usize,
    units: usize,
    gates: &mut [E],
    old: &[E],
    new: &mut [E],
    state: &mut [E],
) {
    let offsets = [0, 1, 2, 3].map(|sigmoid| sigmoid * units + unit);
    let [mut i, mut f, mut g, mut o]: [[E; N]; 4] = offsets.map(|at| load(gates, at));
    let old: [E; N] = load(old, unit);
    let [mut c, mut t, mut h] = [[E::zero(); N]; 3];
    for k in 0..N {
        (i[k], f[k], g[k], o[k]) =
            (i[k].fast_sigmoid(), f[k].fast_sigmoid(), g[k].fast_tanh(), o[k].fast_sigmoid());
        c[k] = f[k] * old[k] + i[k] * g[k];
        t[k] = c[k].fast_tanh();
        h[k] = o[k] * t[k];
    }
    for (at, values) in offsets.into_iter().zip([i, f, g, o]) {
        store(values, gates, at);
    }
    store(c, new, unit);
    store(t, new, units + unit);
    store(h, state, unit);
}

#[inline(always)]
fn load<E: Element, const N: usize>(from: &[E], at: usize) -> [E; N] {
    let mut values = [E::zero(); N];
    values.copy_from_slice(&from[at..at + N]);
    values
}

#[inline(always)]
fn store<E: Element, const N: usize>(values: [E; N], to: &mut [E], at: usize) {
    to[at..at + N].copy_from_slice(&values);
}

/// Replaces the gates by the gradients of their pre-activations, and the gradient of the new cell
/// state by that of the old one.
#[inline(always)]
fn lstm_step_back<E: Element>(
    units: usize,
    gates: &mut [E],
    saved: (&[E], &[E]),
    grad_state: &[E],
    grad_cell: &mut [E],
) {
    let vectorized = units - units % LANES;
    for unit in (0..vectorized).step_by(LANES) {
        lstm_units_back::<E, LANES>(unit, units, gates, saved, grad_state, grad_cell);
    }
    for unit in vectorized..units {
        lstm_units_back::<E, 1>(unit, units, gates, saved, grad_state, grad_cell);
    }
}

#[inline(always)]
fn lstm_units_back<E: Element, const N: usize>(
    unit: usize,
    units: usize,
    gates: &mut [E],
    (old, tanh_cell): (&[E], &[E]),
    grad_state: &[E],
    grad_cell: &mut [E],
) {
    let one = E::one();
    let offsets = [0, 1, 2, 3].map(|sigmoid| sigmoid * units + unit);
    let [mut input, mut forget, mut cell, mut output]: [[E; N]; 4] =
        offsets.map(|at| load(gates, at));
    let (old, tanh_cell): ([E; N], [E; N]) = (load(old, unit), load(tanh_cell, unit));
    let (grad_state, mut memory): ([E; N], [E; N]) =
        (load(grad_state, unit), load(grad_cell, unit));
    for k in 0..N {
        let (i, f, g, o, t) = (input[k], forget[k], cell[k], output[k], tanh_cell[k]);
        let grad_new = memory[k] + grad_state[k] * o * (one - t * t);
        input[k] = grad_new * g * i * (one - i);
        forget[k] = grad_new * old[k] * f * (one - f);
        cell[k] = grad_new * i * (one - g * g);
        output[k] = grad_state[k] * t * o * (one - o);
        memory[k] = grad_new * f;
    }
    for (at, values) in offsets.into_iter().zip([input, forget, cell, output]) {
        store(values, gates, at);
    }
    store(memory, grad_cell, unit);
}

/// `output = grads matrix` for the rows of one step.
pub fn product<E: Element>(frame: Frame, grads: &[E], matrix: &[E], output: &mut [E]) {
    let Frame { batch, units, .. } = frame;
    let width = matrix.len() / units.max(1);
    multiply(
        Matrix::new(grads, batch, width),
        Matrix::new(matrix, width, units),
        output,
        Add::Replace,
    );
}

/// `weight += grads^T states` over the rows of all steps.
pub fn add_weights<E: Element>(frame: Frame, grads: &[E], states: &[E], weight: &mut [E]) {
    let width = weight.len() / frame.units.max(1);
    multiply(
        Matrix::new(grads, frame.rows(), width).transposed(),
        Matrix::new(states, frame.rows(), frame.units),
        weight,
        Add::ToOutput,
    );
}

/// `sums[j] += rows[i][j]` for every row `i`.
pub fn add_rows<E: Element>(rows: &[E], sums: &mut [E]) {
    rows.chunks_exact(sums.len().max(1)).for_each(|row| add(sums, row));
}

fn add<E: Element>(sums: &mut [E], terms: &[E]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += *term);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_functions_are_right_to_seven_digits() {
        for step in -4000..=4000 {
            let x = step as f32 * 0.005;
            let (tanh, sigmoid) = (f64::from(x).tanh(), 1.0 / (1.0 + (-f64::from(x)).exp()));
            assert!((f64::from(x.fast_tanh()) - tanh).abs() < 4e-7 * tanh.abs().max(1e-30), "{x}");
            assert!((f64::from(x.fast_sigmoid()) - sigmoid).abs() < 2e-7, "{x}");
        }
        assert_eq!(0f32.fast_tanh(), 0.0);
        assert_eq!(0f32.fast_sigmoid(), 0.5);
        assert!(f32::NAN.fast_tanh().is_nan() && f32::NAN.fast_sigmoid().is_nan());
        for x in [f32::INFINITY, 1e30] {
            assert!((x.fast_tanh() - 1.0).abs() < 2e-7 && (x.fast_sigmoid() - 1.0).abs() < 2e-7);
            assert!(((-x).fast_tanh() + 1.0).abs() < 2e-7 && (-x).fast_sigmoid().abs() < 2e-7);
        }
        assert_eq!((1000f64.fast_sigmoid(), (-1000f64).fast_sigmoid()), (1.0, 0.0));
    }
}
