//! `Embedding`: a learned vector for each category.

use super::{declare::layer, initialize::table, table_rows::TableRows};
use crate::{
    mask::{CreateMask, Mask},
    operation::*,
    sharded::TableDim,
    sparse::LookUp,
    tensor::*,
};

layer! {
    /// y = weight\[x\]: one index becomes `[M]`, `[steps]` indices become `[steps, M]`. An index of
    /// `N` or more is an error.
    ///
    /// The weight is initialised from U(-0.05, 0.05). `from = "vectors.txt"` in an annotated struct
    /// replaces the rows of known words before training. The gradient is sparse: it is added to the
    /// rows that were looked up. In a training run the optimizer also updates only these rows of a
    /// large table, so that time and memory do not grow with `N`; `Trainer::whole_tables` has the
    /// conditions and the deferred updates of the other rows. Where `DENSE_UPDATES` is 1 every step
    /// updates all rows, which is needed where a penalty reads the whole table. With
    /// [`ShardedRows<N>`](crate::sharded::ShardedRows) in the place of `R` the weight may hold a part of
    /// the rows, and a look-up takes them from those that were fetched: [`sharded`](crate::sharded),
    /// `Embedding(N, M, sharded)` in an annotated struct.
    ///
    /// `keras.layers.Embedding(N, M)`; `torch.nn.Embedding(N, M)`, which has another
    /// initialisation.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::Embedding;
    ///
    /// let device = Cpu::default();
    /// let layer: Embedding<100, 16, f32, Cpu> = BuildModule::build(&device);
    /// let output = layer.forward(device.tensor([7usize, 99, 7]));
    /// assert_eq!(output.shape().concrete(), [3, 16]);
    /// assert!(layer.try_forward(device.tensor([100usize])).is_err());
    /// ```
    #[doc(alias = "Embed")]
    #[doc(alias = "embedding_column")]
    pub struct Embedding<const N: usize, const M: usize> extra<const DENSE_UPDATES: usize = 0; R: TableDim = Const<N>>: NonMutableModule
    where R::SIZE == N, "the dimension of the rows has another size than the table"; {
        /// `[N, M]`; of a sharded table the rows that are held.
        pub weight: Tensor<(R, Const<M>), E, D> = trained(table(0.05)),
    }
}

impl<
        const N: usize,
        const M: usize,
        E: Element,
        D: Backend<E>,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > Embedding<N, M, E, D, DENSE_UPDATES, R>
{
    fn look_up<S: Shape, Out: Shape, T: Tape<E, D>>(
        &self,
        x: Tensor<S, usize, D, T>,
        (max_per_sample, shape): (usize, Out),
    ) -> Result<Tensor<Out, E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        // A table of which a sample may look up every row is updated densely.
        let max_per_sample = if DENSE_UPDATES == 0 { max_per_sample } else { usize::MAX };
        let rows = TableRows::of::<R, M, E, D, T>(&self.weight, indices(&x)?, max_per_sample);
        record(&Gather { rows }, &[&self.weight], shape, x.device(), tape)
    }
}

/// Looks up rows of a table by index.
#[derive(Clone)]
struct Gather {
    rows: TableRows,
}

compiled!(Gather);

impl Operation for Gather {
    /// The kind of look-up, which determines the gradient.
    type Saved<E: Element> = LookUp;

    const OVERWRITES: bool = true;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<LookUp, OperationError> {
        let width = self.rows.width();
        self.rows.read(&pass.inputs[0], |position, row| {
            pass.output[position * width..][..width].copy_from_slice(row);
        })
    }

    fn backward<E: Element>(
        &self,
        look_up: LookUp,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let (grads, width) = (&*pass.gradient, self.rows.width());
        self.rows.add_gradients(look_up, gradients, |position, sums| {
            let grads = &grads[position * width..][..width];
            sums.iter_mut().zip(grads).for_each(|(sum, grad)| *sum += *grad);
        })
    }
}

impl<B: Dim, const N: usize, const M: usize, E, D, T, const DENSE_UPDATES: usize, R: TableDim>
    Module<Tensor<(B,), usize, D, T>> for Embedding<N, M, E, D, DENSE_UPDATES, R>
