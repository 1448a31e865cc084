//! `BatchNorm`: normalises each feature over the batch.

use super::{
    declare::layer,
    initialize::{ones, zeros},
    shard_statistics::MomentOfShards,
    statistics::{Features, Moment, Normalise, RowSubset},
    Batched, Mask, MaskedModule, MaskedModuleMut, ReadsMask,
};
use crate::{missing, operation::*, shards, tensor::*};

layer! {
    /// y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each of the `C` features: of
    /// `[C]` over the batch, of `[steps, C]` over the batch and the steps, of an image
    /// `[C, height, width]` over the batch and the pixels of a channel.
    ///
    /// `ModuleMut` is training: mean and population variance are those of the batch, and the
    /// running statistics are updated, `running = momentum * running + (1 - momentum) * batch`.
    /// `Module` is inference, with the running statistics. A training batch with one value for each
    /// feature has no variance: it is normalised with the running statistics, which are not updated
    /// (`torch.nn.BatchNorm1d` refuses such a batch; Keras gives zeros and updates the running
    /// variance with 0). Where rows of the batch are absent, train with
    /// [`try_forward_present`](BatchNorm::try_forward_present). With a [`Mask`] the statistics are
    /// taken over the unmasked steps, and all steps are normalised with them. (Keras adds 1e-7 to
    /// the number of unmasked steps.) Within a [`shards::scope`] the statistics are those of the
    /// rows of all shards of the batch, and so are the gradients of the input, as of
    /// `torch.nn.SyncBatchNorm`.
    ///
    /// Gamma is initialised to 1, beta to 0, the running mean to 0 and the running variance to 1;
    /// momentum is 0.99 and epsilon 1e-3.
    ///
    /// `keras.layers.BatchNormalization`; `torch.nn.BatchNorm1d(C, eps=1e-3, momentum=0.01)` and
    /// `BatchNorm2d`, whose momentum is the weight of the new value and whose running variance is
    /// unbiased. dfdx's `BatchNorm1D` follows PyTorch.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module, ModuleMut}, prelude::*};
    /// use multi_input::layer::BatchNorm;
    ///
    /// let device = Cpu::default();
    /// let mut layer: BatchNorm<1, f64, Cpu> = BuildModule::build(&device);
    /// let x = device.tensor([[1.0], [3.0]]);
    /// let y = layer.forward_mut(x.leaky_trace()).array();
    /// assert!((y[0][0] + 0.9995).abs() < 1e-4 && (y[1][0] - 0.9995).abs() < 1e-4);
    /// assert!((layer.running_mean.array()[0] - 0.02).abs() < 1e-12);
    /// ```
    #[doc(alias = "BatchNormalization")]
    #[doc(alias = "BatchNorm1d")]
    #[doc(alias = "BatchNorm2d")]
    #[doc(alias = "BatchNorm1D")]
    #[doc(alias = "BatchNorm2D")]
    #[doc(alias = "LazyBatchNorm1d")]
    #[doc(alias = "LazyBatchNorm2d")]
    #[doc(alias = "SyncBatchNorm")]
    #[doc(alias = "bn")]
    pub struct BatchNorm<const C: usize>: ReadsMask {
        /// The factor of each normalised feature, `[C]`.
        pub gamma: Tensor<Rank1<C>, E, D> = trained(ones()),
        /// The offset of each normalised feature, `[C]`.
        pub beta: Tensor<Rank1<C>, E, D> = trained(zeros()),
        /// The mean for inference, `[C]`.
        pub running_mean: Tensor<Rank1<C>, E, D> = fixed(zeros()),
        /// The variance for inference, `[C]`.
        pub running_var: Tensor<Rank1<C>, E, D> = fixed(ones()),
        /// The weight of the old value in an update of the running statistics.
        pub momentum: f64 = setting(set_momentum, 0.99),
        /// Added to the variance, so that the divisor is not zero.
        pub epsilon: f64 = setting(set_epsilon, 1e-3),
        /// Whether training uses the running statistics as well and does not update them:
        /// `trainable = False` in Keras.
        pub frozen: bool = state(set_frozen, false),
    }
}

