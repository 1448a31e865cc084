//! `EmbeddingBag`: one vector for a list of categories.

use std::rc::Rc;

use multi_input_kernel::windows::exceeds;

use super::{declare::layer, initialize::table, table_rows::TableRows, Mask, MaskedModule};
use crate::{operation::*, sharded::TableDim, sparse::LookUp, tensor::*};

/// `MODE` of an [`EmbeddingBag`]: the mean of the vectors.
pub const MEAN: usize = 0;
/// `MODE` of an [`EmbeddingBag`]: the sum of the vectors, which may be weighted.
pub const SUM: usize = 1;
/// `MODE` of an [`EmbeddingBag`]: the maximum of each feature.
pub const MAX: usize = 2;

layer! {
    /// y = the mean, sum or maximum of weight\[x\] over the values of a list: `[steps]` indices
    /// become `[M]`. `MODE` is [`MEAN`], [`SUM`] or [`MAX`].
    /// Masked steps are left out, and an empty list gives zeros. An index of `N` or more is an error.
    ///
    /// Time and memory grow with the number of values that are not masked, not with `steps`: the
    /// vectors are added up without being copied. Initialisation and sparse updates are those of
    /// [`Embedding`](super::Embedding). Of equal maxima the first gets the gradient.
    ///
    /// `torch.nn.EmbeddingBag(N, M, mode=..)`, which has another initialisation, with
    /// `per_sample_weights` as [`try_forward_weighted`](EmbeddingBag::try_forward_weighted);
    /// `keras.layers.Embedding(N, M)` and a masked pooling over the steps.
    ///
    /// ```
    /// use dfdx::prelude::*;
    /// use multi_input::layer::{embedding_bag::SUM, EmbeddingBag, Mask, MaskedModule};
    ///
    /// let device = Cpu::default();
    /// let weight = device.tensor([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let layer: EmbeddingBag<3, 2, SUM, f32, Cpu> = EmbeddingBag { weight };
    /// let bags = device.tensor([[0usize, 2, 0], [1, 0, 0]]);
    /// let mask = Mask::of_lengths([2, 1].into_iter(), 3, false);
    /// let sums = layer.try_forward_masked(bags, &mask).unwrap();
    /// assert_eq!(sums.array(), [[6.0, 8.0], [3.0, 4.0]]);
    /// ```
    #[doc(alias = "Embedding")]
    #[doc(alias = "GlobalAveragePooling1D")]
    #[doc(alias = "embedding_lookup_sparse")]
    pub struct EmbeddingBag<const N: usize, const M: usize, const MODE: usize> extra<const DENSE_UPDATES: usize = 0; R: TableDim = Const<N>>: NonMutableModule
    where R::SIZE == N, "the dimension of the rows has another size than the table"; {
        /// `[N, M]`; of a sharded table the rows that are held.
        pub weight: Tensor<(R, Const<M>), E, D> = trained(table(0.05)),
    }
}

impl<
        const N: usize,
        const M: usize,
        const MODE: usize,
        E,
        D,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > EmbeddingBag<N, M, MODE, E, D, DENSE_UPDATES, R>
where
    E: Element,
    D: Backend<E>,
{
    /// The bags of `x`, without the masked values.
    fn bags<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: &Tensor<(B, L), usize, D>,
        mask: Option<&Mask>,
    ) -> Result<Bags, D::Err> {
        let (batch, steps) = (x.shape().0.size(), x.shape().1.size());
        if mask.is_some_and(|mask| !mask.covers(batch, steps)) {
            return Err(D::size_error());
        }
        let all = indices(x)?;
        let counts = |position: &usize| mask.is_none_or(|mask| mask.counts()[*position]);
        let positions: Rc<[usize]> = (0..all.len()).filter(counts).collect();
        let indices = positions.iter().map(|&position| all[position]).collect();
        let max_per_sample = if DENSE_UPDATES == 0 { steps } else { usize::MAX };
        let rows = TableRows::of::<R, M, E, D, T>(&self.weight, indices, max_per_sample);
        Ok(Bags { rows, positions, batch, steps, mode: MODE })
    }

    fn pool<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L), usize, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, Const<M>), E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        let bags = self.bags::<B, L, T>(&x, mask)?;
        record(&bags, &[&self.weight], (x.shape().0, Const), x.device(), tape)
    }
}

