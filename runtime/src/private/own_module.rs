//! Modules of the user's own in generated code.
//!
//! Only rustc knows whether a type is a module for what flows in. The expansion asks it once, by
//! constants that are true where a bound holds ([`Probe`]) and false where it does not
//! ([`Otherwise`]), and continues with a stand-in for a type that is no such module ([`Choose`]).
//! Everything else in the expansion therefore holds whatever the type is, and the mistake is one
//! error, at the user's token ([`check`]).

use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

use dfdx::{
    nn::{
        tensor_collection::{ModuleVisitor, TensorCollection},
        BuildOnDevice, Module, ModuleMut, NonMutableModule, ZeroSizedModule,
    },
    shapes::{self, Dtype, Unit},
    tensor::{Cpu, CpuError, HasErr, NoneTape, OwnedTape, Storage, Tensor},
    tensor_ops::Device,
};
use multi_input_kernel::{Backend, Element};
use multi_input_spec::{Kind, Shape, Size, Text};

use super::{Claim, SampleDims};

/// The module of the user's own number `N` of a definition.
pub trait OwnModule<const N: usize> {
    /// The type as the user wrote it. It stands here alone, so that a path that leads nowhere is one
    /// error of rustc's.
    type Named: ?Sized;
    /// What flows in, without a tape.
    type Input;
    /// What flows in, with a tape.
    type Taped;
    /// What the type is.
    const ANSWERS: Answers;
    /// The type, or a stand-in for one that is no module for the input.
    type Builder: ?Sized;
    /// The sizes of one sample of the output.
    const DIMS: &'static [usize];
}

/// What a type is, on the CPU and in `f32`.
#[derive(Clone, Copy)]
pub struct Answers {
    /// It builds a module.
    pub builds: bool,
    /// It builds itself.
    pub builds_itself: bool,
    /// The module is a collection of tensors. If it is not, rustc reports the user's `BuildOnDevice`.
    pub collects: bool,
    /// The type itself is a collection of tensors.
    pub collects_itself: bool,
    /// The type itself takes the input.
    pub takes_itself: bool,
    /// The module takes the input.
    pub takes: bool,
    /// Its error is the device's.
    pub fails: bool,
    /// Its output is a tensor of samples.
    pub gives: bool,
    /// The module takes the input with a tape in inference.
    pub takes_taped: bool,
    /// The module takes the input with a tape in training.
    pub trains: bool,
    /// The output in training is a tensor with that tape, and the error is the device's.
    pub gives_taped: bool,
}

impl Answers {
    /// Whether the type can stand in the module.
    pub const fn can_be_built(self) -> bool {
        self.builds && self.collects
    }

    /// Whether the type is a module for the input.
    pub const fn fits(self) -> bool {
        let infers = self.takes && self.fails && self.gives;
        self.can_be_built() && infers && self.trains && self.gives_taped
    }
}

/// Questions about the type `M` with the input `I`, and `T` with a tape. A bound that holds makes
/// an inherent constant visible, which comes before that of [`Otherwise`].
pub struct Probe<M: ?Sized, I, T>(PhantomData<(I, T)>, PhantomData<M>);

type Built<M> = <M as BuildOnDevice<Cpu, f32>>::Built;

macro_rules! questions {
    ($($name:ident { $($bounds:tt)* })*) => {
        $(
            impl<M: ?Sized, I, T> Probe<M, I, T>
            where
                $($bounds)*
            {
                /// Yes.
                pub const $name: bool = true;
            }
        )*

        /// The answers where bounds do not hold.
        pub trait Otherwise {
            $(
                /// No.
                const $name: bool = false;
            )*
        }
    };
}

questions! {
    BUILDS { M: BuildOnDevice<Cpu, f32> }
    BUILDS_ITSELF { M: BuildOnDevice<Cpu, f32, Built = M> + Sized }
    COLLECTS {
        M: BuildOnDevice<Cpu, f32>,
        Built<M>: TensorCollection<f32, Cpu, To<f32, Cpu> = Built<M>>,
    }
    COLLECTS_ITSELF { M: TensorCollection<f32, Cpu> }
    TAKES_ITSELF { M: Module<I> }
    TAKES { M: BuildOnDevice<Cpu, f32>, Built<M>: Module<I> }
    FAILS { M: BuildOnDevice<Cpu, f32>, Built<M>: Module<I, Error = CpuError> }
    GIVES {
        M: BuildOnDevice<Cpu, f32>,
        Built<M>: Module<I, Output: SampleDims + Claim<f32, Cpu, NoneTape>>,
    }
    TAKES_TAPED { M: BuildOnDevice<Cpu, f32>, Built<M>: Module<T> }
    TRAINS { M: BuildOnDevice<Cpu, f32>, Built<M>: ModuleMut<T> }
    GIVES_TAPED {
        M: BuildOnDevice<Cpu, f32>,
        Built<M>: ModuleMut<T, Error = CpuError, Output: Claim<f32, Cpu, OwnedTape<f32, Cpu>>>,
    }
}

