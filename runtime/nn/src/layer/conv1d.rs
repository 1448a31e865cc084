//! `Conv1D`: a convolution over the steps of a sequence.

use multi_input_kernel::{
    convolution::Convolution,
    windows::{Plane, Windows},
};

use super::{
    activation::{Activation, Linear},
    convolution::{run, ConvOperation},
    declare::layer,
    initialize::{glorot_uniform, zeros},
    origin::Origin,
    Slide, Sliding,
};
use crate::tensor::*;

layer! {
    /// y\[l, o\] = activation(sum over i, k of weight\[o, i, k\] x\[stride l + dilation k - before,
    /// i\] + bias\[o\]): `[L, C]` becomes `[OL, O]`.
    ///
    /// Each filter takes `I` features: all, or one of C / I groups of features, in the order of the
    /// filters. Steps beyond the ends are zero. `N` is `O`, or 0 for a layer without a bias. The
    /// type `S` gives stride, padding and dilation of the kernel of `K` steps; see [`Slide`].
    ///
    /// The weight is initialised Glorot uniform, U(-l, l) with l = sqrt(6 / (K (I + O))), the bias
    /// to zero.
    ///
    /// `keras.layers.Conv1D(O, K, strides, padding, dilation_rate=, groups=, activation=)`, whose
    /// kernel is (K, I, O); `torch.nn.Conv1d(C, O, K)` (channels before steps, another
    /// initialisation). `padding = same` pads as TensorFlow: an odd number of zeros has the
    /// additional zero at the end.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::{activation::Relu, Conv1D, Slide};
    ///
    /// let device = Cpu::default();
    /// // 16 filters of 5 steps over 3 features; of 20 steps 16 are left.
    /// let layer: Conv1D<3, 16, 5, 16, 16, Slide, Relu, f32, Cpu> = BuildModule::build(&device);
    /// let output = layer.forward(device.zeros::<Rank3<7, 20, 3>>());
    /// assert_eq!(output.shape().concrete(), [7, 16, 16]);
    /// ```
    #[doc(alias = "Conv1d")]
    #[doc(alias = "Convolution1D")]
    #[doc(alias = "LazyConv1d")]
    pub struct Conv1D<
        const I: usize, const O: usize, const K: usize, const N: usize, const OL: usize;
        S: Sliding = Slide, A: Activation = Linear
    >: NonMutableModule {
        /// `[O, I, K]`.
        pub weight: Tensor<Rank3<O, I, K>, E, D> = trained(glorot_uniform(K * I, K * O)),
        /// `[O]`, or empty.
        pub bias: Tensor<Rank1<N>, E, D> = optional(weight, N, zeros()),
        /// The activation function.
        pub activation: A = held(A::default()),
        /// Stride, padding and dilation of the kernel.
        pub slide: S = held(S::default()),
    }
}

impl<
        B: Dim,
        const L: usize,
        const C: usize,
        const I: usize,
        const O: usize,
        const K: usize,
        const N: usize,
        const OL: usize,
        S: Sliding,
        A: Activation,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, Const<L>, Const<C>), E, D, T>> for Conv1D<I, O, K, N, OL, S, A, E, D>
{
    type Output = Tensor<(B, Const<OL>, Const<O>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<L>, Const<C>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        self.try_forward_from(x, Origin::Computed)
    }
}

impl<
        const I: usize,
        const O: usize,
        const K: usize,
        const N: usize,
        const OL: usize,
        S: Sliding,
        A: Activation,
        E: Element,
        D: Backend<E>,
    > Conv1D<I, O, K, N, OL, S, A, E, D>
{
    /// `try_forward`, which omits the gradient with respect to `x` where `origin` is
    /// [`Origin::Data`].
    ///
    /// # Errors
    /// The device's, and a number of channels that the groups do not divide.
    pub fn try_forward_from<B: Dim, const L: usize, const C: usize, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, Const<L>, Const<C>), E, D, T>,
        origin: Origin,
    ) -> Result<Tensor<(B, Const<OL>, Const<O>), E, D, T>, D::Err> {
        let batch = x.shape().0;
        let windows = Windows::kernel::<S>(Plane::steps(L, C), Plane::steps(OL, O), [1, K]);
        let pass = Convolution::new(windows, I).ok_or_else(D::size_error)?;
        let layer = ConvOperation { pass, function: A::FUNCTION, samples: batch.size(), origin };
        run(&layer, x, [&self.weight, &self.bias], (batch, Const, Const))
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom, TensorFromVec},
    };

    use super::{super::activation::*, *};
    use crate::check_gradients::check_gradients;

    #[test]
    fn steps_are_weighted_and_summed() {
        let device = Cpu::default();
        let mut layer: Conv1D<2, 2, 2, 2, 2, Slide, Relu, f64, Cpu> = BuildModule::build(&device);
        // In the order filter, feature, step.
        layer.weight.copy_from(&[1.0, 2.0, 10.0, 20.0, 0.0, -1.0, 0.0, 0.0]);
        layer.bias.copy_from(&[0.5, 3.0]);
        let x = device.tensor([[[1.0, 0.0], [2.0, 1.0], [4.0, -1.0]]]);
        assert_eq!(layer.forward(x).array(), [[[25.5, 1.0], [0.5, 0.0]]]);
    }

    #[test]
    fn padding_dilation_stride_and_groups_are_as_named() {
        let device = Cpu::default();
        type Layer = Conv1D<1, 2, 2, 0, 2, Slide<1, 2, 0, 1, 1, 2>, Linear, f64, Cpu>;
        let mut layer: Layer = BuildModule::build(&device);
        layer.weight.copy_from(&[1.0, 10.0, 1.0, 100.0]);
        let x = device.tensor([[[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]]);
        // The two windows cover the steps -1 and 1, and 1 and 3.
        assert_eq!(layer.forward(x).array(), [[[20.0, 600.0], [2.0, 6.0]]]);
    }

    macro_rules! check {
        ($x:ty, $layer:ty) => {{
            let device = Cpu::seed_from_u64(1);
            let count = <$x>::default().num_elements();
            let numbers = (0..count).map(|i| ((i * i) as f64 * 0.37 + 0.2).sin()).collect();
            let x: Tensor<$x, f64, Cpu> = device.tensor_from_vec(numbers, Default::default());
            let mut layer: $layer = BuildModule::build(&device);
            if !layer.bias.shape().concrete().contains(&0) {
                layer.bias = device.sample_normal();
            }
            check_gradients(&(x, layer), |(x, layer), tape| {
                layer.forward(x.clone().put_tape(tape))
            });
        }};
    }

    #[test]
    fn gradients_are_right() {
        check!(Rank3<2, 5, 2>, Conv1D<2, 3, 3, 3, 3, Slide, Linear, f64, Cpu>);
        check!(Rank3<1, 7, 2>, Conv1D<2, 3, 2, 0, 3, Slide<1, 3, 0, 1>, Tanh, f64, Cpu>);
        check!(Rank3<2, 6, 4>, Conv1D<2, 6, 3, 6, 4, Slide<1, 1, 0, 1, 1, 2>, Gelu, f64, Cpu>);
        check!(Rank3<2, 4, 3>, Conv1D<1, 3, 2, 3, 3, Slide, Softmax, f64, Cpu>);
    }
}