impl<
        const N: usize,
        const M: usize,
        E: Element,
        D: Backend<E>,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > EmbeddingBag<N, M, SUM, E, D, DENSE_UPDATES, R>
{
    /// y = the sum of weights\[i\] weight\[x\[i\]\]; `weights` has one number for each index of `x`.
    ///
    /// # Errors
    /// The device's, for weights or a mask of another size.
    pub fn try_forward_weighted<B: Dim, L: Dim, S: Shape, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L), usize, D, T>,
        weights: &Tensor<S, E, D>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, Const<M>), E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        if weights.shape().num_elements() != x.shape().num_elements() {
            return Err(D::size_error());
        }
        let bags = self.bags::<B, L, T>(&x, mask)?;
        record(&bags, &[&self.weight, weights], (x.shape().0, Const), x.device(), tape)
    }
}

/// Pools rows of a table. The first input is the table; a second one has a weight for each value.
#[derive(Clone)]
struct Bags {
    rows: TableRows,
    /// The positions of the values in the batch, `[batch, steps]`.
    positions: Rc<[usize]>,
    batch: usize,
    steps: usize,
    mode: usize,
}

compiled!(Bags);

/// The state of the backward pass.
struct Pooled {
    look_up: LookUp,
    /// For the maximum: the value that each feature is from.
    argmax: Vec<u32>,
}

/// No value of a bag, which is empty.
const NO_VALUE: u32 = u32::MAX;

impl Bags {
    /// The bag of a value.
    fn bag(&self, value: usize) -> usize {
        self.positions[value] / self.steps.max(1)
    }

    /// The factor of each bag's values in the mean.
    fn shares<E: Element>(&self) -> Vec<E> {
        let mut counts = vec![0_usize; self.batch];
        (0..self.positions.len()).for_each(|value| counts[self.bag(value)] += 1);
        counts.into_iter().map(|count| E::of(1.0 / count.max(1) as f64)).collect()
    }

    /// The factor of a value in the sum or mean, by its index.
    fn factors<'a, E: Element>(
        &'a self,
        inputs: &'a [std::borrow::Cow<'_, [E]>],
    ) -> impl Fn(usize) -> E + 'a {
        let shares = if self.mode == MEAN { self.shares() } else { Vec::new() };
        move |value| match (inputs.get(1), shares.get(self.bag(value))) {
            (Some(weights), _) => weights[self.positions[value]],
            (None, Some(share)) => *share,
            (None, None) => E::one(),
        }
    }

    fn largest<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Pooled, OperationError> {
        let width = self.rows.width();
        if u32::try_from(self.positions.len()).is_err() {
            return Err(OperationError::Size);
        }
        let mut argmax = vec![NO_VALUE; pass.output.len()];
        let look_up = self.rows.read(&pass.inputs[0], |value, row| {
            let bag = self.bag(value) * width;
            let largest = pass.output[bag..][..width].iter_mut().zip(&mut argmax[bag..][..width]);
            for ((largest, from), number) in largest.zip(row) {
                if *from == NO_VALUE || exceeds(*number, *largest) {
                    (*largest, *from) = (*number, value as u32);
                }
            }
        })?;
        Ok(Pooled { look_up, argmax })
    }

    /// The gradients of the weights: for each value the product of its row and the gradient of its
    /// bag.
    fn weight_gradients<E: Element>(
        &self,
        pass: &BackwardPass<'_, E>,
    ) -> Result<Vec<E>, OperationError> {
        let width = self.rows.width();
        let mut grads = Vec::with_capacity(self.positions.len());
        // Read once more: the rows of a sparse table are up to date only in its own copies.
        self.rows.read(&pass.inputs[0], |value, row| {
            let grad = &pass.gradient[self.bag(value) * width..][..width];
            grads.push(row.iter().zip(grad).map(|(number, grad)| *number * *grad).sum());
        })?;
        Ok(grads)
    }
}

