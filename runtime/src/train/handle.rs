//! The nodes and outputs of a model as values.

use std::{fmt, marker::PhantomData};

/// Output number `INDEX` of the model `M`, `HousePrice::price` for instance: what weights and
/// monitors are given for, so that an output that does not exist does not compile.
pub struct OutputOf<M, const INDEX: usize> {
    name: &'static str,
    model: PhantomData<fn() -> M>,
}

/// One node of the model `M`, `HousePrice::measurements` for instance: what learning rates, freezing
/// and dropping are given for.
pub struct NodeOf<M> {
    name: &'static str,
    model: PhantomData<fn() -> M>,
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