impl<M: ?Sized, I, T> Otherwise for Probe<M, I, T> {}

/// The builder of the module number `N` of `H`. Bounds of the expansion are on this type, because a
/// path that leads nowhere is a type that passes for every other one, also in bounds.
pub struct Slot<H, const N: usize>(PhantomData<H>);

impl<H: OwnModule<N>, const N: usize, E: Dtype, D: Device<E>> BuildOnDevice<D, E> for Slot<H, N>
where
    H::Builder: BuildOnDevice<D, E>,
{
    type Built = <H::Builder as BuildOnDevice<D, E>>::Built;
}

/// The choice between a type and its stand-in.
pub trait Choose<M: ?Sized> {
    /// The type `M`, or a stand-in.
    type Type: ?Sized;
}

/// By [`Answers::can_be_built`] and [`Answers::fits`].
pub struct Chosen<const CAN_BE_BUILT: bool, const FITS: bool>;

impl<M: ?Sized> Choose<M> for Chosen<true, true> {
    type Type = M;
}

impl<M: ?Sized> Choose<M> for Chosen<true, false> {
    type Type = Unfit<M>;
}

impl<M: ?Sized> Choose<M> for Chosen<false, false> {
    type Type = Unfit<NoTensors>;
}

/// The stand-in for a builder. The user's code may still read the fields of its module.
pub struct Unfit<M: ?Sized>(PhantomData<M>);

/// The stand-in for a type that builds nothing.
#[derive(Clone, Debug, Default)]
pub struct NoTensors;

impl ZeroSizedModule for NoTensors {}

impl<M: ?Sized + BuildOnDevice<D, E>, E: Dtype, D: Device<E>> BuildOnDevice<D, E> for Unfit<M> {
    type Built = UnfitModule<M::Built>;
}

/// The module of [`Unfit`], which takes any tensor and never runs.
#[derive(Clone, Debug)]
pub struct UnfitModule<M>(M);

impl<M> Deref for UnfitModule<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

impl<M> DerefMut for UnfitModule<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.0
    }
}

impl<M: TensorCollection<E, D>, E: Dtype, D: Device<E>> TensorCollection<E, D> for UnfitModule<M> {
    type To<E2: Dtype, D2: Device<E2>> = UnfitModule<M::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(Self::module("module", |s| &s.0, |s| &mut s.0), UnfitModule)
    }
}

impl<M, S: shapes::Shape, X: Unit, D: Storage<X>, T> Module<Tensor<S, X, D, T>> for UnfitModule<M> {
    type Output = Nothing;
    type Error = <D as HasErr>::Err;

    fn try_forward(&self, _: Tensor<S, X, D, T>) -> Result<Nothing, Self::Error> {
        unreachable!("a model with such a module does not compile")
    }
}

impl<M> NonMutableModule for UnfitModule<M> {}

/// What [`UnfitModule`] gives.
pub enum Nothing {}

impl SampleDims for Nothing {
    const DIMS: &'static [usize] = &[];
}

impl<E: Element, D: Backend<E>, T> Claim<E, D, T> for Nothing {
    fn claim<S: shapes::Shape>(self, _: S) -> Result<Tensor<S, E, D, T>, D::Err> {
        match self {}
    }
}

/// What flows into a module, in messages.
#[derive(Clone, Copy)]
pub struct Flow {
    /// Whether it is categories.
    pub categories: bool,
    /// The sizes of one sample.
    pub sizes: &'static [usize],
}

const PAGE: &str = "; see `multi_input::errors::own_module`";

