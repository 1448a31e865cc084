//! What a training loop by hand needs: batches from rows, the loss on the tape, penalties.

use std::marker::PhantomData;

use dfdx::{
    shapes::{Rank0, Shape},
    tensor::{Gradients, OwnedTape, Tensor},
};
use multi_input_base::{Error, Result, Seed, Stream};
use multi_input_kernel::Element;
use multi_input_nn::{layer::RngKey, Penalties};

use super::Model;
use crate::{
    compute::Compute,
    data::Batch,
    definition::{Definition, IntoHeads, Network, OutputOf},
    objective::{encode, target_row, RowWeights, Rows},
};

/// A batch of samples as tensors, from [`Model::batch`].
pub struct SampleBatch<M: Network<E, D>, E: Element, D: Compute<E>> {
    /// The input of the module: `HousePriceBatch`.
    pub inputs: M::Batch,
    /// The targets.
    pub targets: BatchTargets<M, E, D>,
}

/// The targets of a batch, after their preprocessing.
pub struct BatchTargets<M, E: Element, D: Compute<E>> {
    rows: Rows,
    device: D,
    model: PhantomData<fn() -> (M, E)>,
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
    /// Fits the preprocessing on rows, as [`Trainer::fit`](crate::train::Trainer::fit) does before
    /// its first step, for a training loop by hand. Preprocessing that is fitted already is fitted
    /// anew, except for what was [taken](Model::take) into a model that is not fitted yet.
    /// An `Embedding(.., from = "vectors.txt")` starts at the vectors of its file. `adapt` of Keras's
    /// preprocessing layers. On the ranks of a cluster each fits on the rows that it is given, so all
    /// of them are given the same.
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, and [`Error::Value`] for a row that a step does not accept;
    /// [`Error::File`] and [`Error::Line`] for a file of vectors.
    pub fn fit_preprocessing(&mut self, rows: &[M::Sample]) -> Result<()> {
        let raw = encode::<M>(rows, "fit preprocessing on")?;
        D::core().fit_preprocessing(self.untyped_mut(), &raw)
    }

