//! Cells of the gated recurrent unit: reset gate after or before the recurrent product.
//!
//! The gates are update (z), reset (r) and candidate (g); h' = z h + (1 - z) g. W, b are the
//! input's kernel and bias, R, a the recurrent ones.

use super::{
    gemv::Gemv,
    matmul::{multiply, Add, Matrix},
    recurrent::{add_rows, product, replace_skipped, Cell, Frame, Grads, Trace},
    Element,
};

/// g = tanh(x W^T + b + r (h R^T + a)). Saves h R^T + a. Keras: `reset_after=True`; `torch.nn.GRU`.
pub struct ResetAfter;

impl<E: Element> Cell<E> for ResetAfter {
    fn saved(&self) -> usize {
        1
    }

    fn forward(&self, frame: Frame, recurrent: &[E], bias: &[E], trace: &mut Trace<'_, E>) {
        let units = frame.units;
        let recurrent = Gemv::new(recurrent, units, frame.batch);
        let mut inner = vec![E::zero(); frame.batch * 3 * units];
        for step in 0..frame.steps {
            inner.chunks_exact_mut(bias.len().max(1)).for_each(|row| row.copy_from_slice(bias));
            let (old, new) = trace.states.split_at_mut(frame.step(step, units).end);
            let old = &old[frame.step(step, units)];
            recurrent.add_to(old, &mut inner);
            let rows = trace.gates[frame.step(step, 3 * units)]
                .chunks_exact_mut(3 * units.max(1))
                .zip(inner.chunks_exact(3 * units.max(1)))
                .zip(trace.saved[frame.step(step + 1, units)].chunks_exact_mut(units.max(1)))
                .zip(old.chunks_exact(units.max(1)).zip(new.chunks_exact_mut(units.max(1))));
            for (((gates, inner), saved), (old, new)) in rows {
                let (z, r, g) = three(units, gates);
                let (inner_z, rest) = inner.split_at(units);
                let (inner_r, inner_g) = rest.split_at(units);
                for k in 0..units {
                    let (update, reset) =
                        ((z[k] + inner_z[k]).fast_sigmoid(), (r[k] + inner_r[k]).fast_sigmoid());
                    let candidate = (g[k] + reset * inner_g[k]).fast_tanh();
                    (z[k], r[k], g[k]) = (update, reset, candidate);
                    saved[k] = inner_g[k];
                    new[k] = update * old[k] + (E::one() - update) * candidate;
                }
            }
            trace.carry_state(frame, step);
        }
    }

    fn backward(
        &self,
        frame: Frame,
        recurrent: &[E],
        trace: &mut Trace<'_, E>,
        grads: Grads<'_, E>,
        (weight, bias): (&mut [E], &mut [E]),
    ) {
        let (units, one) = (frame.units, E::one());
        let mut grad_state = vec![E::zero(); frame.batch * units];
        let mut grad_next = grad_state.clone();
        // Gradient of the recurrent sums of all steps. It differs from that of the input's sums
        // only in g.
        let mut grad_inner = vec![E::zero(); frame.rows() * 3 * units];
        for step in (0..frame.steps).rev() {
            grads.add_to(frame, step, &mut grad_state);
            let skipped = trace.skipped.get(frame.step(step, 1));
            let held = skipped.map(|_| grad_state.clone());
            let rows = trace.gates[frame.step(step, 3 * units)]
                .chunks_exact_mut(3 * units.max(1))
                .zip(grad_inner[frame.step(step, 3 * units)].chunks_exact_mut(3 * units.max(1)))
                .zip(trace.saved[frame.step(step + 1, units)].chunks_exact(units.max(1)))
                .zip(trace.states[frame.step(step, units)].chunks_exact(units.max(1)))
                .zip(grad_state.chunks_exact_mut(units.max(1)));
            for ((((gates, inner), saved), old), grad_state) in rows {
                let (z, r, g) = three(units, gates);
                let (inner_z, inner_r, inner_g) = three(units, inner);
                for k in 0..units {
                    let (update, reset, candidate, grad) = (z[k], r[k], g[k], grad_state[k]);
                    z[k] = grad * (old[k] - candidate) * update * (one - update);
                    g[k] = grad * (one - update) * (one - candidate * candidate);
                    r[k] = g[k] * saved[k] * reset * (one - reset);
                    (inner_z[k], inner_r[k], inner_g[k]) = (z[k], r[k], g[k] * reset);
                    grad_state[k] = grad * update;
                }
            }
            if let Some(skipped) = skipped {
                replace_skipped(skipped, &mut trace.gates[frame.step(step, 3 * units)], None);
                replace_skipped(skipped, &mut grad_inner[frame.step(step, 3 * units)], None);
                replace_skipped(skipped, &mut grad_state, held.as_deref());
            }
            product(frame, &grad_inner[frame.step(step, 3 * units)], recurrent, &mut grad_next);
            grad_state.iter_mut().zip(&grad_next).for_each(|(sum, term)| *sum += *term);
        }
        let old = Matrix::new(&trace.states[..frame.rows() * units], frame.rows(), units);
        let grad_sums = Matrix::new(&grad_inner, frame.rows(), 3 * units);
        multiply(grad_sums.transposed(), old, weight, Add::ToOutput);
        add_rows(&grad_inner, bias);
    }
}