impl<const C: usize, E: Element, D: Backend<E>> BatchNorm<C, E, D> {
    /// Training on a batch with absent rows: the statistics are taken over the rows where `present`
    /// is 1, and all rows are normalised with them. With no present row the running statistics are
    /// used and not updated.
    pub fn try_forward_present<S: Batched, T: Tape<E, D>>(
        &mut self,
        x: Tensor<S, E, D, T>,
        present: &Tensor<(S::Batch, Const<1>), E, D>,
    ) -> Result<Tensor<S, E, D, T>, D::Err>
    where
        Self: Module<Tensor<S, E, D, T>>,
    {
        let present = missing::flags(present, x.shape().batch().size())?;
        self.train(x, &present)
    }

    fn train<S: Shape, T: Tape<E, D>>(
        &mut self,
        x: Tensor<S, E, D, T>,
        present: &[bool],
    ) -> Result<Tensor<S, E, D, T>, D::Err> {
        let features = features(C, x.shape().concrete().as_ref());
        let rows = x.shape().num_elements() / (C * features.each).max(1);
        if self.frozen {
            return self.infer(x);
        }
        let (x, tape) = x.split_tape();
        let counted = RowSubset::new(present, rows);
        let batch = match shards::are_current() {
            false => Batch::of(&x, (features, counted))?,
            true => Batch::of_shards(&x, (features, counted))?,
        };
        // One value has no variance. A batch with a single value (the remainder at the end of an
        // epoch) is treated as in inference, because its variance of 0 would distort the running
        // variance.
        let Some(batch) = batch else { return self.infer(x.put_tape(tape)) };
        update_running::<C, E, D>(&mut self.running_mean, &batch.mean, self.momentum);
        update_running::<C, E, D>(&mut self.running_var, &batch.variance, self.momentum);
        let Batch { mean, variance, counted, values_in_shards } = batch;
        self.normalise(x.put_tape(tape), [&mean, &variance], (counted, values_in_shards))
    }

    fn infer<S: Shape, T: Tape<E, D>>(
        &self,
        x: Tensor<S, E, D, T>,
    ) -> Result<Tensor<S, E, D, T>, D::Err> {
        self.normalise(x, [&self.running_mean, &self.running_var], (RowSubset::none(), None))
    }

    fn normalise<S: Shape, T: Tape<E, D>>(
        &self,
        x: Tensor<S, E, D, T>,
        [mean, variance]: [&Tensor<Rank1<C>, E, D>; 2],
        (counted, values_in_shards): (RowSubset, Option<f64>),
    ) -> Result<Tensor<S, E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        let features = features(C, x.shape().concrete().as_ref());
        let operation = Normalise { features, epsilon: self.epsilon, counted, values_in_shards };
        let inputs: [&dyn Operand<E, D>; 5] = [&x, &self.gamma, &self.beta, mean, variance];
        record(&operation, &inputs, *x.shape(), x.device(), tape)
    }
}

/// The statistics of a batch.
struct Batch<const C: usize, E: Element, D: Backend<E>> {
    mean: Tensor<Rank1<C>, E, D>,
    variance: Tensor<Rank1<C>, E, D>,
    /// The rows of this shard that they were taken over.
    counted: RowSubset,
    /// [`Normalise::values_in_shards`].
    values_in_shards: Option<f64>,
}

impl<const C: usize, E: Element, D: Backend<E>> Batch<C, E, D> {
    /// The statistics of the counted rows; `None` where a feature has fewer than 2 values.
    fn of<S: Shape>(
        x: &Tensor<S, E, D>,
        (features, counted): (Features, RowSubset),
    ) -> Result<Option<Self>, D::Err> {
        if counted.len() * features.each < 2 {
            return Ok(None);
        }
        let (moment, shape) = (Moment { features, counted: counted.clone() }, (Const,));
        let mean = record(&moment, &[x], shape, x.device(), NoneTape)?;
        let variance = record(&moment, &[x, &mean], shape, x.device(), NoneTape)?;
        Ok(Some(Batch { mean, variance, counted, values_in_shards: None }))
    }

