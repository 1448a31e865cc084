//! `Conv2D`: a convolution over the pixels of an image.

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
    Flatten, MaxPool2D, Slide, Sliding,
};
use crate::tensor::*;

layer! {
    /// y\[o, r, c\] = activation(sum over i, p, q of weight\[o, i, p, q\] x\[i, stride r + dilation
    /// p - before, stride c + dilation q - before\] + bias\[o\]): `[C, H, W]` becomes
    /// `[O, OH, OW]`.
    ///
    /// Each filter takes `I` channels: all, or one of C / I groups of channels, in the order of the
    /// filters. Pixels outside the image are zero. `N` is `O`, or 0 for a layer without a bias. The
    /// type `S` gives strides, padding and dilation of the kernel of `KH` by `KW`; see [`Slide`]. A
    /// softmax runs along the channels of each pixel.
    ///
    /// The weight is initialised Glorot uniform, U(-l, l) with l = sqrt(6 / (KH KW (I + O))), the
    /// bias to zero.
    ///
    /// `keras.layers.Conv2D(O, (KH, KW), strides, padding, dilation_rate=, groups=,
    /// activation=)` with `data_format="channels_first"`, whose kernel is (KH, KW, I, O); `torch.nn.Conv2d(C,
    /// O, (KH, KW))` (another initialisation). `padding = same` pads as TensorFlow: an odd number
    /// of zeros has the additional zero below and to the right.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::{activation::Relu, Conv2D, Slide};
    ///
    /// let device = Cpu::default();
    /// // 32 filters of 3 by 3 over 3 channels; of 8 by 8 pixels 6 by 6 are left.
    /// type Layer = Conv2D<3, 32, 3, 3, 32, 6, 6, Slide, Relu, f32, Cpu>;
    /// let layer: Layer = BuildModule::build(&device);
    /// let output = layer.forward(device.zeros::<Rank4<5, 3, 8, 8>>());
    /// assert_eq!(output.shape().concrete(), [5, 32, 6, 6]);
    /// ```
    #[doc(alias = "Conv2d")]
    #[doc(alias = "Convolution2D")]
    #[doc(alias = "LazyConv2d")]
    #[doc(alias = "Conv")]
    pub struct Conv2D<
        const I: usize, const O: usize, const KH: usize, const KW: usize, const N: usize,
        const OH: usize, const OW: usize;
        S: Sliding = Slide, A: Activation = Linear
    >: NonMutableModule {
        /// `[O, I, KH, KW]`.
        pub weight: Tensor<Rank4<O, I, KH, KW>, E, D> =
            trained(glorot_uniform(KH * KW * I, KH * KW * O)),
        /// `[O]`, or empty.
        pub bias: Tensor<Rank1<N>, E, D> = optional(weight, N, zeros()),
        /// The activation function.
        pub activation: A = held(A::default()),
        /// Strides, padding and dilation of the kernel.
        pub slide: S = held(S::default()),
    }
}

impl<
        B: Dim,
        const C: usize,
        const H: usize,
        const W: usize,
        const I: usize,
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
    > Module<Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>>
    for Conv2D<I, O, KH, KW, N, OH, OW, S, A, E, D>
{
    type Output = Tensor<(B, Const<O>, Const<OH>, Const<OW>), E, D, T>;
    type Error = D::Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
    ) -> Result<Self::Output, D::Err> {
        self.try_forward_from(x, Origin::Computed)
    }
}

