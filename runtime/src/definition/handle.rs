//! The nodes and outputs of a model as values.

use std::{fmt, marker::PhantomData};

/// Output number `INDEX` of the model `M`, `HousePrice::price` for instance: what weights and
/// monitors are given for, so that an output that does not exist does not compile.
pub struct OutputOf<M, const INDEX: usize> {
    name: &'static str,
    model: PhantomData<fn() -> M>,
}

/// One node of the model `M`, `HousePrice::measurements` for instance: what learning rates and
/// freezing are given for.
pub struct NodeOf<M> {
    name: &'static str,
    model: PhantomData<fn() -> M>,
}

/// One input of the model `M` whose type is an `Option`, `Progression::serum` for instance: what
/// dropping is given for. It is a [`NodeOf`] too.
pub struct OptionalInputOf<M> {
    node: NodeOf<M>,
}

/// What `Trainer::drop_input` takes: an [`OptionalInputOf`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no input of `{M}` that may be absent, so it cannot be dropped",
    label = "no input whose type is an `Option`",
    note = "make the input's type `Option<...>`, and say what stands in: `#[input(missing = zeros)]`"
)]
pub trait Droppable<M> {
    /// The input's node.
    fn node(self) -> NodeOf<M>;
}

/// What `Trainer::class_weight` takes: an [`OutputOf`] the model `M`
/// that is a `Class<N>` or a `bool`. The expansion of `#[multi_input_model]` says which are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no classes to weigh: its type is neither `Class<N>` nor `bool`",
    label = "no class",
    note = "`sample_weight` weighs the rows of any output"
)]
pub trait ClassOutput<M> {
    /// The place among the model's outputs.
    fn index(&self) -> usize;
}

impl<M, const INDEX: usize> OutputOf<M, INDEX> {
    /// Called by the expansion of `#[multi_input_model]` only.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        OutputOf { name, model: PhantomData }
    }

    /// The place among the model's outputs.
    pub const fn index(&self) -> usize {
        INDEX
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M> NodeOf<M> {
    /// Called by the expansion of `#[multi_input_model]` only.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        NodeOf { name, model: PhantomData }
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M> OptionalInputOf<M> {
    /// Called by the expansion of `#[multi_input_model]` only.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        OptionalInputOf { node: NodeOf::new(name) }
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.node.name
    }
}

#[diagnostic::do_not_recommend] // The message says what can be dropped.
impl<M> Droppable<M> for OptionalInputOf<M> {
    fn node(self) -> NodeOf<M> {
        self.node
    }
}

impl<M> From<OptionalInputOf<M>> for NodeOf<M> {
    fn from(input: OptionalInputOf<M>) -> NodeOf<M> {
        input.node
    }
}

/// An output is a node too.
impl<M, const INDEX: usize> From<OutputOf<M, INDEX>> for NodeOf<M> {
    fn from(output: OutputOf<M, INDEX>) -> NodeOf<M> {
        NodeOf::new(output.name)
    }
}

// By hand, because the derives would ask the same of `M`.
impl<M, const INDEX: usize> Clone for OutputOf<M, INDEX> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, const INDEX: usize> Copy for OutputOf<M, INDEX> {}

impl<M, const INDEX: usize> fmt::Debug for OutputOf<M, INDEX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output `{}`", self.name)
    }
}

impl<M> Clone for NodeOf<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for NodeOf<M> {}

impl<M> fmt::Debug for NodeOf<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node `{}`", self.name)
    }
}

impl<M> Clone for OptionalInputOf<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for OptionalInputOf<M> {}

impl<M> fmt::Debug for OptionalInputOf<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input `{}`", self.name())
    }
}
