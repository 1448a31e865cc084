//! `GRU`: a layer of gated recurrent units.

use super::{cell::Gru, Recurrent};

/// Applies a gated recurrent unit to each step of `[steps, I]`, with a state h of `U` numbers that
/// is zero before the first step:
///
/// ```text
/// z = sigmoid(x Wz^T + bz + h Rz^T + az)      r = sigmoid(x Wr^T + br + h Rr^T + ar)
/// g = tanh(x Wg^T + bg + r (h Rg^T + ag))     h' = z h + (1 - z) g
/// ```
///
/// This is `reset_after=True`, where `BIASES` is 2: row 0 of the bias is b, row 1 is a. Where
/// `BIASES` is 1 there is no a, and the reset precedes the product with the recurrent weight: g =
/// tanh(x Wg^T + bg + (r h) Rg^T).
///
/// `G` is 3 `U`, the rows of the weights: those of z, r and g in this order. Where `SEQUENCES` is 0
/// the output is the last h, `[U]`; where it is 1 it is all h, `[steps, U]`. Where `BACKWARDS` is 1
/// the layer reads the last step first and returns its output first.
///
/// The weight is initialised Glorot uniform, the recurrent weight orthogonal, the bias to 0. In
/// training, `dropout` drops inputs with this probability, the same at every step of a sequence,
/// and divides the others by 1 - `dropout`.
///
/// `keras.layers.GRU(U, return_sequences, go_backwards, reset_after, dropout=dropout)`, whose
/// kernels are the transposes of these weights. `torch.nn.GRU(I, U, batch_first=True)` resets after
/// the product, has the gates in the order r, z, g, and another initialisation.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::GRU;
///
/// let device = Cpu::default();
/// let sequences: Tensor<(usize, Const<5>, Const<2>), f32, _> = device.zeros_like(&(3, Const, Const));
/// let last: GRU<2, 4, 12, 2, 0, 0, f32, Cpu> = BuildModule::build(&device);
/// assert_eq!(last.forward(sequences.clone()).shape().concrete(), [3, 4]);
/// let every: GRU<2, 4, 12, 1, 1, 0, f32, Cpu> = BuildModule::build(&device);
/// assert_eq!(every.forward(sequences).shape().concrete(), [3, 5, 4]);
/// ```
#[doc(alias = "GRUCell")]
#[doc(alias = "CuDNNGRU")]
pub type GRU<
    const I: usize,
    const U: usize,
    const G: usize,
    const BIASES: usize,
    const SEQUENCES: usize,
    const BACKWARDS: usize,
    E,
    D,
> = Recurrent<I, U, G, SEQUENCES, BACKWARDS, Gru<BIASES>, E, D>;

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };
    use rand_distr::StandardNormal;

    use super::*;
    use crate::{
        check_gradients::{check_gradients, Traced},
        layer::RngKey,
        tensor::*,
    };

    fn known<const BIASES: usize>(
        bias: [[f64; 3]; BIASES],
    ) -> GRU<1, 1, 3, BIASES, 1, 0, f64, Cpu> {
        let device = Cpu::default();
        GRU {
            weight: device.tensor([[0.5], [-0.25], [1.0]]),
            recurrent: device.tensor([[0.1], [0.2], [-0.3]]),
            bias: device.tensor(bias),
            dropout: 0.0,
            key: RngKey::default(),
        }
    }

    fn random<
        const I: usize,
        const U: usize,
        const G: usize,
        const BIASES: usize,
        const S: usize,
        const B: usize,
    >() -> GRU<I, U, G, BIASES, S, B, f64, Cpu> {
        let mut layer: GRU<I, U, G, BIASES, S, B, f64, Cpu> =
            BuildModule::build(&Cpu::seed_from_u64(3));
        layer.bias.fill_with_distr(StandardNormal);
        layer
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn values_are_those_of_the_formulas() {
        let x = Cpu::default().tensor([[[1.0], [-0.5]]]);
        let after = known([[0.0, 1.0, 0.25], [0.5, -0.5, 0.125]]);
        let [[[first], [last]]] = after.forward(x.clone()).array();
        near(first, 0.233_132_293_609_729_54);
        near(last, 0.041_498_105_138_709_65);
        let [[[first], [last]]] = known([[0.0, 1.0, 0.25]]).forward(x).array();
        near(first, 0.320_261_572_760_084_6);
        near(last, -0.030_633_454_195_124_227);
    }

    #[test]
    fn dropout_trains_and_rests() {
        let mut layer = random::<3, 2, 6, 2, 0, 0>();
        layer.set_dropout(0.5);
        let x: Tensor<(Const<5>, Const<3>, Const<3>), f64, _> = Cpu::default().sample_normal();
        let inferred = layer.forward(x.clone()).array();
        assert_ne!(layer.forward_mut(x.put_tape(Traced::default())).array(), inferred);
        assert_eq!(layer.key.call, 1);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::seed_from_u64(2);
        let x: Tensor<(Const<3>, Const<4>, Const<2>), f64, _> = device.sample_normal();
        check_gradients(&(x.clone(), random::<2, 3, 9, 2, 0, 0>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), random::<2, 3, 9, 2, 1, 1>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), random::<2, 3, 9, 1, 0, 1>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let mut layer = random::<2, 5, 15, 1, 1, 0>();
        layer.set_dropout(0.4);
        check_gradients(&(x, layer), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
        let x: Tensor<(Const<1>, Const<1>, Const<3>), f64, _> = device.sample_normal();
        check_gradients(&(x.clone(), random::<3, 1, 3, 2, 0, 0>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        check_gradients(&(x, random::<3, 1, 3, 1, 1, 0>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
    }
}
