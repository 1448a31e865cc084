//! What generated code names, and nobody else: no promise is made about anything in here.

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
pub use serde;

use dfdx::{shapes::Unit, tensor::Trace};
use multi_input_kernel::reshape;
use spec::{Size, Text};

use crate::definition::{Head, Network};
pub use multi_input_kernel::{Backend, Element};
pub use multi_input_nn::layer::{CreateMask, MaskedModule, MaskedModuleMut, ReadsMask};

/// The shape, or one of unknown sizes where the formula found a mistake, which a constant of its
/// own reports.
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

/// Any type `X`, said in a way that names the dtype: a batch of categories alone has no field of
/// numbers, and a type parameter that no field names is an error.
pub trait Anchored<X> {
    /// `X`.
    type Type;
}

impl<E: Dtype, X> Anchored<X> for E {
    type Type = X;
}

/// The smallest of the sizes; the largest `usize` where there are none.
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

/// An output as a matrix with a row for each sample; id and elements stay.
pub fn head<S: Shape, E: Element, D: Backend<E>>(
    output: Tensor<S, E, D>,
) -> Result<Head<E, D>, D::Err> {
    let sizes: Vec<usize> = output.shape().concrete().into();
    let (batch, width) = (sizes[0], sizes[1..].iter().product());
    reshape(output, (batch, width))
}

/// The end of a node: its value and the tape apart, and a look at the value where a failed step
/// asks for it.
pub fn node<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    name: &'static str,
    x: Tensor<S, E, D, T>,
) -> (Tensor<S, E, D>, T) {
    let (x, tape) = x.split_tape();
    crate::fit::inspect::inspect(name, &x);
    (x, tape)
}

/// A tape that adds to `gradients`.
pub fn tape<S: Shape, X: Unit, E: Element, D: Backend<E> + Storage<X>>(
    tensor: &Tensor<S, X, D>,
    gradients: Gradients<E, D>,
) -> OwnedTape<E, D> {
    Trace::<E, D>::traced(tensor.clone(), gradients).split_tape().1
}

/// Gives the output of a module of the user's own the shape that it was claimed to have. Where the
/// claim is wrong, the constant beside it says so; this only keeps the types from saying it again.
pub trait Claim<E: Element, D: Backend<E>, T> {
    /// The same elements in the claimed shape.
    fn claim<S: Shape>(self, shape: S) -> Result<Tensor<S, E, D, T>, D::Err>;
}

impl<S0: Shape, E: Element, D: Backend<E>, T: Tape<E, D>> Claim<E, D, T> for Tensor<S0, E, D, T> {
    fn claim<S: Shape>(self, shape: S) -> Result<Tensor<S, E, D, T>, D::Err> {
        reshape(self, shape)
    }
}

/// The sizes of one sample, from the type of a batch.
pub trait SampleDims {
    /// Every size after the batch.
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

/// A definition's summary, by a type with a lifetime in it.
pub struct Deferred<'model, M>(std::marker::PhantomData<&'model M>);

/// See [`Deferred`].
pub trait Summarize {
    /// The table of layers.
    fn summarize() -> crate::Summary;
}

impl<M: Network<f32, Cpu>> Summarize for Deferred<'_, M> {
    fn summarize() -> crate::Summary {
        crate::Summary::of::<M, f32, Cpu>()
    }
}

/// Whether a module of the user's own gives what was claimed.
#[allow(clippy::result_large_err)] // Evaluated by rustc alone; a constant cannot box its text.
pub const fn compare_claim(given: &[usize], claimed: &[usize]) -> Result<(), Text> {
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
        .shape(&shape_of(claimed))
        .str(", but gives ")
        .shape(&shape_of(given)))
}

const fn shape_of(sizes: &[usize]) -> spec::Shape {
    let mut shape = spec::Shape::numbers(&[]);
    let mut i = 0;
    while i < sizes.len() {
        shape = shape.push(Size::Known(sizes[i]));
        i += 1;
    }
    shape
}
