//! Items for generated code only; they have no stability guarantee.
//!
//! Generated code is of every edition:
//!
//! ```edition2015
//! extern crate multi_input;
//!
//! use multi_input::prelude::*;
//!
//! const WIDTH: usize = 8;
//!
//! #[multi_input_model]
//! #[derive(Clone, Debug)]
//! pub struct House {
//!     #[input(missing = learned)]
//!     #[branch(Dense(WIDTH, relu))]
//!     rooms: Option<[f32; 10]>,
//!     #[from(rooms)]
//!     #[branch(Dense(1))]
//!     #[output(loss = mse)]
//!     price: f32,
//! }
//! # fn main() {}
//! ```

pub mod own_module;

mod newtype;

pub use dfdx::{
    nn::{
        tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions},
        BuildOnDevice, Module, ModuleMut, NonMutableModule,
    },
    shapes::{Const, Dim, Dtype, HasShape, Shape},
    tensor::{
        Cpu, Gradients, HasErr, NoneTape, OwnedTape, PutTape, SplitTape, Storage, Tape, Tensor,
    },
    tensor_ops::Device,
};
pub use multi_input_spec as spec;
pub use newtype::{NoRowValue, NotRead, RowValue};
pub use serde;

use dfdx::{shapes::Unit, tensor::Trace};
use multi_input_data::preprocess::stage::LearnedStep;
use multi_input_kernel::reshape;
use multi_input_nn::loss::{AnyLoss, HeadForm, Loss, LossForm};
use spec::{Size, Text};

use crate::{
    definition::Head,
    metric::{AnyMetric, Erased, Mae, Metric, ReportedIn},
};
pub use multi_input_kernel::{Backend, Element};
pub use multi_input_nn::layer::{CreateMask, MaskedModule, MaskedModuleMut, ReadsMask};

/// The shape, or a shape of unknown sizes after an error, which another constant reports.
pub const fn shape_or_unknown(
    result: &Result<spec::Shape, Text>,
    kind: spec::Kind,
    rank: usize,
) -> spec::Shape {
    match result {
        Ok(shape) => *shape,
        Err(_) => {
            let mut shape = spec::Shape::new(kind, &[]);
            while shape.rank() < rank {
                shape = shape.push(Size::Unknown);
            }
            shape
        }
    }
}

/// The description of a user's own step.
pub const fn own_step(name: &'static str) -> spec::step::Step {
    spec::step::Step { name, ..spec::step::own::STEP }
}

/// The description of a user's own derivation.
pub const fn own_derivation(name: &'static str) -> spec::derived::Derivation {
    spec::derived::Derivation { name, ..spec::derived::own::DERIVATION }
}

/// [`spec::step::own::stands_on_a_target`] for a step of the user's own.
#[allow(clippy::result_large_err)] // Evaluated only by rustc; a constant cannot box its text.
pub const fn stands_on_a_target<T: LearnedStep>(
    _: &'static T,
    name: &str,
    length: Option<&str>,
) -> Result<spec::Shape, Text> {
    spec::step::own::stands_on_a_target(name, T::INVERSE, length)
}

/// A number that a type gives, by its bits: rustc reports a type that it cannot evaluate once, and a
/// constant at each of its uses.
pub struct NumberOf<const BITS: u64>;

impl<const BITS: u64> NumberOf<BITS> {
    /// The number.
    pub const VALUE: f64 = f64::from_bits(BITS);
}

/// A flag that a type gives, for the reason of [`NumberOf`].
pub struct FlagOf<const FLAG: bool>;

impl<const FLAG: bool> FlagOf<FLAG> {
    /// The flag.
    pub const VALUE: bool = FLAG;
}

/// An axis that a type gives, for the reason of [`NumberOf`].
pub struct AxisOf<const AXIS: isize>;

impl<const AXIS: isize> AxisOf<AXIS> {
    /// The axis.
    pub const VALUE: isize = AXIS;
}

/// The type `X` as an associated type of the dtype. A batch with only categories has no numeric
/// field, and a type parameter that no field uses is an error.
pub trait Anchored<X> {
    /// `X`.
    type Type;
}

impl<E: Dtype, X> Anchored<X> for E {
    type Type = X;
}

/// A loss of the user's own.
#[derive(Clone, Copy)]
pub struct OwnLoss {
    /// What it takes.
    pub form: LossForm,
    /// The loss.
    pub loss: &'static dyn AnyLoss,
}

/// The loss with its form.
pub const fn own_loss<L: Loss>(loss: &'static L) -> OwnLoss {
    OwnLoss { form: L::FORM, loss }
}

impl OwnLoss {
    /// The number of parts of a prediction; 1 also where the form is wrong, which is reported
    /// elsewhere.
    pub const fn parts(&self) -> usize {
        match self.form.head {
            HeadForm::Parts(parts) if parts.len() <= 8 => parts.len(),
            _ => 1,
        }
    }
}