/// Checks that the module number `N` of `H`, written as `name`, takes `flow` and gives `claimed`.
#[allow(clippy::result_large_err)] // Evaluated only by rustc; a constant cannot box its text.
pub const fn check<H: OwnModule<N>, const N: usize>(
    name: &str,
    flow: Flow,
    claimed: &[usize],
) -> Result<(), Text> {
    let answers = H::ANSWERS;
    match (answers.builds, answers.fits()) {
        (false, _) => Err(builds_nothing(answers, name, flow).str(PAGE)),
        (true, true) => compare_claim(H::DIMS, claimed),
        // rustc reports the user's `BuildOnDevice`.
        (true, false) if !answers.collects => Ok(()),
        (true, false) => Err(does_not_fit(answers, name, flow).str(PAGE)),
    }
}

const fn builds_nothing(answers: Answers, name: &str, flow: Flow) -> Text {
    if answers.collects_itself {
        let text = quoted(name).str(" is a module, and its builder goes here: the type ");
        return text.str("with `impl BuildOnDevice` that has it as `Built`");
    }
    if answers.takes_itself {
        let text = quoted(name).str(" needs `impl ZeroSizedModule for ").str(name);
        return text.str(" {}` if it holds no tensors, else `impl BuildOnDevice` for its builder");
    }
    let text = impl_module(quoted(name).str(" is no module: it needs "), flow);
    text.str(", `NonMutableModule`, and `ZeroSizedModule`, or with tensors `TensorCollection` and ")
        .str("`BuildOnDevice`")
}

const fn does_not_fit(answers: Answers, name: &str, flow: Flow) -> Text {
    if !answers.takes {
        let text = quoted(name).str(" is no module that takes what flows in, ").shape(&shape(flow));
        return impl_module(text.str(": it needs "), flow);
    }
    if !answers.fails {
        return quoted(name).str(" needs the error of its device: write `type Error = D::Err`");
    }
    if !answers.gives {
        let text = quoted(name).str(" gives no batch of tensors: its `Output` has to be ");
        return text.str("`Tensor<(B, ..), E, D, T>`, the `B` and `T` of its input");
    }
    if answers.trains {
        let text = quoted(name).str(" gives something else in training: `Output` of its ");
        return text.str("`ModuleMut` has to be `Tensor<(B, ..), E, D, T>`, and `Error` `D::Err`");
    }
    if !answers.takes_taped {
        let text =
            quoted(name).str(" cannot be trained, because it takes no tensors with a tape: ");
        return impl_module(text.str("it needs "), flow).str(" for any `T: Tape<E, D>`");
    }
    let text = quoted(name).str(" needs `impl NonMutableModule for ");
    let text = match answers.builds_itself {
        true => text.str(name).str(" {}`"),
        false => text.str("..`, for the module that it builds,"),
    };
    text.str(" if it trains as it predicts, else `impl ModuleMut`")
}

const fn quoted(name: &str) -> Text {
    Text::new("`").str(name).str("`")
}

/// Appends `` `impl Module<Tensor<(B, Const<8>), E, D, T>>` ``.
const fn impl_module(text: Text, flow: Flow) -> Text {
    let mut text = text.str("`impl Module<Tensor<(B,");
    let mut i = 0;
    while i < flow.sizes.len() {
        let between = if i == 0 { " Const<" } else { ", Const<" };
        text = text.str(between).number(flow.sizes[i]).str(">");
        i += 1;
    }
    text.str(if flow.categories { "), usize, D, T>>`" } else { "), E, D, T>>`" })
}

/// Compares the output shape of a module with the claimed one.
#[allow(clippy::result_large_err)]
const fn compare_claim(given: &[usize], claimed: &[usize]) -> Result<(), Text> {
    let mut equal = given.len() == claimed.len();
    let mut i = 0;
    while equal && i < given.len() {
        equal = given[i] == claimed[i];
        i += 1;
    }
    if equal {
        return Ok(());
    }
    Err(Text::new("this module is claimed to give ")
        .shape(&numbers(claimed))
        .str(", but gives ")
        .shape(&numbers(given)))
}

const fn numbers(sizes: &[usize]) -> Shape {
    shape_of(Kind::Numbers, sizes)
}

const fn shape(flow: Flow) -> Shape {
    let kind = if flow.categories { Kind::Categories } else { Kind::Numbers };
    shape_of(kind, flow.sizes)
}

const fn shape_of(kind: Kind, sizes: &[usize]) -> Shape {
    let mut shape = Shape::new(kind, &[]);
    let mut i = 0;
    while i < sizes.len() {
        shape = shape.push(Size::Known(sizes[i]));
        i += 1;
    }
    shape
}
