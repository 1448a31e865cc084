//! `LSTM`: a layer of long short-term memory units.

use super::{cell::Lstm, Recurrent};

/// Applies a long short-term memory unit to each step of `[steps, I]`, with a state h and a cell
/// state c of `U` numbers each, which are zero before the first step:
///
/// ```text
/// i = sigmoid(x Wi^T + h Ri^T + bi)      f = sigmoid(x Wf^T + h Rf^T + bf)
/// g =    tanh(x Wg^T + h Rg^T + bg)      o = sigmoid(x Wo^T + h Ro^T + bo)
/// c' = f c + i g                         h' = o tanh(c')
/// ```
///
/// `G` is 4 `U`, the rows of the weights: those of i, f, g and o in this order. Where `SEQUENCES`
/// is 0 the output is the last h, `[U]`; where it is 1 it is all h, `[steps, U]`. Where `BACKWARDS`
/// is 1 the layer reads the last step first and returns its output first.
///
/// The weight is initialised Glorot uniform, the recurrent weight orthogonal, the bias of f to 1
/// and the others to 0. In training, `dropout` drops inputs with this probability, the same at
/// every step of a sequence, and divides the others by 1 - `dropout`.
///
/// `keras.layers.LSTM(U, return_sequences, go_backwards, dropout=dropout)`, whose kernels are the
/// transposes of these weights. `torch.nn.LSTM(I, U, batch_first=True)` has the gates in the same
/// order, but two biases, which are summed, and another initialisation.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::LSTM;
///
/// let device = Cpu::default();
/// let sequences: Tensor<(usize, Const<5>, Const<2>), f32, _> = device.zeros_like(&(3, Const, Const));
/// let last: LSTM<2, 4, 16, 0, 0, f32, Cpu> = BuildModule::build(&device);
/// assert_eq!(last.forward(sequences.clone()).shape().concrete(), [3, 4]);
/// let every: LSTM<2, 4, 16, 1, 0, f32, Cpu> = BuildModule::build(&device);
/// assert_eq!(every.forward(sequences).shape().concrete(), [3, 5, 4]);
/// ```
#[doc(alias = "LSTMCell")]
#[doc(alias = "CuDNNLSTM")]
#[doc(alias = "BasicLSTMCell")]
pub type LSTM<
    const I: usize,
    const U: usize,
    const G: usize,
    const SEQUENCES: usize,
    const BACKWARDS: usize,
    E,
    D,