impl Operation for Bags {
    type Saved<E: Element> = Pooled;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Pooled, OperationError> {
        if self.mode == MAX {
            return self.largest(pass);
        }
        let (width, factor) = (self.rows.width(), self.factors(pass.inputs));
        let look_up = self.rows.read(&pass.inputs[0], |value, row| {
            let sums = &mut pass.output[self.bag(value) * width..][..width];
            let factor = factor(value);
            sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += factor * *number);
        })?;
        Ok(Pooled { look_up, argmax: Vec::new() })
    }

    fn backward<E: Element>(
        &self,
        Pooled { look_up, argmax }: Pooled,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        if pass.inputs.len() > 1 {
            let grads = self.weight_gradients(&pass)?;
            gradients.edit(1, |dw| {
                self.positions.iter().zip(&grads).for_each(|(at, grad)| dw[*at] += *grad);
            })?;
        }
        let (width, factor) = (self.rows.width(), self.factors(pass.inputs));
        self.rows.add_gradients(look_up, gradients, |value, sums| {
            let bag = self.bag(value) * width;
            let grads = sums.iter_mut().zip(&pass.gradient[bag..][..width]);
            match self.mode {
                MAX => grads
                    .zip(&argmax[bag..][..width])
                    .filter(|(_, from)| **from == value as u32)
                    .for_each(|((sum, grad), _)| *sum += *grad),
                _ => {
                    let factor = factor(value);
                    grads.for_each(|(sum, grad)| *sum += factor * *grad);
                }
            }
        })
    }
}

impl<
        B: Dim,
        L: Dim,
        const N: usize,
        const M: usize,
        const MODE: usize,
        E,
        D,
        T,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > Module<Tensor<(B, L), usize, D, T>> for EmbeddingBag<N, M, MODE, E, D, DENSE_UPDATES, R>
where
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<(B, Const<M>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, L), usize, D, T>) -> Result<Self::Output, D::Err> {
        self.pool(x, None)
    }
}

impl<
        B: Dim,
        L: Dim,
        const N: usize,
        const M: usize,
        const MODE: usize,
        E,
        D,
        T,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > MaskedModule<Tensor<(B, L), usize, D, T>> for EmbeddingBag<N, M, MODE, E, D, DENSE_UPDATES, R>