    /// The statistics of the counted rows of all shards; `None` for all shards where a feature has
    /// fewer than 2 values in them.
    fn of_shards<S: Shape>(
        x: &Tensor<S, E, D>,
        (features, counted): (Features, RowSubset),
    ) -> Result<Option<Self>, D::Err> {
        let moment = MomentOfShards::new(features, counted.clone());
        let mean = record(&moment, &[x], (Const,), x.device(), NoneTape)?;
        let count = moment.count();
        if count < 2.0 {
            return Ok(None);
        }
        let variance = record(&moment, &[x, &mean], (Const,), x.device(), NoneTape)?;
        Ok(Some(Batch { mean, variance, counted, values_in_shards: Some(count) }))
    }
}

/// Updates running statistics with those of a batch: an exponential moving average.
fn update_running<const C: usize, E: Element, D: Backend<E>>(
    running: &mut Tensor<Rank1<C>, E, D>,
    batch: &Tensor<Rank1<C>, E, D>,
    momentum: f64,
) {
    let (momentum, one_minus_momentum) = (E::of(momentum), E::of(1.0 - momentum));
    D::edit(running, |running| {
        for (running, batch) in running.iter_mut().zip(&*D::values(batch)) {
            *running = momentum * *running + one_minus_momentum * *batch;
        }
    });
}

/// The channels of an image are its first axis; otherwise the features are the last axis.
fn features(count: usize, sizes: &[usize]) -> Features {
    match *sizes {
        [_, _, height, width] => Features { count, each: height * width },
        _ => Features { count, each: 1 },
    }
}

impl<B: Dim, L: Dim, const C: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
    MaskedModule<Tensor<(B, L, Const<C>), E, D, T>> for BatchNorm<C, E, D>
{
    /// Inference takes no statistics from the batch, so the mask has no effect.
    fn try_forward_masked(
        &self,
        x: Tensor<(B, L, Const<C>), E, D, T>,
        _: &Mask,
    ) -> Result<Self::Output, D::Err> {
        self.try_forward(x)
    }
}

impl<B: Dim, L: Dim, const C: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
    MaskedModuleMut<Tensor<(B, L, Const<C>), E, D, T>> for BatchNorm<C, E, D>
{
    fn try_forward_mut_masked(
        &mut self,
        x: Tensor<(B, L, Const<C>), E, D, T>,
        mask: &Mask,
    ) -> Result<Self::Output, D::Err> {
        let (batch, steps, _) = *x.shape();
        if !mask.covers(batch.size(), steps.size()) {
            return Err(D::size_error());
        }
        self.train(x, mask.counts())
    }
}

macro_rules! modules {
    ($([$($dim:ident),*] $shape:ty),+) => {$(
        impl<$($dim: Dim,)* const C: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
            Module<Tensor<$shape, E, D, T>> for BatchNorm<C, E, D>
        {
            type Output = Tensor<$shape, E, D, T>;
            type Error = D::Err;

            fn try_forward(&self, x: Tensor<$shape, E, D, T>) -> Result<Self::Output, D::Err> {
                self.infer(x)
            }
        }

        impl<$($dim: Dim,)* const C: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
            ModuleMut<Tensor<$shape, E, D, T>> for BatchNorm<C, E, D>
        {
            type Output = Tensor<$shape, E, D, T>;
            type Error = D::Err;

            fn try_forward_mut(
                &mut self,
                x: Tensor<$shape, E, D, T>,
            ) -> Result<Self::Output, D::Err> {
                let all = vec![true; x.shape().0.size()];
                self.train(x, &all)
            }
        }
    )+};
}

