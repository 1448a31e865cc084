//! `SeparableConv2D`: a depthwise convolution followed by a pointwise convolution.

use super::{
    activation::{Activation, Linear},
    initialize, Conv2D, Slide, Sliding,
};
use crate::tensor::*;

/// `MULTIPLIER` kernels for each channel, then a 1 by 1 convolution over their outputs: `[C, H, W]`
/// becomes `[O, OH, OW]`.
///
/// ```text
/// between[c MULTIPLIER + m] = the kernel m of channel c over channel c, without a bias
/// y[o] = activation(sum over k of pointwise[o, k] between[k] + bias[o])
/// ```
///
/// `W` is `MULTIPLIER` times the channels. `N` is `O`, or 0 for a layer without a bias. The type
/// `S` gives strides, padding and dilation of the kernels of `KH` by `KW`; see [`Slide`]. The layer
/// consists of two [`Conv2D`], the first with one group for each channel.
///
/// Both weights are initialised Glorot uniform, U(-l, l), with l = sqrt(6 / (KH KW (C +
/// MULTIPLIER))) for the depthwise and sqrt(6 / (W + O)) for the pointwise one, as in Keras; the
/// bias is initialised to zero.
///
/// `keras.layers.SeparableConv2D(O, (KH, KW), strides, padding, dilation_rate=, depth_multiplier=,
/// activation=)` with `data_format="channels_first"`, whose kernels are (KH, KW, C, MULTIPLIER) and (1, 1, W, O). In PyTorch `Conv2d(C,
/// W, (KH, KW), groups=C, bias=False)` and `Conv2d(W, O, 1)`.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::{activation::Relu, SeparableConv2D, Slide};
///
/// let device = Cpu::default();
/// // A kernel of 3 by 3 for each of 4 channels, then 16 filters.
/// type Layer = SeparableConv2D<1, 4, 16, 3, 3, 16, 6, 6, Slide, Relu, f32, Cpu>;
/// let layer: Layer = BuildModule::build(&device);
/// let output = layer.forward(device.zeros::<Rank4<5, 4, 8, 8>>());
/// assert_eq!(output.shape().concrete(), [5, 16, 6, 6]);
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "Conv2d")]
#[doc(alias = "SeparableConvolution2D")]
pub struct SeparableConv2D<
    const MULTIPLIER: usize,
    const W: usize,
    const O: usize,
    const KH: usize,
    const KW: usize,
    const N: usize,
    const OH: usize,
    const OW: usize,
    S: Sliding = Slide,
    A: Activation = Linear,
    E: Dtype = f32,
    D: Storage<E> = dfdx::tensor::Cpu,
> {
    /// The depthwise convolution, from `C` to `W` channels.
    pub depthwise: Conv2D<1, W, KH, KW, 0, OH, OW, S, Linear, E, D>,
    /// The pointwise convolution, from `W` to `O` channels.
    pub pointwise: Conv2D<W, O, 1, 1, N, OH, OW, Slide, A, E, D>,
}

impl<
        const MULTIPLIER: usize,
        const W: usize,
        const O: usize,
        const KH: usize,
        const KW: usize,
        const N: usize,
        const OH: usize,
        const OW: usize,
        S: Sliding,
        A: Activation,
        E: Dtype,
        D: Storage<E>,
    > NonMutableModule for SeparableConv2D<MULTIPLIER, W, O, KH, KW, N, OH, OW, S, A, E, D>
{
}

impl<
        const MULTIPLIER: usize,
        const W: usize,
        const O: usize,
        const KH: usize,
        const KW: usize,
        const N: usize,
        const OH: usize,
        const OW: usize,
        S: Sliding,
        A: Activation,
        E: Element,
        D: Device<E>,
    > TensorCollection<E, D> for SeparableConv2D<MULTIPLIER, W, O, KH, KW, N, OH, OW, S, A, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> =
        SeparableConv2D<MULTIPLIER, W, O, KH, KW, N, OH, OW, S, A, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        // Not visited as a module, because the initialisation of its kernels is not that of a
        // `Conv2D`.
        let depthwise = Self::tensor(
            "depthwise",
            |s| &s.depthwise.weight,
            |s| &mut s.depthwise.weight,
            TensorOptions::reset_with(|weight| {
                let channels = W / MULTIPLIER.max(1);
                initialize::glorot_uniform(weight, KH * KW * channels, KH * KW * MULTIPLIER)
            }),
        );
        let pointwise = Self::module("pointwise", |s| &s.pointwise, |s| &mut s.pointwise);
        visitor.visit_fields((depthwise, pointwise), |(weight, pointwise)| {
            let bias = weight.device().zeros();
            let (activation, slide) = (Linear, S::default());
            SeparableConv2D { depthwise: Conv2D { weight, bias, activation, slide }, pointwise }
        })
    }
}

impl<
        B: Dim,
        const C: usize,
        const H: usize,
        const WIDTH: usize,
        const MULTIPLIER: usize,
        const W: usize,
        const O: usize,
        const KH: usize,
        const KW: usize,
        const N: usize,
        const OH: usize,
        const OW: usize,
        S: Sliding,
        A: Activation,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, Const<C>, Const<H>, Const<WIDTH>), E, D, T>>
    for SeparableConv2D<MULTIPLIER, W, O, KH, KW, N, OH, OW, S, A, E, D>
{
    type Output = Tensor<(B, Const<O>, Const<OH>, Const<OW>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<WIDTH>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        self.pointwise.try_forward(self.depthwise.try_forward(x)?)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::{BuildModule, NumParams},
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };

    use super::{super::activation::*, *};
    use crate::check_gradients::check_gradients;

    #[test]
    fn each_channel_has_its_kernels_and_they_are_mixed() {
        let device = Cpu::default();
        type Layer = SeparableConv2D<2, 4, 1, 1, 2, 1, 1, 2, Slide, Linear, f64, Cpu>;
        let mut layer: Layer = BuildModule::build(&device);
        layer.depthwise.weight.copy_from(&[1.0, 2.0, 0.0, 1.0, 10.0, 0.0, 0.0, 0.5]);
        layer.pointwise.weight.copy_from(&[1.0, 100.0, 1000.0, 1.0]);
        layer.pointwise.bias.copy_from(&[0.25]);
        let x = device.tensor([[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]]);
        let [[[[first, second]]]] = layer.forward(x).array();
        assert_eq!(first, 5.0 + 200.0 + 40_000.0 + 2.5 + 0.25);
        assert_eq!(second, 8.0 + 300.0 + 50_000.0 + 3.0 + 0.25);
        assert_eq!(layer.num_trainable_params(), 8 + 4 + 1);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::seed_from_u64(2);
        let x: Tensor<Rank4<2, 3, 5, 4>, f64, Cpu> = device.sample_normal();
        type Plain = SeparableConv2D<1, 3, 2, 3, 2, 2, 3, 3, Slide, Tanh, f64, Cpu>;
        let layer: Plain = BuildModule::build(&device);
        check_gradients(&(x, layer), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
        // Strides of 2 and 1, one column of padding on the left, dilations of 1 and 2, no bias.
        let x: Tensor<Rank4<1, 2, 5, 4>, f64, Cpu> = device.sample_normal();
        type Strided =
            SeparableConv2D<2, 4, 3, 2, 2, 0, 2, 3, Slide<2, 1, 0, 1, 1, 2>, Linear, f64, Cpu>;
        let layer: Strided = BuildModule::build(&device);
        check_gradients(&(x, layer), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
    }
}
