//! Transfer from other models, and growth of vocabularies.

use std::borrow::Cow;

use multi_input_base::Result;
use multi_input_data::{reading::ShardRows, Source};
use multi_input_kernel::Element;

use super::Model;
use crate::{
    compute::Compute,
    definition::{Network, NodeOf, NodesOf},
    objective::{encode, sample_tables},
    transfer::{Grown, Taken, Weights, Which},
    untyped::rows_at_once,
};

/// What nodes are taken from: a [`Model`] of any definition and dtype, or the [`Weights`] of a file.
#[diagnostic::on_unimplemented(
    message = "nodes cannot be taken from `{Self}`",
    label = "no model, and no `Weights`",
    note = "a file is read by `Weights::file(path)?`"
)]
pub trait Base: sealed::Sealed {
    /// The weights by name.
    #[doc(hidden)]
    fn weights(&self) -> Result<Cow<'_, Weights>>;
}

mod sealed {
    use multi_input_kernel::Element;

    use super::{Compute, Network, Weights};

    pub trait Sealed {}

    impl Sealed for Weights {}

    impl<M: Network<E, D>, E: Element, D: Compute<E>> Sealed for super::Model<M, E, D> {}
}

impl Base for Weights {
    fn weights(&self) -> Result<Cow<'_, Weights>> {
        Ok(Cow::Borrowed(self))
    }
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Base for Model<M, E, D> {
    fn weights(&self) -> Result<Cow<'_, Weights>> {
        D::core().weights(self.untyped()).map(Cow::Owned)
    }
}