modules!([B] (B, Const<C>), [B, L] (B, L, Const<C>), [B, H, W] (B, Const<C>, H, W));

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::{BuildModule, NumParams},
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::Backward,
    };

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    fn layer() -> BatchNorm<2, f64, Cpu> {
        let device = Cpu::default();
        let mut layer: BatchNorm<2, f64, Cpu> = BuildModule::build(&device);
        layer.gamma.copy_from(&[1.5, -0.5]);
        layer.beta.copy_from(&[0.25, 1.0]);
        layer.running_mean.copy_from(&[0.1, -0.3]);
        layer.running_var.copy_from(&[2.0, 0.5]);
        layer
    }

    #[track_caller]
    fn assert_near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn training_normalises_with_the_batch_and_moves_the_running_statistics() {
        let mut layer = layer();
        let x = Cpu::default().tensor([[1.0, 2.0], [3.0, 6.0]]);
        let y = layer.forward_mut(x.put_tape(Traced::default())).as_vec();
        let (first, second) = (1.0 / 1.001f64.sqrt(), 2.0 / 4.001f64.sqrt());
        assert_near(
            &y,
            &[0.25 - 1.5 * first, 1.0 + 0.5 * second, 0.25 + 1.5 * first, 1.0 - 0.5 * second],
        );
        assert_near(&layer.running_mean.array(), &[0.099 + 0.02, -0.297 + 0.04]);
        assert_near(&layer.running_var.array(), &[1.98 + 0.01, 0.495 + 0.04]);
    }

    #[test]
    fn masked_steps_are_normalised_but_do_not_count() {
        let device = Cpu::default();
        let x = device.tensor([[[1.0, 2.0], [50.0, -9.0]], [[3.0, 6.0], [7.0, 7.0]]]);
        let mask = Mask::new(2, vec![true, false, true, false]);
        let (mut masked, mut plain) = (layer(), layer());
        let y = masked.try_forward_mut_masked(x.put_tape(Traced::default()), &mask).unwrap();
        let counted = device.tensor([[1.0, 2.0], [3.0, 6.0]]);
        let expected = plain.forward_mut(counted.put_tape(Traced::default())).array();
        let y = y.array();
        assert_eq!([y[0][0], y[1][0]], expected);
        assert_eq!(masked.running_mean.array(), plain.running_mean.array());
        assert_eq!(masked.running_var.array(), plain.running_var.array());
    }

    #[test]
    fn gradients_with_a_mask_are_right() {
        let x = Cpu::default().tensor([[[0.3, -0.8], [1.2, 0.4]], [[-0.5, 0.9], [0.1, -1.4]]]);
        let mask = Mask::new(2, vec![true, false, true, true]);
        check_gradients(&(x, layer()), |(x, layer), tape| {
            layer.try_forward_mut_masked(x.clone().put_tape(tape), &mask).unwrap()
        });
    }

    #[test]
    fn inference_normalises_with_the_running_statistics() {
        let x = Cpu::default().tensor([[[0.1, -0.3], [1.1, 0.7]]]);
        let y = layer().forward(x).as_vec();
        assert_near(&y, &[0.25, 1.0, 0.25 + 1.5 / 2.001f64.sqrt(), 1.0 - 0.5 / 0.501f64.sqrt()]);
    }

    /// Two images of two channels, three pixels each.
    fn image() -> Tensor<Rank4<2, 2, 1, 3>, f64, Cpu> {
        Cpu::default().tensor([
            [[[0.3, 1.2, 0.9]], [[-0.8, 0.4, 2.0]]],
            [[[-0.6, 0.7, 0.2]], [[0.1, -1.3, 0.5]]],
        ])
    }

    #[test]
    fn a_channel_of_an_image_is_one_feature() {
        use dfdx::{shapes::Axes3, tensor_ops::PermuteTo};
        let device = Cpu::default();
        // The same values with the channels last, where each pixel is a step.
        let steps = device.tensor([
            [[0.3, -0.8], [1.2, 0.4], [0.9, 2.0]],
            [[-0.6, 0.1], [0.7, -1.3], [0.2, 0.5]],
        ]);
        let present = device.tensor([[0.0], [1.0]]);
        let (mut of_images, mut of_steps) = (layer(), layer());
        for _ in 0..2 {
            let images = [
                of_images.forward(image()),
                of_images.forward_mut(image().put_tape(Traced::default())).split_tape().0,
                of_images.try_forward_present(image(), &present).unwrap(),
            ];
            let expected = [
                of_steps.forward(steps.clone()),
                of_steps.forward_mut(steps.clone().put_tape(Traced::default())).split_tape().0,
                of_steps.try_forward_present(steps.clone(), &present).unwrap(),
            ];
            for (image, expected) in images.into_iter().zip(expected) {
                let expected = expected.permute::<Rank3<2, 2, 3>, Axes3<0, 2, 1>>().as_vec();
                assert_near(&image.as_vec(), &expected);
            }
        }
        assert_near(&of_images.running_mean.array(), &of_steps.running_mean.array());
        assert_near(&of_images.running_var.array(), &of_steps.running_var.array());
    }

    #[test]
    fn only_scale_and_offset_are_trained() {
        assert_eq!(layer().num_trainable_params(), 4);
    }

    #[test]
    fn momentum_and_epsilon_can_be_set() {
        let mut layer = layer();
        layer.set_momentum(0.0);
        layer.set_epsilon(3.0);
        let x = Cpu::default().tensor([[1.0, 2.0], [3.0, 6.0]]);
        let y = layer.forward_mut(x.put_tape(Traced::default())).array();
        assert_near(&[y[0][0]], &[0.25 - 1.5 / 2.0]);
        assert_near(&layer.running_mean.array(), &[2.0, 4.0]);
    }

    #[test]
    fn a_single_value_has_no_variance_and_is_treated_as_in_inference() {
        let x = Cpu::default().tensor([[5.0, -7.0]]);
        let (mut trained, untouched) = (layer(), layer());
        let y = trained.forward_mut(x.clone().put_tape(Traced::default())).array();
        assert_eq!(y, untouched.forward(x).array());
        assert_eq!(trained.running_mean.array(), untouched.running_mean.array());
        assert_eq!(trained.running_var.array(), untouched.running_var.array());
    }

    #[test]
    fn absent_rows_do_not_influence_anything() {
        let device = Cpu::default();
        let run = |absent: f64| {
            let mut layer = layer();
            let x = device.tensor([[1.0, 2.0], [absent, -absent], [3.0, 7.0]]);
            let present = device.tensor([[1.0], [0.0], [1.0]]);
            let y = layer.try_forward_present(x.clone().put_tape(Traced::default()), &present);
            // The output of an absent row is replaced, so the row receives no gradient.
            let y = missing::select(y.unwrap(), &present).unwrap();
            let values = y.as_vec();
            let gradients = (y.square().tanh()).sum().backward();
            (
                values,
                layer.running_mean.array(),
                layer.running_var.array(),
                gradients.get(&layer.gamma).array(),
                gradients.get(&layer.beta).array(),
                gradients.get(&x).array(),
            )
        };
        use dfdx::tensor_ops::SumTo;
        let usual = run(0.0);
        assert_eq!(usual.5[1], [0.0, 0.0]);
        for absent in [1e30, f64::NAN, f64::INFINITY] {
            assert_eq!(run(absent), usual);
        }

        // The output of the present rows is that of a batch without the absent row.
        let mut alone = layer();
        let x = device.tensor([[1.0, 2.0], [3.0, 7.0]]);
        let y = alone.forward_mut(x.put_tape(Traced::default())).array();
        assert_eq!([usual.0[0], usual.0[1]], y[0]);
        assert_eq!([usual.0[4], usual.0[5]], y[1]);
        assert_eq!(alone.running_var.array(), usual.2);
    }

    #[test]
    fn with_no_row_present_the_running_statistics_serve_and_stay() {
        let mut layer = layer();
        let device = Cpu::default();
        let x = device.tensor([[1.0, 2.0], [3.0, 6.0]]);
        let present = device.tensor([[0.0], [0.0]]);
        let expected = layer.forward(x.clone()).array();
        assert_eq!(layer.try_forward_present(x, &present).unwrap().array(), expected);
        assert_eq!(layer.running_mean.array(), [0.1, -0.3]);
        assert_eq!(layer.running_var.array(), [2.0, 0.5]);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let x = device.tensor([
            [[0.3, -0.8], [1.2, 0.4], [0.9, 2.0]],
            [[-0.6, 0.1], [0.7, -1.3], [0.2, 0.5]],
        ]);
        check_gradients(&(x.clone(), layer()), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), layer()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        for present in [[[1.0], [0.0]], [[0.0], [0.0]]] {
            let present = device.tensor(present);
            check_gradients(&(x.clone(), layer()), |(x, layer), tape| {
                layer.try_forward_present(x.clone().put_tape(tape), &present).unwrap()
            });
        }
        let x = device.tensor([[0.3, -0.8]]);
        check_gradients(&(x, layer()), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
        let x = image();
        check_gradients(&(x.clone(), layer()), |(x, layer), tape| {
            layer.forward_mut(x.clone().put_tape(tape))
        });
        check_gradients(&(x.clone(), layer()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let present = device.tensor([[0.0], [1.0]]);
        check_gradients(&(x, layer()), |(x, layer), tape| {
            layer.try_forward_present(x.clone().put_tape(tape), &present).unwrap()
        });
    }
}
