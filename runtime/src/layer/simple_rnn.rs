//! `SimpleRNN`: a layer that takes its own output of the step before as a further input.

use std::marker::PhantomData;

use super::{
    activation::Activation,
    initialize,
    recurrent::{recurrent_layer, run, Read, Reading, Recurrent, StepShape, Steps, Weights},
    Draw, Mask, ReadsMask,
};
use crate::{
    kernel::{
        factor::Factor,
        recurrent::{add_weights, product, replace_skipped, Cell, Frame, Slopes, Trace},
    },
    tensor::*,
};

/// Reads `[steps, I]` step by step, carrying an output h of `U` numbers that starts at zero:
/// h' = activation(x W^T + h R^T + b).
///
/// Where `SEQUENCES` is 0 the last h comes out, `[U]`; where it is 1 all do, `[steps, U]`. Where
/// `BACKWARDS` is 1 the last step is read first, and its output stands first.
///
/// The weight is Glorot uniform, the recurrent weight orthogonal, the bias 0. In training, `dropout`
/// leaves out a share of the inputs, the same at every step of a sequence, and enlarges the others.
///
/// `keras.layers.SimpleRNN(U, activation, return_sequences, go_backwards, dropout=dropout)`, whose
/// kernels are these weights transposed. `torch.nn.RNN(I, U, batch_first=True)` has two biases, which
/// are summed, and another initialisation.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::{activation::Tanh, SimpleRNN};
///
/// let device = Cpu::default();
/// let sequences: Tensor<(usize, Const<5>, Const<2>), f32, _> = device.zeros_like(&(3, Const, Const));
/// let last: SimpleRNN<2, 4, 0, 0, Tanh, f32, Cpu> = BuildModule::build(&device);
/// assert_eq!(last.forward(sequences.clone()).shape().concrete(), [3, 4]);
/// let every: SimpleRNN<2, 4, 1, 0, Tanh, f32, Cpu> = BuildModule::build(&device);
/// assert_eq!(every.forward(sequences).shape().concrete(), [3, 5, 4]);
/// ```
#[derive(Clone, Debug)]
pub struct SimpleRNN<
    const I: usize,
    const U: usize,
    const SEQUENCES: usize,
    const BACKWARDS: usize,
    A,
    E: Dtype,
    D: Storage<E>,
> {
    /// What the inputs are multiplied by.
    pub weight: Tensor<Rank2<U, I>, E, D>,
    /// What the output of the step before is multiplied by.
    pub recurrent: Tensor<Rank2<U, U>, E, D>,
    /// What is then added.
    pub bias: Tensor<Rank1<U>, E, D>,
    /// The share of the inputs that is left out in training.
    pub dropout: f64,
    /// What decides which inputs are left out next.
    pub draw: Draw,
    /// What is applied to the sums.
    pub activation: A,
}

recurrent_layer! {
    SimpleRNN<[const I, const U, const SEQUENCES, const BACKWARDS; A: Activation]>,
    sums: U,
    fits: true,
    bias: TensorOptions::reset_to_zeros(),
    others: { activation: A::default() },
    cell: match () { () => Simple<A> },
}

/// A cell of one sum. It keeps the sums where the activation's derivative needs them.
struct Simple<A>(PhantomData<A>);

impl<A: Activation, E: Element> Cell<E> for Simple<A> {
    const KEPT: usize = A::FUNCTION.needs_input() as usize;

    fn forward(frame: Frame, recurrent: &[E], _: &[E], trace: &mut Trace<'_, E>) {
        let units = frame.units;
        let recurrent = Factor::new(recurrent, units, frame.batch);
        for step in 0..frame.steps {
            let sums = &mut trace.gates[frame.step(step, units)];
            recurrent.add_to(&trace.states[frame.step(step, units)], sums);
            if A::FUNCTION.needs_input() {
                trace.kept[frame.step(step + 1, units)].copy_from_slice(sums);
            }
            A::FUNCTION.forward(sums, units);
            trace.states[frame.step(step + 1, units)].copy_from_slice(sums);
            trace.carry_state(frame, step);
        }
    }

    fn backward(
        frame: Frame,
        recurrent: &[E],
        trace: &mut Trace<'_, E>,
        slopes: Slopes<'_, E>,
        (weight, _): (&mut [E], &mut [E]),
    ) {
        let units = frame.units;
        let mut by_state = vec![E::zero(); frame.batch * units];
        for step in (0..frame.steps).rev() {
            slopes.add_to(frame, step, &mut by_state);
            let skipped = trace.skipped.get(frame.step(step, 1));
            let held = skipped.map(|_| by_state.clone());
            let before = frame.step(step + 1, units * <Self as Cell<E>>::KEPT);
            let output = &trace.states[frame.step(step + 1, units)];
            A::FUNCTION.backward(&trace.kept[before], output, &mut by_state, units);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradients::check_gradients;
    use crate::layer::activation::{Gelu, Linear, Relu, Softmax, Tanh};
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };
    use rand_distr::StandardNormal;

    fn random<const I: usize, const U: usize, const S: usize, const B: usize, A: Activation>(
    ) -> SimpleRNN<I, U, S, B, A, f64, Cpu> {
        let mut layer: SimpleRNN<I, U, S, B, A, f64, Cpu> =
            BuildModule::build(&Cpu::seed_from_u64(3));
        layer.bias.fill_with_distr(StandardNormal);
        layer
    }

    #[test]
    fn values_are_those_of_the_formula() {
        let device = Cpu::default();
        let layer: SimpleRNN<1, 2, 1, 0, Linear, f64, Cpu> = SimpleRNN {
            weight: device.tensor([[2.0], [1.0]]),
            recurrent: device.tensor([[1.0, 10.0], [0.5, 0.0]]),
            bias: device.tensor([0.25, 0.0]),
            dropout: 0.0,
            draw: Draw::default(),
            activation: Linear,
        };
        let y = layer.forward(device.tensor([[[1.0], [-1.0]], [[0.0], [3.0]]])).array();
        assert_eq!(y, [[[2.25, 1.0], [10.5, 0.125]], [[0.25, 0.0], [6.5, 3.125]]]);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::seed_from_u64(2);
        let x: Tensor<(Const<3>, Const<4>, Const<2>), f64, _> = device.sample_normal();
        check_gradients(&(x.clone(), random::<2, 3, 0, 0, Tanh>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), random::<2, 3, 1, 1, Gelu>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), random::<2, 3, 1, 0, Softmax>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let mut layer = random::<2, 5, 0, 1, Relu>();
        layer.set_dropout(0.4);
        check_gradients(&(x, layer), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
        let x: Tensor<(Const<1>, Const<1>, Const<3>), f64, _> = device.sample_normal();
        check_gradients(&(x, random::<3, 1, 0, 0, Tanh>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
    }
}