impl<M: Network<E, D>, E: Element, D: Compute<E>> Model<M, E, D> {
    /// Takes nodes by name from another model: the weights of their branches, running statistics
    /// included, with the fitted preprocessing that belongs to them, and the record of what training
    /// has reached. The other model may have another definition and another dtype; these nodes have
    /// to agree. `keras.Model.load_weights(.., by_name=True)` and `load_state_dict` of a part in
    /// PyTorch, neither of which takes preprocessing.
    ///
    /// With a node come:
    /// - the preprocessing of the inputs that its branch reads, directly or through nodes without
    ///   weights, and of the inputs whose vocabularies they share;
    /// - the scale or the labels of the target, if the branch predicts one that the other model
    ///   predicts too;
    /// - where the branch is shared, the other nodes that share it, as far as they agree.
    ///
    /// What came keeps its preprocessing in [`fit`](crate::train::Trainer::fit) and
    /// [`fit_from`](crate::train::Trainer::fit_from), which fit the rest, until
    /// [`refit`](crate::train::Trainer::refit) asks for another.
    ///
    /// ```
    /// use multi_input::prelude::*;
    ///
    /// #[multi_input_model]
    /// struct Price {
    ///     #[input(standardize)]
    ///     #[branch(Dense(8, tanh))]
    ///     numbers: [f32; 3],
    ///     #[from(numbers)]
    ///     #[branch(Dense(1))]
    ///     #[output(loss = mse)]
    ///     price: f32,
    /// }
    ///
    /// #[multi_input_model]
    /// struct Rent {
    ///     #[input(standardize)]
    ///     #[branch(Dense(8, tanh))]
    ///     numbers: [f32; 3],
    ///     #[from(numbers)]
    ///     #[branch(Dense(1))]
    ///     #[output(loss = mse)]
    ///     rent: f32,
    /// }
    ///
    /// # let row = |x: f32| PriceSample { numbers: [x, x * x, 1.0], price: x };
    /// # let prices: Vec<PriceSample> = (0..20).map(|n| row(n as f32)).collect();
    /// # let row = |x: f32| RentSample { numbers: [x, x * x, 1.0], rent: x };
    /// # let rents: Vec<RentSample> = (0..9).map(|n| row(n as f32)).collect();
    /// # let silent = Progress::silent;
    /// let mut base = Price::build(&Cpu::default(), Seed(1));
    /// # let trainer = Trainer::new(Adam::new(1e-3)).progress(silent());
    /// trainer.fit(&mut base, &prices)?;
    ///
    /// let mut tuned = Rent::build(&Cpu::default(), Seed(2));
    /// let taken = tuned.take(&base, nodes![Rent::numbers])?;
    /// assert!(taken.to_string().contains(
    ///     "`numbers`: 2 tensors of f32 (32 parameters), the fitted preprocessing of `numbers`"
    /// ));
    /// # let trainer = Trainer::new(Adam::new(1e-3)).progress(silent());
    /// trainer.freeze(Rent::numbers).fit(&mut tuned, &rents)?;
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Transfer`](crate::Error::Transfer) with every node that does not agree, and both
    /// definitions or both shapes. Then nothing was taken.
    pub fn take(&mut self, base: &impl Base, nodes: impl NodesOf<M>) -> Result<Taken> {
        let names: Vec<&'static str> = nodes.nodes().iter().map(NodeOf::name).collect();
        D::core().take(self.untyped_mut(), &*base.weights()?, Which::Named(&names))
    }

    /// As [`take`](Model::take), for every node that the other model has alike.
    /// `keras.Model.load_weights(.., by_name=True, skip_mismatch=True)`;
    /// `load_state_dict(.., strict=False)` in PyTorch.
    ///
    /// # Errors
    /// [`Error::Transfer`](crate::Error::Transfer) if no node fits, with the reason of each.
    pub fn take_matching(&mut self, base: &impl Base) -> Result<Taken> {
        D::core().take(self.untyped_mut(), &*base.weights()?, Which::Matching)
    }

    /// Adds the words and categories of new rows to the vocabularies of a fitted model, in the free
    /// places of their capacities, which are part of the definition. Earlier entries keep their
    /// indices, and their rows in embedding tables keep their bits. The vectors of new entries start
    /// at that of the unknown entry, which stood for them until now, so predictions do not change
    /// before the next [`fit`](crate::train::Trainer::fit) trains them.
    ///
    /// The most frequent new entries come first; of a `categories(.., minimum = n)` the new rows
    /// have to hold an entry `n` times. Entries without a place stay unknown, and the result says
    /// how many. A vocabulary that no `Embedding` looks up (`one_hot`) does not grow, nor does one
    /// whose table another input with indices of its own looks up too. Rows without a known target
    /// do not count.
    ///
    /// A run that was interrupted cannot [resume](crate::train::Trainer::resume) with other rows;
    /// train in a new run, in which the optimizer starts anew.
    ///
    /// # Errors
    /// [`Error::Unfitted`](crate::Error::Unfitted) before training, and
    /// [`Error::Value`](crate::Error::Value) for a row that the model does not accept, such as one
    /// with a new label: classes do not grow. Then nothing has grown.
    pub fn grow(&mut self, new_rows: &[M::Sample]) -> Result<Grown> {
        let raw = encode::<M>(new_rows, "grow by")?;
        D::core().grow(self.untyped_mut(), &mut std::iter::once(Ok((raw, 0))))
    }

    /// As [`grow`](Model::grow), for the rows of a source, such as a file, in one pass.
    ///
    /// # Errors
    /// As [`grow`](Model::grow), and those of the source.
    pub fn grow_from<S: Source<Row = M::Sample>>(&mut self, source: &S) -> Result<Grown> {
        let at_once = rows_at_once(&M::GRAPH);
        let fitted = self.untyped().fitted()?.into_owned();
        sample_tables::<M, S, _>(source, &fitted, (&ShardRows::ALL, at_once), |tables| {
            D::core().grow(self.untyped_mut(), tables)
        })
    }
}

/// A list of nodes for [`Model::take`]: `nodes![Rent::numbers, Rent::towers]`, or in short
/// `nodes![Rent::{numbers, towers}]`. A node that the definition does not have does not compile.
#[macro_export]
macro_rules! nodes {
    ($model:ident :: { $($node:ident),* $(,)? }) => {
        [$($crate::definition::NodeOf::<$model>::from($model::$node)),*]
    };
    ($($node:expr),* $(,)?) => {
        [$($crate::definition::NodeOf::from($node)),*]
    };
}
