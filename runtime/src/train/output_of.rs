//! An output of a model as a value.

use std::{fmt, marker::PhantomData};

/// One output of the model `M`, `HousePrice::price` for instance: what weights and monitors are
/// given for, so that an output that does not exist does not compile.
pub struct OutputOf<M> {
    index: usize,
    name: &'static str,
    model: PhantomData<fn() -> M>,
}

impl<M> OutputOf<M> {
    /// Called by the expansion of `#[multi_input_model]` only.
    #[doc(hidden)]
    pub const fn new(index: usize, name: &'static str) -> OutputOf<M> {
        OutputOf { index, name, model: PhantomData }
    }

    /// The place among the model's outputs.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

// By hand, because the derives would ask the same of `M`.
impl<M> Clone for OutputOf<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for OutputOf<M> {}

impl<M> fmt::Debug for OutputOf<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output `{}`", self.name)
    }
}
