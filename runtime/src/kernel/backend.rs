//! What our own operations need of a dtype and of a device.

use std::borrow::Cow;

use dfdx::{
    shapes::{Dtype, Shape, Unit},
    tensor::{Cpu, CpuError, Gradients, Storage, Tensor},
    tensor_ops::Device,
};

use super::view;

/// A dtype that models compute with: `f32` or `f64`.
pub trait Element:
    Dtype + num_traits::Float + rand_distr::uniform::SampleUniform + std::iter::Sum + serde::Serialize
{
    /// The nearest value to `number`.
    fn of(number: f64) -> Self;
    /// The value in double precision.
    fn as_f64(self) -> f64;
    /// The error function, which the exact GELU needs.
    fn erf(self) -> Self;
    /// The hyperbolic tangent for loops over many numbers: in `f32` plain arithmetic, which the
    /// compiler does for several at once.
    fn squash(self) -> Self;
    /// The logistic function 1 / (1 + exp(-x)), like [`squash`](Element::squash) for loops.
    fn gate(self) -> Self;
}

impl Element for f32 {
    fn of(number: f64) -> Self {
        number as f32
    }
    fn as_f64(self) -> f64 {
        f64::from(self)
    }
    fn erf(self) -> Self {
        libm::erff(self)
    }
    #[inline(always)]
    fn squash(self) -> Self {
        super::recurrent::tanh(self)
    }
    #[inline(always)]
    fn gate(self) -> Self {
        0.5 + 0.5 * super::recurrent::tanh(0.5 * self)
    }
}

impl Element for f64 {
    fn of(number: f64) -> Self {
        number
    }
    fn as_f64(self) -> f64 {
        self
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn squash(self) -> Self {
        self.tanh()
    }
    fn gate(self) -> Self {
        // The exponential of a number below zero cannot overflow.
        let small = (-self.abs()).exp();
        if self < 0.0 {
            small / (1.0 + small)
        } else {
            1.0 / (1.0 + small)
        }
    }
}

/// A device whose tensors and gradients our own operations can read and write as slices.
///
/// Every tensor handed to these functions is contiguous; operations see to that with
/// `try_contiguous`, which costs nothing where it already holds.
pub trait Backend<E: Element>: Device<E> {
    /// A device of the same sort whose random state starts at `seed` and is shared with nobody.
    fn seeded(&self, seed: u64) -> Self;

    /// The error for tensors whose sizes do not fit, or an index beyond its table.
    fn size_error() -> Self::Err;

    /// A buffer of zeros for an output.
    fn buffer(&self, len: usize) -> Result<Vec<E>, Self::Err>;

    /// Whether the elements lie in order, without gaps or repetition.
    fn is_contiguous<S: Shape, X: Unit, T>(tensor: &Tensor<S, X, Self, T>) -> bool
    where
        Self: Storage<X>;

    /// The elements of a contiguous tensor.
    fn values<S: Shape, T>(tensor: &Tensor<S, E, Self, T>) -> Cow<'_, [E]>;

    /// The category indices of a contiguous tensor.
    fn indices<S: Shape, T>(tensor: &Tensor<S, usize, Self, T>) -> Cow<'_, [usize]>;

    /// Changes the elements of a contiguous tensor in place; its id stays.
    fn edit<S: Shape, R>(tensor: &mut Tensor<S, E, Self>, change: impl FnOnce(&mut [E]) -> R) -> R;

    /// Adds to (or reads) the gradient of `tensor`, which is created as zeros at need.
    fn edit_gradient<S: Shape, R>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        change: impl FnOnce(&mut [E]) -> R,
    ) -> Result<R, Self::Err>;

    /// Adds `sums`, one for each element, to the gradient of `tensor`.
    fn add_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        sums: &[E],
    ) -> Result<(), Self::Err> {
        Self::edit_gradient(gradients, tensor, |gradient| {
            gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum);
        })
    }

    /// Takes the gradient of an operation's output out, so that the gradients of its inputs can
    /// be edited while it is read. Give it back with [`restore_gradient`](Backend::restore_gradient).
    fn take_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
    ) -> Result<Vec<E>, Self::Err>;

    /// Puts a taken gradient back.
    fn restore_gradient<S: Shape>(
        gradients: &mut Gradients<E, Self>,
        tensor: &Tensor<S, E, Self>,
        gradient: Vec<E>,
    ) -> Result<(), Self::Err>;
}

// A macro rather than one generic impl: dfdx has no name for the storage of `Cpu`, so only with the
// dtype spelled out does the compiler see that it is a vector.
macro_rules! cpu_backend {
    ($($element:ty),+) => {$(
        impl Backend<$element> for Cpu {
            fn seeded(&self, seed: u64) -> Self {
                Cpu::seed_from_u64(seed)
            }

            fn size_error() -> CpuError {
                CpuError::WrongNumElements
            }

            fn buffer(&self, len: usize) -> Result<Vec<$element>, CpuError> {
                let mut storage = Storage::<$element>::try_alloc_len(self, len)?;
                Ok(std::mem::take(&mut *storage))
            }

            fn is_contiguous<S: Shape, X: Unit, T>(tensor: &Tensor<S, X, Self, T>) -> bool {
                view::is_contiguous(tensor)
            }

            fn values<S: Shape, T>(tensor: &Tensor<S, $element, Self, T>) -> Cow<'_, [$element]> {
                Cow::Borrowed(view::slice(tensor))
            }

            fn indices<S: Shape, T>(tensor: &Tensor<S, usize, Self, T>) -> Cow<'_, [usize]> {
                Cow::Borrowed(view::slice(tensor))
            }

            fn edit<S: Shape, R>(tensor: &mut Tensor<S, $element, Self>, change: impl FnOnce(&mut [$element]) -> R) -> R {
                change(view::slice_mut(tensor))
            }

            fn edit_gradient<S: Shape, R>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
                change: impl FnOnce(&mut [$element]) -> R,
            ) -> Result<R, CpuError> {
                Ok(change(gradients.get_or_alloc_mut(tensor)?))
            }

            fn take_gradient<S: Shape>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
            ) -> Result<Vec<$element>, CpuError> {
                Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(tensor)?))
            }

            fn restore_gradient<S: Shape>(
                gradients: &mut Gradients<$element, Self>,
                tensor: &Tensor<S, $element, Self>,
                gradient: Vec<$element>,
            ) -> Result<(), CpuError> {
                **gradients.get_or_alloc_mut(tensor)? = gradient;
                Ok(())
            }
        }
    )+};
}

cpu_backend!(f32, f64);