/// The number of parts that a loss of the user's own predicts of each number.
pub struct Parts<const COUNT: usize>;

/// The type of a prediction of a number of the type `T`: the number, or an array of its parts.
pub trait PartsOf<T> {
    /// The type.
    type Type;
}

impl<T> PartsOf<T> for Parts<1> {
    type Type = T;
}

macro_rules! arrays_of_parts {
    ($($count:literal)*) => {$(
        impl<T> PartsOf<T> for Parts<$count> {
            type Type = [T; $count];
        }
    )*};
}

arrays_of_parts!(2 3 4 5 6 7 8);

/// The minimum of the sizes; `usize::MAX` for an empty slice.
pub const fn smallest(sizes: &[usize]) -> usize {
    let mut smallest = usize::MAX;
    let mut i = 0;
    while i < sizes.len() {
        if sizes[i] < smallest {
            smallest = sizes[i];
        }
        i += 1;
    }
    smallest
}

/// An output reshaped to (batch, width); tensor id and elements stay the same.
pub fn head<S: Shape, E: Element, D: Backend<E>>(
    output: Tensor<S, E, D>,
) -> Result<Head<E, D>, D::Err> {
    let sizes: Vec<usize> = output.shape().concrete().into();
    let (batch, width) = (sizes[0], sizes[1..].iter().product());
    reshape(output, (batch, width))
}

/// Ends a node: splits its output into value and tape, and inspects the value if a failed step is
/// being examined.
pub fn node<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    name: &'static str,
    x: Tensor<S, E, D, T>,
) -> (Tensor<S, E, D>, T) {
    let (x, tape) = x.split_tape();
    crate::fit::inspect::inspect(name, &x);
    (x, tape)
}

/// A tape that accumulates into `gradients`.
pub fn tape<S: Shape, X: Unit, E: Element, D: Backend<E> + Storage<X>>(
    tensor: &Tensor<S, X, D>,
    gradients: Gradients<E, D>,
) -> OwnedTape<E, D> {
    Trace::<E, D>::traced(tensor.clone(), gradients).split_tape().1
}

/// Reshapes the output of a custom module to the shape claimed for it. A wrong claim is reported by
/// a constant; this trait avoids a second error by the types.
pub trait Claim<E: Element, D: Backend<E>, T> {
    /// The elements in the claimed shape.
    fn claim<S: Shape>(self, shape: S) -> Result<Tensor<S, E, D, T>, D::Err>;
}

impl<S0: Shape, E: Element, D: Backend<E>, T: Tape<E, D>> Claim<E, D, T> for Tensor<S0, E, D, T> {
    fn claim<S: Shape>(self, shape: S) -> Result<Tensor<S, E, D, T>, D::Err> {
        reshape(self, shape)
    }
}

/// The sizes of one sample, from the type of a batch.
pub trait SampleDims {
    /// All sizes after the batch dimension.
    const DIMS: &'static [usize];
}

macro_rules! sample_dims {
    ($($size:ident)*) => {
        impl<B: Dim, $(const $size: usize,)* E: Dtype, D: Storage<E>, T> SampleDims
            for Tensor<(B, $(Const<$size>,)*), E, D, T>
        {
            const DIMS: &'static [usize] = &[$($size),*];
        }
    };
}

sample_dims!(N0);
sample_dims!(N0 N1);
sample_dims!(N0 N1 N2);
sample_dims!(N0 N1 N2 N3);

/// A metric of the user's own in a graph.
pub trait OwnMetric {
    /// Its type.
    type Metric: 'static;
    /// The metric.
    const VALUE: &'static Self::Metric;
}

/// An [`OwnMetric`] as an object. A type that is no metric has the object of [`NoMetric`], so that the
/// mistake is reported once, by a check of the expansion.
pub struct MetricObject<T>(std::marker::PhantomData<T>);

impl<T: OwnMetric<Metric: Metric>> MetricObject<T> {
    /// The object.
    pub const METRIC: &'static dyn AnyMetric = &Erased(T::VALUE);
}

/// See [`MetricObject`].
pub trait NoMetric {
    /// Any metric.
    const METRIC: &'static dyn AnyMetric = &Erased(&Mae);
}

impl<T> NoMetric for MetricObject<T> {}

/// The list of the metrics of some output: any metric is in it. Of an output in a model with mistakes
/// rustc does not know the list, and this one leaves it in doubt, of which it says nothing.
pub enum AnyMetrics {}

impl<T: Metric> ReportedIn<AnyMetrics> for T {}

/// The data types of fields, for a mention of those that users import.
pub mod types {
    pub use multi_input_data::{Class, Image};

    pub use crate::data::chrono::{self, DateTime, NaiveDate, NaiveDateTime, Utc};
}

/// The items, for an expansion whose path of this crate may be wrong.
#[doc(hidden)]
#[macro_export]
macro_rules! __items {
    ($($item:tt)*) => { $($item)* };
}
pub use crate::__items as items;