where
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<(B, Const<M>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B,), usize, D, T>) -> Result<Self::Output, D::Err> {
        let (batch,) = *x.shape();
        self.look_up(x, (1, (batch, Const)))
    }
}

impl<
        B: Dim,
        L: Dim,
        const N: usize,
        const M: usize,
        E,
        D,
        T,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > Module<Tensor<(B, L), usize, D, T>> for Embedding<N, M, E, D, DENSE_UPDATES, R>
where
    E: Element,
    D: Backend<E>,
    T: Tape<E, D>,
{
    type Output = Tensor<(B, L, Const<M>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, L), usize, D, T>) -> Result<Self::Output, D::Err> {
        let (batch, steps) = *x.shape();
        self.look_up(x, (steps.size(), (batch, steps, Const)))
    }
}

impl<
        B: Dim,
        L: Dim,
        const N: usize,
        const M: usize,
        E,
        D,
        T,
        const DENSE_UPDATES: usize,
        R: TableDim,
    > CreateMask<Tensor<(B, L), usize, D, T>> for Embedding<N, M, E, D, DENSE_UPDATES, R>
where
    E: Element,
    D: Backend<E>,
{
    type Error = D::Err;

    fn create_mask(&self, x: &Tensor<(B, L), usize, D, T>) -> Result<Mask, D::Err> {
        if !D::is_contiguous(x) {
            return Err(D::size_error());
        }
        Ok(Mask::of_categories(&D::indices(x), x.shape().1.size()))
    }

    /// The mask of the input: it says which steps are padding, so 0 is a category like any other.
    fn narrow_mask(&self, _: &Tensor<(B, L), usize, D, T>, given: Mask) -> Result<Mask, D::Err> {
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, BroadcastTo, SumTo},
    };

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    fn layer() -> Embedding<3, 2, f64, Cpu> {
        Embedding { weight: Cpu::default().tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) }
    }

    #[test]
    fn rows_are_looked_up() {
        let device = Cpu::default();
        assert_eq!(layer().forward(device.tensor([2usize, 0])).array(), [[5.0, 6.0], [1.0, 2.0]]);
        assert_eq!(
            layer().forward(device.tensor([[1usize, 1, 0]])).array(),
            [[[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]]
        );
    }

    #[test]
    fn an_index_beyond_the_table_is_an_error() {
        let device = Cpu::default();
        assert!(layer().try_forward(device.tensor([0usize, 3])).is_err());
        let repeated = device.tensor([1usize]).broadcast::<Rank2<2, 1>, _>();
        assert!(layer().try_forward(repeated).is_err(), "not in order");
    }

    #[test]
    fn the_table_starts_within_its_limits() {
        let layer: Embedding<50, 4, f32, Cpu> = BuildModule::build(&Cpu::seed_from_u64(1));
        let weight = layer.weight.as_vec();
        assert!(weight.iter().all(|w| w.abs() <= 0.05));
        assert!(weight.iter().any(|w| w.abs() > 0.04));
    }

    #[test]
    fn only_touched_rows_receive_a_gradient_and_twice_touched_ones_twice() {
        let layer = layer();
        let x = Cpu::default().tensor([2usize, 0, 2]).put_tape(Traced::default());
        let gradients = layer.forward(x).sum().backward();
        assert_eq!(gradients.get(&layer.weight).array(), [[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]);
    }

    #[test]
    fn gradients_are_right() {
        let x = Cpu::default().tensor([[2usize, 0, 2], [1, 0, 0]]);
        check_gradients(&layer(), |layer, tape| layer.forward(x.clone().put_tape(tape)));
        let x = Cpu::default().tensor([1usize]);
        check_gradients(&layer(), |layer, tape| layer.forward(x.clone().put_tape(tape)));
    }

    #[test]
    fn category_zero_is_padding() {
        let device = Cpu::default();
        let layer: Embedding<5, 2, f64, Cpu> = BuildModule::build(&device);
        let found = layer.create_mask(&device.tensor([[3usize, 0], [0, 4]])).unwrap();
        assert_eq!(found, Mask::new(2, vec![true, false, false, true]));
    }
}