> = Recurrent<I, U, G, SEQUENCES, BACKWARDS, Lstm, E, D>;

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom, TensorFromVec},
    };
    use rand_distr::StandardNormal;

    use super::*;
    use crate::{
        check_gradients::{check_gradients, Traced},
        layer::{dropout_scale, RngKey},
        tensor::*,
    };

    const KEY: RngKey = RngKey { seed: 1, layer: 2, step: 3, call: 0, first_row: 0 };

    fn known<const SEQUENCES: usize, const BACKWARDS: usize>(
    ) -> LSTM<1, 1, 4, SEQUENCES, BACKWARDS, f64, Cpu> {
        let device = Cpu::default();
        LSTM {
            weight: device.tensor([[0.5], [-0.25], [1.0], [0.75]]),
            recurrent: device.tensor([[0.1], [0.2], [-0.3], [0.4]]),
            bias: device.tensor([0.0, 1.0, 0.25, -0.5]),
            dropout: 0.0,
            key: RngKey::default(),
        }
    }

    fn random<const I: usize, const U: usize, const G: usize, const S: usize, const B: usize>(
    ) -> LSTM<I, U, G, S, B, f64, Cpu> {
        let mut layer: LSTM<I, U, G, S, B, f64, Cpu> = BuildModule::build(&Cpu::seed_from_u64(3));
        layer.bias.fill_with_distr(StandardNormal);
        layer
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn values_are_those_of_the_formulas() {
        let x = Cpu::default().tensor([[[1.0], [-0.5]]]);
        let [[[first], [last]]] = known::<1, 0>().forward(x.clone()).array();
        near(first, 0.272_019_049_089_514_1);
        near(last, 0.081_169_329_380_239_82);
        assert_eq!(known::<0, 0>().forward(x.clone()).array(), [[last]]);
        let [[[first], [last]]] = known::<1, 1>().forward(x.clone()).array();
        near(first, -0.031_428_639_875_143_084);
        near(last, 0.238_782_847_321_234_73);
        assert_eq!(known::<0, 1>().forward(x).array(), [[last]]);
    }

    #[test]
    fn samples_are_independent_of_their_batch() {
        let layer = random::<3, 5, 20, 1, 0>();
        let x: Tensor<(Const<4>, Const<6>, Const<3>), f64, _> =
            Cpu::seed_from_u64(1).sample_normal();
        let batched = layer.forward(x.clone()).array();
        for (sample, batched) in x.array().into_iter().zip(batched) {
            let [alone] = layer.forward(Cpu::default().tensor([sample])).array();
            for (alone, batched) in alone.iter().flatten().zip(batched.iter().flatten()) {
                near(*alone, *batched);
            }
        }
    }

    #[test]
    fn a_fresh_layer_remembers() {
        let layer: LSTM<3, 2, 8, 0, 0, f32, Cpu> = BuildModule::build(&Cpu::seed_from_u64(0));
        assert_eq!(layer.bias.array(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let limit = (6f32 / 11.0).sqrt();
        assert!(layer.weight.array().iter().flatten().all(|w| w.abs() <= limit));
        let column = |j: usize| layer.recurrent.array().map(|row| row[j]);
        let product: f32 = column(0).iter().zip(column(1)).map(|(a, b)| a * b).sum();
        assert!(product.abs() < 1e-6);
    }

    #[test]
    fn dropout_leaves_out_the_same_inputs_at_every_step() {
        let mut layer = random::<40, 1, 4, 1, 0>();
        layer.set_dropout(0.25);
        layer.set_rng_key(KEY);
        let x: Tensor<(Const<2>, Const<3>, Const<40>), f64, _> = Cpu::default().sample_normal();
        let inferred = layer.forward(x.clone()).array();
        assert_eq!(layer.forward_mut(x.clone()).array(), inferred, "no tape, no training");
        assert_eq!(layer.key.call, 0);

        let trained = layer.forward_mut(x.clone().put_tape(Traced::default())).array();
        assert_ne!(trained, inferred);
        assert_eq!(layer.key.call, 1);
        // The same dropout applied to the input beforehand.
        let scale_of = dropout_scale::<f64>((KEY, 0.25), 40);
        let mut masked = x.array();
        for (sample, steps) in masked.iter_mut().enumerate() {
            for step in steps {
                for (k, value) in step.iter_mut().enumerate() {
                    *value *= scale_of(sample * 40 + k).unwrap_or(0.0);
                }
            }
        }
        assert_eq!(layer.forward(Cpu::default().tensor(masked)).array(), trained);
        // The values of dropped inputs have no effect.
        let mut spoiled = x.array();
        for (sample, steps) in spoiled.iter_mut().enumerate() {
            for step in steps {
                for (k, value) in step.iter_mut().enumerate() {
                    if scale_of(sample * 40 + k).is_none() {
                        *value = f64::NAN;
                    }
                }
            }
        }
        layer.set_rng_key(KEY);
        let spoiled = Cpu::default().tensor(spoiled).put_tape(Traced::default());
        assert_eq!(layer.forward_mut(spoiled).array(), trained);
    }

    #[test]
    fn a_batch_of_none_and_a_sequence_of_none_are_fine() {
        let layer = random::<2, 3, 12, 0, 0>();
        let device = Cpu::default();
        let none: Tensor<(usize, Const<4>, Const<2>), f64, Cpu> =
            device.tensor_from_vec(Vec::new(), (0, Const, Const));
        assert_eq!(layer.forward(none).shape().concrete(), [0, 3]);
        let empty: Tensor<(usize, usize, Const<2>), f64, Cpu> =
            device.tensor_from_vec(Vec::new(), (2, 0, Const));
        assert!(layer.forward(empty).as_vec().iter().all(|value| *value == 0.0));
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::seed_from_u64(2);
        let x: Tensor<(Const<3>, Const<4>, Const<2>), f64, _> = device.sample_normal();
        check_gradients(&(x.clone(), random::<2, 3, 12, 0, 0>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), random::<2, 3, 12, 1, 1>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let mut layer = random::<2, 5, 20, 1, 0>();
        layer.set_dropout(0.4);
        check_gradients(&(x, layer), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
        let x: Tensor<(Const<1>, Const<1>, Const<3>), f64, _> = device.sample_normal();
        check_gradients(&(x, random::<3, 1, 4, 0, 1>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let x: Tensor<(Const<1>, Const<5>, Const<1>), f64, _> = device.sample_normal();
        check_gradients(&(x, random::<1, 2, 8, 1, 0>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
    }
}