where
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    fn try_forward_masked(
        &self,
        x: Tensor<(B, L), usize, D, T>,
        mask: &Mask,
    ) -> Result<Self::Output, D::Err> {
        self.pool(x, Some(mask))
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, TensorFrom, TensorFromVec},
        tensor_ops::{Backward, SumTo},
    };

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    fn layer<const MODE: usize>() -> EmbeddingBag<4, 2, MODE, f64, Cpu> {
        let weight = [[1.0, 2.0], [3.0, -4.0], [5.0, 6.0], [-7.0, 8.0]];
        EmbeddingBag { weight: Cpu::default().tensor(weight) }
    }

    fn mask() -> Mask {
        Mask::of_lengths([2, 0, 3].into_iter(), 3, false)
    }

    fn bags() -> Tensor<Rank2<3, 3>, usize, Cpu> {
        Cpu::default().tensor([[1, 0, 0], [0, 0, 0], [2, 3, 2]])
    }

    fn pooled<const MODE: usize>() -> [[f64; 2]; 3] {
        layer::<MODE>().try_forward_masked(bags(), &mask()).unwrap().array()
    }

    #[test]
    fn only_the_values_of_a_list_are_pooled() {
        assert_eq!(pooled::<SUM>(), [[4.0, -2.0], [0.0, 0.0], [3.0, 20.0]]);
        let third = 1.0 / 3.0;
        let mean =
            [5.0 * third - 7.0 * third + 5.0 * third, 6.0 * third + 8.0 * third + 6.0 * third];
        assert_eq!(pooled::<MEAN>(), [[2.0, -1.0], [0.0, 0.0], mean]);
        assert_eq!(pooled::<MAX>(), [[3.0, 2.0], [0.0, 0.0], [5.0, 8.0]]);
        let all = layer::<SUM>().forward(bags()).array();
        assert_eq!(all, [[5.0, 0.0], [3.0, 6.0], [3.0, 20.0]]);
    }

    #[test]
    fn values_may_be_weighted() {
        let weights = Cpu::default().tensor([[2.0, 0.5, 9.0], [9.0; 3], [1.0, 0.0, -1.0]]);
        let y = layer::<SUM>().try_forward_weighted(bags(), &weights, Some(&mask())).unwrap();
        assert_eq!(y.array(), [[6.5, -7.0], [0.0, 0.0], [0.0, 0.0]]);
        let few = Cpu::default().tensor([[1.0; 3]; 2]);
        assert!(layer::<SUM>().try_forward_weighted(bags(), &few, None).is_err());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let device = Cpu::default();
        assert!(layer::<SUM>().try_forward(device.tensor([[4usize]])).is_err());
        let beyond = device.tensor([[1usize, 4]]);
        let mask = Mask::of_lengths([1].into_iter(), 2, false);
        assert!(layer::<MAX>().try_forward_masked(beyond.clone(), &mask).is_ok());
        assert!(layer::<MAX>().try_forward_masked(beyond, &Mask::all(1, 3)).is_err());
    }

    #[test]
    fn of_equal_maxima_the_first_gets_the_gradient() {
        let layer: EmbeddingBag<3, 1, MAX, f64, Cpu> =
            EmbeddingBag { weight: Cpu::default().tensor([[1.0], [2.0], [2.0]]) };
        let x = Cpu::default().tensor([[0usize, 2, 1, 2]]).put_tape(Traced::default());
        let gradients = layer.forward(x).sum().backward();
        assert_eq!(gradients.get(&layer.weight).array(), [[0.0], [0.0], [1.0]]);
    }

    #[test]
    fn gradients_are_right() {
        fn check<const MODE: usize>() {
            let layer: EmbeddingBag<7, 5, MODE, f64, Cpu> =
                BuildModule::build(&Cpu::seed_from_u64(3));
            let x = Cpu::default().tensor([[6usize, 1, 1], [0, 2, 3], [5, 5, 5]]);
            check_gradients(&layer, |layer, tape| {
                layer.try_forward_masked(x.clone().put_tape(tape), &mask()).unwrap()
            });
            let x = Cpu::default().tensor([[4usize]]);
            check_gradients(&layer, |layer, tape| layer.forward(x.clone().put_tape(tape)));
        }
        check::<MEAN>();
        check::<SUM>();
        check::<MAX>();
    }

    /// The least time of a forward and a backward pass over bags of this length.
    fn time_of_bags(length: usize) -> std::time::Duration {
        const STEPS: usize = 300;
        let layer: EmbeddingBag<1000, 64, SUM, f32, Cpu> = BuildModule::build(&Cpu::default());
        let indices = (0..32 * STEPS).map(|position| position * 7 % 1000).collect();
        let x = Cpu::default().tensor_from_vec(indices, (Const::<32>, Const::<STEPS>));
        let mask = Mask::of_lengths([length; 32].into_iter(), STEPS, false);
        let pass = || {
            let start = std::time::Instant::now();
            let x = x.clone().put_tape(OwnedTape::<f32, Cpu>::default());
            let y = layer.try_forward_masked(x, &mask).unwrap();
            drop(y.sum::<dfdx::shapes::Rank0, _>().backward());
            start.elapsed()
        };
        (0..10).map(|_| pass()).min().unwrap_or_default()
    }

    #[test]
    fn the_cost_grows_with_the_values_that_are_there() {
        let (few, all) = (time_of_bags(3), time_of_bags(300));
        assert!(all > 5 * few, "3 of 300 values take {few:?}, all of them {all:?}");
    }

    #[test]
    fn gradients_of_weighted_values_are_right() {
        let weights: Vec<f64> = (0..9).map(|i| (i as f64 * 0.7).sin()).collect();
        let weights: Tensor<Rank3<3, 3, 1>, f64, Cpu> =
            Cpu::default().tensor_from_vec(weights, Default::default());
        let layer = layer::<SUM>();
        check_gradients(&layer, |layer, tape| {
            let x = bags().put_tape(tape);
            layer.try_forward_weighted(x, &weights, Some(&mask())).unwrap()
        });
        check_gradients(&weights, |weights, tape| {
            layer.try_forward_weighted(bags().put_tape(tape), weights, Some(&mask())).unwrap()
        });
    }
}