    /// The tensors of rows, for a training loop by hand. Nothing is augmented; see
    /// [`training_batch`](Model::training_batch).
    ///
    /// The module is an ordinary dfdx module, so any optimizer and any loss of dfdx fit it:
    ///
    /// ```
    /// use dfdx::{
    ///     nn::{ModuleMut, ZeroGrads},
    ///     optim::{Adam as DfdxAdam, AdamConfig, Optimizer},
    ///     tensor_ops::Backward,
    /// };
    /// use multi_input::prelude::*;
    ///
    /// #[multi_input_model]
    /// struct House {
    ///     #[input(standardize)]
    ///     rooms: f32,
    ///     #[from(rooms)]
    ///     #[branch(Dense(8, relu), Dense(1))]
    ///     #[output(loss = mse, standardize)]
    ///     price: f32,
    /// }
    ///
    /// let rows: Vec<HouseSample> =
    ///     (0..64u8).map(|n| HouseSample { rooms: n.into(), price: 2.0 * f32::from(n) }).collect();
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// model.fit_preprocessing(&rows)?;
    /// let before = model.evaluate(&rows)?.loss();
    ///
    /// let mut optimizer = DfdxAdam::new(model.module(), AdamConfig { lr: 1e-2, ..Default::default() });
    /// let mut gradients = model.module().alloc_grads();
    /// for step in 0..100 {
    ///     let start = step as usize % 4 * 16;
    ///     let batch = model.training_batch(&rows[start..start + 16], Seed(7), step)?;
    ///     let heads = model.module_mut().forward_mut(batch.inputs.traced(gradients));
    ///     // The losses and weights of the definition; or, of dfdx:
    ///     // mse_loss(heads.price.put_tape(heads.tape), batch.targets.like(House::price, &heads.price)?)
    ///     let loss = model.loss(&batch.targets, heads)?;
    ///     gradients = loss.backward();
    ///     model.add_penalties(&mut gradients)?;
    ///     optimizer.update(model.module_mut(), &gradients).expect("every tensor has a gradient");
    ///     model.module().zero_grads(&mut gradients);
    /// }
    /// assert!(model.evaluate(&rows)?.loss() < 0.1 * before);
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoRows`] without rows, [`Error::Unfitted`] if the preprocessing needs fitting and is
    /// not fitted, and [`Error::Value`] for a row that the model does not accept;
    /// [`Error::Cluster`] where tables are divided among ranks ([`build_on`](Model::build_on)): only a
    /// [`Trainer`](crate::train::Trainer) fetches the rows that a pass looks up.
    pub fn batch(&self, rows: &[M::Sample]) -> Result<SampleBatch<M, E, D>> {
        self.encoded(rows, None)
    }

    /// The tensors of rows as training step number `step` (from 0) of a
    /// [`Trainer`](crate::train::Trainer) with this seed has them: random steps augment the rows.
    /// The random layers of the module, such as `Dropout`, get their numbers of this step; without
    /// this call they would have the same numbers in every forward pass.
    ///
    /// # Errors
    /// As [`batch`](Model::batch).
    pub fn training_batch(
        &mut self,
        rows: &[M::Sample],
        seed: Seed,
        step: u64,
    ) -> Result<SampleBatch<M, E, D>> {
        let key = |stream| RngKey { seed: seed.stream(stream), step, ..RngKey::default() };
        M::set_rng_key(&mut self.inner_mut().module.0, key(Stream::Dropout));
        self.encoded(rows, Some(key(Stream::Augmentation)))
    }

    fn encoded(&self, rows: &[M::Sample], key: Option<RngKey>) -> Result<SampleBatch<M, E, D>> {
        D::core().check_whole(self.untyped(), "a training loop by hand")?;
        let raw = encode::<M>(rows, "make a batch of")?;
        let fitted = self.untyped().fitted()?;
        let raw = fitted.classes(raw, 0)?;
        let rows = Rows::numbered(raw, &fitted, RowWeights::default(), (0, key))?;
        let device = self.inner().device.clone();
        let all: Vec<usize> = (0..rows.len()).collect();
        let inputs = M::batch(&Batch::new(&rows.ready, &all), &device).map_err(Error::device)?;
        Ok(SampleBatch { inputs, targets: BatchTargets { rows, device, model: PhantomData } })
    }

    /// The total loss of the definition on the tape of `heads`: the sum over the outputs of weight *
    /// mean loss, where the means are over the rows with a known target. It is a tensor to compute
    /// with, such as to add a loss of your own, or to call `backward` on.
    ///
    /// # Errors
    /// [`Error::Device`] of the device, and for heads of another number of rows.
    pub fn loss<H>(
        &self,
        targets: &BatchTargets<M, E, D>,
        heads: H,
    ) -> Result<Tensor<Rank0, E, D, OwnedTape<E, D>>>
    where
        H: IntoHeads<E, D, Tape = OwnedTape<E, D>>,
    {
        let (mut heads, tape) = heads.into_heads().map_err(Error::device)?;
        heads.extend(M::loss_weights(&self.inner().module.0).map_err(Error::device)?);
        D::core().loss((&M::GRAPH, &targets.rows), heads, tape, &targets.device)
    }

    /// Adds the gradients of the `l1` and `l2` penalties and returns their sum.
    ///
    /// # Errors
    /// [`Error::Device`] of the device.
    pub fn add_penalties(&self, gradients: &mut Gradients<E, D>) -> Result<f64> {
        let mut penalties = Penalties::default();
        M::penalize(&self.inner().module.0, &mut penalties).map_err(Error::device)?;
        penalties.in_training(gradients, |_| false).map_err(Error::device)
    }
}

impl<M: Definition, E: Element, D: Compute<E>> BatchTargets<M, E, D> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The targets of an output in the shape of its head, for a loss of dfdx: numbers after the
    /// target's preprocessing, 0 or 1 for flags, one-hot vectors for classes. Unknown targets are 0;
    /// [`known_like`](BatchTargets::known_like) says which they are.
    ///
    /// # Errors
    /// [`Error::Unsuitable`] if `head` does not have one element for each element of the targets.
    pub fn like<S: Shape, T, const OUTPUT: usize>(
        &self,
        output: OutputOf<M, OUTPUT>,
        head: &Tensor<S, E, D, T>,
    ) -> Result<Tensor<S, E, D>> {
        self.filled(output, head, |target, index| target.map_or(0.0, |target| target.at(index)))
    }

    /// 1 for every element of a known target of an output, and 0 for unknown ones, in the shape of
    /// its head.
    ///
    /// # Errors
    /// As [`like`](BatchTargets::like).
    pub fn known_like<S: Shape, T, const OUTPUT: usize>(
        &self,
        output: OutputOf<M, OUTPUT>,
        head: &Tensor<S, E, D, T>,
    ) -> Result<Tensor<S, E, D>> {
        self.filled(output, head, |target, _| f64::from(u8::from(target.is_some())))
    }

    fn filled<S: Shape, T, const OUTPUT: usize>(
        &self,
        output: OutputOf<M, OUTPUT>,
        head: &Tensor<S, E, D, T>,
        element: impl Fn(Option<multi_input_nn::loss::TargetRow<'_>>, usize) -> f64,
    ) -> Result<Tensor<S, E, D>> {
        use dfdx::shapes::HasShape;
        let (rows, shape) = (self.rows.len(), *head.shape());
        let width = M::GRAPH.outputs.get(OUTPUT).map_or(0, |output| output.target.width);
        if shape.num_elements() != rows * width {
            let (name, found) = (output.name(), shape.concrete());
            return Err(Error::Unsuitable {
                operation: "BatchTargets::like",
                reason: format!(
                    "`{name}` has {rows} rows of {width} targets, but the head has the shape {found:?}"
                ),
            });
        }
        let column = &self.rows.ready.columns[M::GRAPH.encoded_columns() + OUTPUT];
        let elements = (0..rows).flat_map(|row| {
            let (target, element) = (target_row(column, row), &element);
            (0..width).map(move |index| E::of(element(target, index)))
        });
        self.device.try_tensor_from_vec(elements.collect(), shape).map_err(Error::device)
    }
}
