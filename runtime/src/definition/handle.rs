//! Handles of a model's nodes and outputs.

use std::{fmt, marker::PhantomData, ops::Deref};

/// Output number `INDEX` of the model `M`, such as `HousePrice::price`. Class weights, sample
/// weights and monitors take it, so that a nonexistent output does not compile.
pub struct OutputOf<M, const INDEX: usize> {
    name: &'static str,
    model: PhantomData<fn() -> M>,
}

/// A node of the model `M`, such as `HousePrice::measurements`. Learning rates and freezing take
/// it.
pub struct NodeOf<M> {
    name: &'static str,
    model: PhantomData<fn() -> M>,
}

/// An input of the model `M` whose type is an `Option`, such as `Progression::serum`. Input dropout
/// takes it. It converts into a [`NodeOf`].
pub struct OptionalInputOf<M> {
    node: NodeOf<M>,
}

/// A node whose name is that of a function or constant of every definition, such as `House::build`. It
/// is the node where one is asked for, and otherwise the function or constant, which only takes the CPU
/// as its device, and texts as paths.
#[derive(Clone, Copy, Debug)]
pub struct SharedName<H, T> {
    handle: H,
    item: T,
}

/// The argument of `Model::take`: nodes of the model `M`, as `nodes![HousePrice::rooms]` gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no nodes of `{M}`",
    label = "name nodes of the model that takes: `model.take(&base, nodes![House::rooms])`"
)]
pub trait NodesOf<M> {
    /// The nodes.
    fn nodes(&self) -> &[NodeOf<M>];
}

#[diagnostic::do_not_recommend]
impl<M, T: AsRef<[NodeOf<M>]>> NodesOf<M> for T {
    fn nodes(&self) -> &[NodeOf<M>] {
        self.as_ref()
    }
}

// Each trait of an argument has one impl, for all types, which asks for another trait: then rustc's message
// has its caret at the argument and says neither which types there are nor why the impl does not apply.

/// The argument of `Trainer::freeze`, `Trainer::learning_rate_of` and others: the handle of any node of
/// the model `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no node of the model",
    label = "name a node by its handle, such as `House::rooms`"
)]
pub trait NodeIn<M> {
    /// The node.
    fn node(self) -> NodeOf<M>;
}

#[diagnostic::do_not_recommend]
impl<M, H: Into<NodeOf<M>>> NodeIn<M> for H {
    fn node(self) -> NodeOf<M> {
        self.into()
    }
}

/// The argument of `Trainer::drop_input`: an [`OptionalInputOf`].
#[diagnostic::on_unimplemented(
    message = "only an input that may be absent can be dropped, which `{Self}` is not",
    label = "make it an `Option` with `#[input(missing = zeros)]`, or name one that is"
)]
pub trait Droppable<M> {
    /// The input's node.
    fn node(self) -> NodeOf<M>;
}

#[diagnostic::do_not_recommend]
impl<M, H: Into<OptionalInputOf<M>>> Droppable<M> for H {
    fn node(self) -> NodeOf<M> {
        self.into().node
    }
}

/// The argument of `Trainer::sample_weight`: an [`OutputOf`] the model `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no output of the model",
    label = "name an output with a loss by its handle, such as `House::price`"
)]
pub trait OutputIn<M> {
    /// The index among the model's outputs.
    fn index(&self) -> usize;

    /// The field's name.
    fn name(&self) -> &'static str;
}

#[diagnostic::do_not_recommend]
impl<M, H: OutputHandle<M>> OutputIn<M> for H {
    fn index(&self) -> usize {
        OutputHandle::index(self)
    }

    fn name(&self) -> &'static str {
        OutputHandle::name(self)
    }
}

/// The argument of `Trainer::class_weight`, `Model::confusion_matrix`, `Conformal::set` and others: an
/// [`OutputOf`] the model `M` whose type is `Class<N>`, `bool` or `[bool; N]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no classes: it is no output of the type `Class<N>` or `bool`",
    label = "no class; for numbers there are `sample_weight` and `Conformal::interval`"
)]
pub trait ClassOutput<M> {
    /// The index among the model's outputs.
    fn index(&self) -> usize;

    /// The field's name.
    fn name(&self) -> &'static str;
}

#[diagnostic::do_not_recommend]
impl<M, H: ClassHandle<M>> ClassOutput<M> for H {
    fn index(&self) -> usize {
        OutputHandle::index(self)
    }

    fn name(&self) -> &'static str {
        OutputHandle::name(self)
    }
}

/// The handle of an output, whose number its type has.
pub trait OutputHandle<M> {
    /// The index among the model's outputs.
    fn index(&self) -> usize;

    /// The field's name.
    fn name(&self) -> &'static str;
}

impl<M, const INDEX: usize> OutputHandle<M> for OutputOf<M, INDEX> {
    fn index(&self) -> usize {
        INDEX
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

/// The handle of an output that has classes.
pub trait ClassHandle<M>: OutputHandle<M> {}

impl<M: HasClasses<INDEX>, const INDEX: usize> ClassHandle<M> for OutputOf<M, INDEX> {}

/// A model whose output number `INDEX` has the type `Class<N>`, `bool` or `[bool; N]`. The expansion of
/// `#[multi_input_model]` implements it.
pub trait HasClasses<const INDEX: usize> {}

impl<M, const INDEX: usize> OutputOf<M, INDEX> {
    /// Only for the expansion of `#[multi_input_model]`.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        OutputOf { name, model: PhantomData }
    }

    /// The index among the model's outputs.
    pub const fn index(&self) -> usize {
        INDEX
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<M> NodeOf<M> {
    /// Only for the expansion of `#[multi_input_model]`.
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
    /// Only for the expansion of `#[multi_input_model]`.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        OptionalInputOf { node: NodeOf::new(name) }
    }

    /// The field's name.
    pub const fn name(&self) -> &'static str {
        self.node.name
    }
}

impl<H, T> SharedName<H, T> {
    /// Only for the expansion of `#[multi_input_model]`.
    #[doc(hidden)]
    pub const fn new(handle: H, item: T) -> Self {
        SharedName { handle, item }
    }
}

impl<H, T> Deref for SharedName<H, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<M, H: Into<NodeOf<M>>, T> From<SharedName<H, T>> for NodeOf<M> {
    fn from(shared: SharedName<H, T>) -> NodeOf<M> {
        shared.handle.into()
    }
}

impl<M, T> From<SharedName<OptionalInputOf<M>, T>> for OptionalInputOf<M> {
    fn from(shared: SharedName<OptionalInputOf<M>, T>) -> OptionalInputOf<M> {
        shared.handle
    }
}

impl<M> From<OptionalInputOf<M>> for NodeOf<M> {
    fn from(input: OptionalInputOf<M>) -> NodeOf<M> {
        input.node
    }
}

/// An output is also a node.
impl<M, const INDEX: usize> From<OutputOf<M, INDEX>> for NodeOf<M> {
    fn from(output: OutputOf<M, INDEX>) -> NodeOf<M> {
        NodeOf::new(output.name)
    }
}

// Implemented by hand, because derives would add bounds on `M`.
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