/// g = tanh(x W^T + b + (r h) R^T). Saves r h. Keras: `reset_after=False`.
pub struct ResetBefore;

impl<E: Element> Cell<E> for ResetBefore {
    fn saved(&self) -> usize {
        1
    }

    fn forward(&self, frame: Frame, recurrent: &[E], _: &[E], trace: &mut Trace<'_, E>) {
        let units = frame.units;
        let (for_gates, for_candidate) = recurrent.split_at(2 * units * units);
        let [for_gates, for_candidate] =
            [for_gates, for_candidate].map(|matrix| Gemv::new(matrix, units, frame.batch));
        let mut inner = vec![E::zero(); frame.batch * 2 * units];
        let mut inner_candidate = vec![E::zero(); frame.batch * units];
        for step in 0..frame.steps {
            let (old, new) = trace.states.split_at_mut(frame.step(step, units).end);
            let old = &old[frame.step(step, units)];
            inner.fill(E::zero());
            for_gates.add_to(old, &mut inner);
            let gates = &mut trace.gates[frame.step(step, 3 * units)];
            let saved = &mut trace.saved[frame.step(step + 1, units)];
            let rows = gates
                .chunks_exact_mut(3 * units.max(1))
                .zip(inner.chunks_exact(2 * units.max(1)))
                .zip(saved.chunks_exact_mut(units.max(1)))
                .zip(old.chunks_exact(units.max(1)));
            for (((gates, inner), saved), old) in rows {
                let (z, r, _) = three(units, gates);
                let (inner_z, inner_r) = inner.split_at(units);
                for k in 0..units {
                    (z[k], r[k]) =
                        ((z[k] + inner_z[k]).fast_sigmoid(), (r[k] + inner_r[k]).fast_sigmoid());
                    saved[k] = r[k] * old[k];
                }
            }
            inner_candidate.fill(E::zero());
            for_candidate.add_to(saved, &mut inner_candidate);
            let rows = gates
                .chunks_exact_mut(3 * units.max(1))
                .zip(inner_candidate.chunks_exact(units.max(1)))
                .zip(old.chunks_exact(units.max(1)).zip(new.chunks_exact_mut(units.max(1))));
            for ((gates, inner), (old, new)) in rows {
                let (z, _, g) = three(units, gates);
                for k in 0..units {
                    g[k] = (g[k] + inner[k]).fast_tanh();
                    new[k] = z[k] * old[k] + (E::one() - z[k]) * g[k];
                }
            }
            trace.carry_state(frame, step);
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
        let (units, one) = (frame.units, E::one());
        let (for_gates, for_candidate) = recurrent.split_at(2 * units * units);
        let mut grad_state = vec![E::zero(); frame.batch * units];
        let mut grad_kept = grad_state.clone();
        let mut grad_gates = vec![E::zero(); frame.rows() * 2 * units];
        let mut grad_candidate = vec![E::zero(); frame.rows() * units];
        for step in (0..frame.steps).rev() {
            grads.add_to(frame, step, &mut grad_state);
            let skipped = trace.skipped.get(frame.step(step, 1));
            let held = skipped.map(|_| grad_state.clone());
            let gates = &mut trace.gates[frame.step(step, 3 * units)];
            let old = &trace.states[frame.step(step, units)];
            let grad_candidate = &mut grad_candidate[frame.step(step, units)];
            let grad_gates = &mut grad_gates[frame.step(step, 2 * units)];
            let rows = gates
                .chunks_exact_mut(3 * units.max(1))
                .zip(grad_candidate.chunks_exact_mut(units.max(1)))
                .zip(grad_state.chunks_exact(units.max(1)));
            for ((gates, grad_candidate), grad_state) in rows {
                let (z, _, g) = three(units, gates);
                for k in 0..units {
                    grad_candidate[k] = grad_state[k] * (one - z[k]) * (one - g[k] * g[k]);
                }
            }
            if let Some(skipped) = skipped {
                replace_skipped(skipped, grad_candidate, None);
            }
            product(frame, grad_candidate, for_candidate, &mut grad_kept);
            let rows = gates
                .chunks_exact_mut(3 * units.max(1))
                .zip(grad_candidate.chunks_exact(units.max(1)))
                .zip(grad_gates.chunks_exact_mut(2 * units.max(1)))
                .zip(grad_kept.chunks_exact(units.max(1)))
                .zip(old.chunks_exact(units.max(1)))
                .zip(grad_state.chunks_exact_mut(units.max(1)));
            for (((((gates, grad_candidate), grad_gates), grad_kept), old), grad_state) in rows {
                let (z, r, g) = three(units, gates);
                let (grad_z, grad_r) = grad_gates.split_at_mut(units);
                for k in 0..units {
                    let (update, reset, grad) = (z[k], r[k], grad_state[k]);
                    grad_state[k] = grad * update + grad_kept[k] * reset;
                    z[k] = grad * (old[k] - g[k]) * update * (one - update);
                    r[k] = grad_kept[k] * old[k] * reset * (one - reset);
                    g[k] = grad_candidate[k];
                    (grad_z[k], grad_r[k]) = (z[k], r[k]);
                }
            }
            if let Some(skipped) = skipped {
                replace_skipped(skipped, gates, None);
                replace_skipped(skipped, grad_gates, None);
                replace_skipped(skipped, &mut grad_state, held.as_deref());
            }
            product(frame, grad_gates, for_gates, &mut grad_kept);
            grad_state.iter_mut().zip(&grad_kept).for_each(|(sum, term)| *sum += *term);
        }
        let (rows, len) = (frame.rows(), frame.batch * units);
        let (gates_weight, candidate_weight) = weight.split_at_mut(2 * units * units);
        multiply(
            Matrix::new(&grad_gates, rows, 2 * units).transposed(),
            Matrix::new(&trace.states[..rows * units], rows, units),
            gates_weight,
            Add::ToOutput,
        );
        multiply(
            Matrix::new(&grad_candidate, rows, units).transposed(),
            Matrix::new(&trace.saved[len..], rows, units),
            candidate_weight,
            Add::ToOutput,
        );
    }
}

/// Splits a row into three parts of `units` elements.
fn three<E>(units: usize, row: &mut [E]) -> (&mut [E], &mut [E], &mut [E]) {
    let (first, rest) = row.split_at_mut(units);
    let (second, third) = rest.split_at_mut(units);
    (first, second, &mut third[..units])
}