impl<
        const I: usize,
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
    > Conv2D<I, O, KH, KW, N, OH, OW, S, A, E, D>
{
    /// `try_forward`, which omits the gradient with respect to `x` where `origin` is
    /// [`Origin::Data`].
    ///
    /// # Errors
    /// The device's, and a number of channels that the groups do not divide.
    pub fn try_forward_from<B, const C: usize, const H: usize, const W: usize, T>(
        &self,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
        origin: Origin,
    ) -> Result<Tensor<(B, Const<O>, Const<OH>, Const<OW>), E, D, T>, D::Err>
    where
        B: Dim,
        T: Tape<E, D>,
    {
        let batch = x.shape().0;
        let layer = Self::layer(Plane::image(C, H, W), batch.size(), origin)?;
        run(&layer, x, [&self.weight, &self.bias], (batch, Const, Const, Const))
    }

    /// The layer followed by `pool`. Both are one pass where the windows of `pool` are disjoint and
    /// inside the output and the activation is monotonically increasing.
    ///
    /// # Errors
    /// Those of [`try_forward_from`](Conv2D::try_forward_from).
    pub fn try_forward_pooled<
        B,
        const C: usize,
        const H: usize,
        const W: usize,
        const PH: usize,
        const PW: usize,
        const POH: usize,
        const POW: usize,
        PS,
        T,
    >(
        &self,
        pool: &MaxPool2D<PH, PW, POH, POW, PS>,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
        origin: Origin,
    ) -> Result<Tensor<(B, Const<O>, Const<POH>, Const<POW>), E, D, T>, D::Err>
    where
        B: Dim,
        PS: Sliding,
        T: Tape<E, D>,
    {
        let (batch, output) = (x.shape().0, Plane::image(O, POH, POW));
        let layer = Self::layer(Plane::image(C, H, W), batch.size(), origin)?;
        let windows = Windows::pool::<PS>(Plane::image(O, OH, OW), output, [PH, PW]);
        match layer.pooled(&windows) {
            Some(both) => run(&both, x, [&self.weight, &self.bias], (batch, Const, Const, Const)),
            None => pool.try_forward(self.try_forward_from(x, origin)?),
        }
    }

    /// [`try_forward_pooled`](Conv2D::try_forward_pooled) followed by `flatten`, without a copy of
    /// the gradient.
    ///
    /// # Errors
    /// Those of [`try_forward_from`](Conv2D::try_forward_from).
    pub fn try_forward_pooled_flat<
        B,
        const C: usize,
        const H: usize,
        const W: usize,
        const PH: usize,
        const PW: usize,
        const POH: usize,
        const POW: usize,
        const F: usize,
        PS,
        T,
    >(
        &self,
        pool: &MaxPool2D<PH, PW, POH, POW, PS>,
        flatten: &Flatten<F>,
        x: Tensor<(B, Const<C>, Const<H>, Const<W>), E, D, T>,
        origin: Origin,
    ) -> Result<Tensor<(B, Const<F>), E, D, T>, D::Err>
    where
        B: Dim,
        PS: Sliding,
        T: Tape<E, D>,
    {
        let (batch, output) = (x.shape().0, Plane::image(O, POH, POW));
        let layer = Self::layer(Plane::image(C, H, W), batch.size(), origin)?;
        let windows = Windows::pool::<PS>(Plane::image(O, OH, OW), output, [PH, PW]);
        match layer.pooled(&windows).filter(|_| output.elements() == F) {
            Some(both) => run(&both, x, [&self.weight, &self.bias], (batch, Const)),
            None => flatten.try_forward(self.try_forward_pooled(pool, x, origin)?),
        }
    }

    /// The operation for a batch of `samples` images.
    fn layer(
        image: Plane,
        samples: usize,
        origin: Origin,
    ) -> Result<ConvOperation<Convolution>, D::Err> {
        let windows = Windows::kernel::<S>(image, Plane::image(O, OH, OW), [KH, KW]);
        let pass = Convolution::new(windows, I).ok_or_else(D::size_error)?;
        Ok(ConvOperation { pass, function: A::FUNCTION, samples, origin })
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::{BuildModule, NumParams},
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom, TensorFromVec, Trace},
        tensor_ops::{Backward, SumTo},
    };
    use multi_input_kernel::simd_dispatch::portable;

    use super::{super::activation::*, *};
    use crate::check_gradients::check_gradients;

    fn numbers<S: Shape + Default>() -> Tensor<S, f64, Cpu> {
        let count = S::default().num_elements();
        let numbers = (0..count).map(|i| ((i * i) as f64 * 0.37 + 0.2).sin()).collect();
        Cpu::default().tensor_from_vec(numbers, S::default())
    }

    #[test]
    fn patches_are_weighted_and_summed() {
        let device = Cpu::default();
        let mut layer: Conv2D<1, 2, 2, 2, 2, 2, 1, Slide, Relu, f64, Cpu> =
            BuildModule::build(&device);
        layer.weight.copy_from(&[1.0, 2.0, 3.0, 4.0, -1.0, 0.0, 0.0, 0.0]);
        layer.bias.copy_from(&[0.5, 3.0]);
        let x = device.tensor([[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]]);
        assert_eq!(layer.forward(x).array(), [[[[30.5], [50.5]], [[2.0], [0.0]]]]);
    }

    #[test]
    fn padding_dilation_stride_and_groups_are_as_named() {
        let device = Cpu::default();
        // Two groups of one channel and one filter, one row of padding above and below.
        let mut layer: Conv2D<1, 2, 2, 1, 0, 2, 2, Slide<2, 1, 1, 0, 2, 1>, Linear, f64, Cpu> =
            BuildModule::build(&device);
        assert_eq!(layer.num_trainable_params(), 4);
        layer.weight.copy_from(&[1.0, 10.0, 1.0, 100.0]);
        let x = device.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]]);
        // The two windows cover the rows -1 and 1, and 1 and 3.
        let expected = [[[[30.0, 40.0], [3.0, 4.0]], [[700.0, 800.0], [7.0, 8.0]]]];
        assert_eq!(layer.forward(x).array(), expected);
    }

    #[test]
    fn softmax_is_along_the_channels() {
        let device = Cpu::default();
        let mut layer: Conv2D<1, 2, 1, 1, 2, 1, 2, Slide, Softmax, f64, Cpu> =
            BuildModule::build(&device);
        layer.weight.copy_from(&[1.0, 0.0]);
        let y = layer.forward(device.tensor([[[[0.0, 3f64.ln()]]]])).array();
        for (found, expected) in y[0].iter().flatten().flatten().zip([0.5, 0.75, 0.5, 0.25]) {
            assert!((found - expected).abs() < 1e-12, "{y:?}");
        }
    }

    #[test]
    fn weights_start_glorot_uniform_with_the_kernel_in_the_fans() {
        let device = Cpu::seed_from_u64(3);
        let layer: Conv2D<8, 16, 3, 5, 16, 1, 1, Slide, Linear, f32, Cpu> =
            BuildModule::build(&device);
        let limit = (6.0f32 / (15.0 * 24.0)).sqrt();
        let weights = layer.weight.as_vec();
        let largest = weights.iter().fold(0.0f32, |largest, w| largest.max(w.abs()));
        assert!(largest <= limit && largest > 0.99 * limit, "{largest} of {limit}");
        assert!(layer.bias.array().iter().all(|bias| *bias == 0.0));
    }

    #[test]
    fn groups_that_do_not_fit_are_an_error() {
        let device = Cpu::default();
        let layer: Conv2D<2, 4, 1, 1, 4, 2, 2, Slide, Linear, f32, Cpu> =
            BuildModule::build(&device);
        assert!(layer.try_forward(device.zeros::<Rank4<1, 3, 2, 2>>()).is_err());
        let layer: Conv2D<1, 4, 1, 1, 4, 2, 2, Slide, Linear, f32, Cpu> =
            BuildModule::build(&device);
        assert!(layer.try_forward(device.zeros::<Rank4<1, 3, 2, 2>>()).is_err());
    }

    #[test]
    fn an_empty_batch_gives_an_empty_batch() {
        let device = Cpu::default();
        let layer: Conv2D<3, 4, 1, 1, 4, 2, 2, Slide, Linear, f32, Cpu> =
            BuildModule::build(&device);
        let x = device.zeros_like(&(0, Const::<3>, Const::<2>, Const::<2>));
        assert_eq!(layer.forward(x).shape().concrete(), [0, 4, 2, 2]);
    }

    macro_rules! check {
        ($x:ty, $layer:ty) => {{
            let device = Cpu::seed_from_u64(1);
            let mut layer: $layer = BuildModule::build(&device);
            if !layer.bias.shape().concrete().contains(&0) {
                layer.bias = device.sample_normal();
            }
            check_gradients(&(numbers::<$x>(), layer), |(x, layer), tape| {
                layer.forward(x.clone().put_tape(tape))
            });
        }};
    }

    #[test]
    fn gradients_are_right() {
        check!(Rank4<2, 2, 5, 4>, Conv2D<2, 3, 3, 2, 3, 3, 3, Slide, Linear, f64, Cpu>);
        // Stride, padding, odd sizes, no bias.
        check!(Rank4<1, 2, 5, 7>, Conv2D<2, 3, 3, 2, 0, 3, 3, Slide<2, 3, 1, 1>, Tanh, f64, Cpu>);
        // Dilation and groups.
        check!(
            Rank4<2, 4, 5, 6>,
            Conv2D<2, 6, 2, 3, 6, 3, 4, Slide<1, 1, 0, 1, 2, 2>, Gelu, f64, Cpu>
        );
        // A depthwise convolution with a softmax at every pixel.
        check!(Rank4<2, 3, 3, 3>, Conv2D<1, 3, 2, 2, 3, 2, 2, Slide, Softmax, f64, Cpu>);
    }

    #[test]
    fn what_is_flattened_at_once_is_the_same() {
        type Layer = Conv2D<2, 3, 2, 2, 3, 4, 4, Slide, Relu, f64, Cpu>;
        let layer: Layer = BuildModule::build(&Cpu::seed_from_u64(2));
        let pool = MaxPool2D::<2, 2, 2, 2, Slide<2, 2>>::default();
        let x = numbers::<Rank4<3, 2, 5, 5>>();
        let run = |fused: bool| {
            let traced = x.leaky_trace();
            let y = match fused {
                true => {
                    layer.try_forward_pooled_flat(&pool, &Flatten::<12>, traced, Origin::Computed)
                }
                false => Flatten.try_forward(pool.forward(layer.forward(traced))),
            };
            let y = y.unwrap();
            let values = y.as_vec();
            let all = y.square().sum().backward();
            [values, all.get(&layer.weight).as_vec(), all.get(&x).as_vec()].concat()
        };
        for (fused, apart) in run(true).iter().zip(run(false)) {
            assert!((fused - apart).abs() < 1e-12, "{fused} is not {apart}");
        }
        let wrong = layer.try_forward_pooled_flat(&pool, &Flatten::<13>, x, Origin::Data);
        assert!(wrong.is_err());
    }

    /// Outputs and gradients of the fused layer equal those of the separate layers within rounding,
    /// also without wide SIMD, and are equal in all bits for any number of threads.
    macro_rules! check_pooled {
        ($x:ty, $layer:ty, $pool:ty, $E:ty, $tolerance:expr) => {{
            let device = Cpu::seed_from_u64(2);
            let mut layer: $layer = BuildModule::build(&device);
            layer.bias = device.sample_normal();
            let x: Tensor<$x, $E, Cpu> = device.sample_normal();
            let pool = <$pool>::default();
            let run = |fused: bool| {
                let traced = x.leaky_trace();
                let y = match fused {
                    true => layer.try_forward_pooled(&pool, traced, Origin::Computed).unwrap(),
                    false => pool.forward(layer.forward(traced)),
                };
                let values = y.as_vec();
                let untraced = layer.try_forward_pooled(&pool, x.clone(), Origin::Data).unwrap();
                assert!(!fused || untraced.as_vec() == values);
                let all = y.square().sum().backward();
                let (weight, bias) = (all.get(&layer.weight), all.get(&layer.bias));
                [values, weight.as_vec(), bias.as_vec(), all.get(&x).as_vec()].concat()
            };
            let (apart, fused) = (run(false), run(true));
            assert_eq!(fused, multi_input_kernel::parallel::with_threads(1, || run(true)));
            assert_eq!(apart, multi_input_kernel::parallel::with_threads(1, || run(false)));
            for other in [apart, portable(|| run(true))] {
                for (found, expected) in fused.iter().zip(other) {
                    let error = (found - expected).abs() / expected.abs().max(1.0);
                    assert!(error < $tolerance, "{found} is not {expected}");
                }
            }
        }};
    }

    #[test]
    fn a_pooling_fused_is_the_pooling_after() {
        // As in docs/from-keras.md, with more samples than shards.
        check_pooled!(
            Rank4<33, 3, 18, 20>,
            Conv2D<3, 8, 3, 3, 8, 16, 18, Slide, Relu, f32, Cpu>,
            MaxPool2D<2, 2, 8, 9>, f32, 1e-4
        );
        // A batch of one, odd sizes, a row and a column outside all windows.
        check_pooled!(
            Rank4<1, 2, 9, 12>,
            Conv2D<2, 5, 3, 2, 5, 7, 11, Slide, Tanh, f64, Cpu>,
            MaxPool2D<2, 3, 3, 3>, f64, 1e-12
        );
        // Stride, padding, groups, vertical dilation, wide windows.
        check_pooled!(
            Rank4<3, 4, 9, 23>,
            Conv2D<2, 6, 3, 3, 6, 4, 12, Slide<2, 2, 1, 1, 2, 1>, Relu, f64, Cpu>,
            MaxPool2D<1, 5, 4, 2>, f64, 1e-12
        );
        // Horizontal dilation, more channels than SIMD lanes.
        check_pooled!(
            Rank4<2, 19, 6, 9>,
            Conv2D<19, 3, 2, 3, 3, 6, 5, Slide<1, 1, 1, 0, 1, 2>, LeakyRelu, f32, Cpu>,
            MaxPool2D<3, 1, 2, 5>, f32, 1e-4
        );
        check_pooled!(
            Rank4<2, 20, 6, 7>,
            Conv2D<20, 3, 3, 3, 3, 4, 5, Slide, Linear, f32, Cpu>,
            MaxPool2D<4, 4, 1, 1>, f32, 1e-4
        );
        // Not fused: an activation that is not increasing, windows that overlap, windows with
        // padding.
        check_pooled!(
            Rank4<2, 2, 7, 6>,
            Conv2D<2, 3, 3, 3, 3, 5, 4, Slide, Gelu, f64, Cpu>,
            MaxPool2D<2, 2, 2, 2>, f64, 1e-12
        );
        check_pooled!(
            Rank4<2, 2, 7, 6>,
            Conv2D<2, 3, 3, 3, 3, 5, 4, Slide, Relu, f64, Cpu>,
            MaxPool2D<2, 2, 4, 3, Slide<1, 1>>, f64, 1e-12
        );
        check_pooled!(
            Rank4<2, 2, 7, 6>,
            Conv2D<2, 3, 3, 3, 3, 5, 4, Slide, Relu, f64, Cpu>,
            MaxPool2D<2, 2, 3, 2, Slide<2, 2, 0, 0>>, f64, 1e-12
        );
    }

    #[test]
    fn gradients_through_a_fused_pooling_are_right() {
        let device = Cpu::seed_from_u64(1);
        let mut layer: Conv2D<1, 4, 3, 2, 4, 5, 6, Slide<1, 1, 1, 0>, Tanh, f64, Cpu> =
            BuildModule::build(&device);
        layer.bias = device.sample_normal();
        check_gradients(&(numbers::<Rank4<2, 2, 5, 7>>(), layer), |(x, layer), tape| {
            let x = x.clone().put_tape(tape);
            layer
                .try_forward_pooled(&MaxPool2D::<2, 2, 2, 3>::default(), x, Origin::Computed)
                .unwrap()
        });
    }

    #[test]
    fn no_gradient_is_computed_by_data() {
        let device = Cpu::seed_from_u64(1);
        let layer: Conv2D<2, 3, 3, 3, 3, 5, 4, Slide, Relu, f64, Cpu> = BuildModule::build(&device);
        let x = device.sample_normal::<Rank4<2, 2, 7, 6>>();
        let mut gradients = [Origin::Data, Origin::Computed].map(|origin| {
            layer.try_forward_from(x.leaky_trace(), origin).unwrap().sum().backward()
        });
        assert_eq!(
            gradients[0].get(&layer.weight).array(),
            gradients[1].get(&layer.weight).array()
        );
        let by_x = gradients.each_mut().map(|all| Cpu::edit_gradient(all, &x, |dx| dx.to_vec()));
        assert!(by_x[0].as_ref().unwrap().iter().all(|dx| *dx == 0.0));
        assert!(by_x[1].as_ref().unwrap().iter().any(|dx| *dx != 0.0));
    }

    #[test]
    fn a_nan_is_pooled_like_any_other() {
        let device = Cpu::default();
        let mut layer: Conv2D<1, 1, 1, 1, 1, 2, 2, Slide, Relu, f32, Cpu> =
            BuildModule::build(&device);
        layer.weight.copy_from(&[1.0]);
        for pixel in 0..4 {
            let mut numbers = vec![1.0f32; 4];
            numbers[pixel] = f32::NAN;
            let x: Tensor<Rank4<1, 1, 2, 2>, f32, Cpu> =
                device.tensor_from_vec(numbers, Default::default());
            let pool = MaxPool2D::<2, 2, 1, 1>::default();
            let y = layer.try_forward_pooled(&pool, x, Origin::Data).unwrap();
            assert!(y.array()[0][0][0][0].is_nan());
        }
    }
}
