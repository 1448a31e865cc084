//! The cell of `SimpleRNN`.

use multi_input_kernel::{
    gemv::Gemv,
    recurrent::{add_weights, product, replace_skipped, Cell, Frame, Grads, Trace},
    Element,
};

use crate::layer::activation::Function;

/// A cell with one gate. It keeps the pre-activations where the derivative of the activation needs
/// them.
pub(crate) struct Simple {
    pub(crate) function: Function,
}

impl<E: Element> Cell<E> for Simple {
    fn kept(&self) -> usize {
        usize::from(self.function.needs_input())
    }

    fn forward(&self, frame: Frame, recurrent: &[E], _: &[E], trace: &mut Trace<'_, E>) {
        let units = frame.units;
        let recurrent = Gemv::new(recurrent, units, frame.batch);
        for step in 0..frame.steps {
            let sums = &mut trace.gates[frame.step(step, units)];
            recurrent.add_to(&trace.states[frame.step(step, units)], sums);
            if self.function.needs_input() {
                trace.kept[frame.step(step + 1, units)].copy_from_slice(sums);
            }
            self.function.forward(sums, units);
            trace.states[frame.step(step + 1, units)].copy_from_slice(sums);
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
        let units = frame.units;
        let mut by_state = vec![E::zero(); frame.batch * units];
        for step in (0..frame.steps).rev() {
            grads.add_to(frame, step, &mut by_state);
            let skipped = trace.skipped.get(frame.step(step, 1));
            let held = skipped.map(|_| by_state.clone());
            let before = frame.step(step + 1, units * Cell::<E>::kept(self));
            let output = &trace.states[frame.step(step + 1, units)];
            self.function.backward(&trace.kept[before], output, &mut by_state, units);
            let sums = &mut trace.gates[frame.step(step, units)];
            sums.copy_from_slice(&by_state);
            if let Some(skipped) = skipped {
                replace_skipped(skipped, sums, None);
            }
            product(frame, sums, recurrent, &mut by_state);
            if let Some(skipped) = skipped {
                replace_skipped(skipped, &mut by_state, held.as_deref());
            }
        }
        add_weights(frame, trace.gates, &trace.states[..frame.rows() * units], weight);
    }
}
