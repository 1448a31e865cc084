//! `SimpleRNN`: a fully connected recurrent layer.

use super::{cell::Simple, Recurrent};

/// h' = activation(x W^T + h R^T + b) for each step x of `[steps, I]`, with a state h of `U`
/// numbers that is zero before the first step.
///
/// Where `SEQUENCES` is 0 the output is the last h, `[U]`; where it is 1 it is all h, `[steps, U]`.
/// Where `BACKWARDS` is 1 the layer reads the last step first and returns its output first.
///
/// The weight is initialised Glorot uniform, the recurrent weight orthogonal, the bias to 0. In
/// training, `dropout` drops inputs with this probability, the same at every step of a sequence,
/// and divides the others by 1 - `dropout`.
///
/// `keras.layers.SimpleRNN(U, activation, return_sequences, go_backwards,
/// dropout=dropout)`, whose kernels are the transposes of these weights. `torch.nn.RNN(I, U,
/// batch_first=True)` has two biases, which are summed, and another initialisation.
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
#[doc(alias = "RNN")]
#[doc(alias = "RNNCell")]
#[doc(alias = "SimpleRNNCell")]
#[doc(alias = "BasicRNNCell")]
pub type SimpleRNN<
    const I: usize,
    const U: usize,
    const SEQUENCES: usize,
    const BACKWARDS: usize,
    A,
    E,
    D,
> = Recurrent<I, U, U, SEQUENCES, BACKWARDS, Simple<A>, E, D>;

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };
    use rand_distr::StandardNormal;

    use super::*;
    use crate::{
        check_gradients::check_gradients,
        layer::{
            activation::{Activation, Gelu, Linear, Relu, Softmax, Tanh},
            RngKey,
        },
        tensor::*,
    };

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
            key: RngKey::default(),
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
