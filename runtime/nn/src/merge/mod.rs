//! The merge layers: several tensors of one batch become one.
//!
//! The operands, [`MergeInput`]s, may have different shapes, and one tensor may occur several
//! times. The result carries the tape of all operands:
//!
//! ```
//! use dfdx::{prelude::*, tensor::NoneTape};
//! use multi_input::merge::{self, MergeInput};
//!
//! let device = Cpu::default();
//! let (a, b) = (device.tensor([[1.0f32, 2.0]]), device.tensor([[3.0f32]]));
//! let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
//! let joined = merge::concat(parts, -1, (1, Const::<3>), NoneTape).unwrap();
//! assert_eq!(joined.as_vec(), [1.0, 2.0, 3.0]);
//!
//! let twice = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&a).unwrap()];
//! let sum = merge::add(twice, (1, Const::<2>), NoneTape).unwrap();
//! assert_eq!(sum.as_vec(), [2.0, 4.0]);
//! ```
//!
//! Sizes that do not match are errors. Elementwise merges broadcast sizes of 1, and a shape of
//! fewer dimensions is padded with leading sizes of 1, as in Keras.

mod add;
mod average;
mod concat;
mod distance;
mod dot;
mod elementwise;
mod extreme;
mod maximum;
mod merge_input;
mod minimum;
mod multiply;
mod own;
mod subtract;

pub use add::add;
pub use average::average;
pub use concat::concat;
pub use distance::distance;
pub use dot::dot;
pub use maximum::maximum;
pub use merge_input::MergeInput;
pub use minimum::minimum;
pub use multiply::multiply;
pub use own::{check_merge, own, Merge, RowOperand};
pub use subtract::subtract;

use merge_input::Layout;
use multi_input_kernel::operation::AnyOperation;
use smallvec::SmallVec;

use crate::{operation::*, tensor::*};

/// The number of operands that are stored inline.
const INLINE_OPERANDS: usize = 4;

/// The operation of a merge; `None` where the sizes do not match.
type Planned = Option<Box<dyn AnyOperation>>;

/// Merges the operands with the operation that `plan` returns for their layouts and the sizes of
/// the output.
fn merge<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    plan: &dyn Fn(&[&Layout], &[usize]) -> Planned,
    parts: &[MergeInput<E, D>],
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let layouts: SmallVec<[&Layout; INLINE_OPERANDS]> =
        parts.iter().map(MergeInput::layout).collect();
    let operation = plan(&layouts, shape.concrete().as_ref()).ok_or_else(D::size_error)?;
    let device = parts.first().ok_or_else(D::size_error)?.device();
    let operands: SmallVec<[_; INLINE_OPERANDS]> = parts.iter().map(MergeInput::operand).collect();
    record(&*operation, &operands, shape, device, tape)
}

#[cfg(test)]
mod tests {
    //! Helpers of the merges' tests.

    use dfdx::{shapes::ConstShape, tensor::Cpu};

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    pub(super) type Parts = Vec<MergeInput<f64, Cpu>>;
    pub(super) type Merged<S, T> =
        Result<Tensor<S, f64, Cpu, T>, <Cpu as dfdx::tensor::HasErr>::Err>;

    pub(super) fn part<S: Shape>(tensor: &Tensor<S, f64, Cpu>) -> MergeInput<f64, Cpu> {
        MergeInput::new(tensor).unwrap()
    }

    /// Checks the gradients of a merge of two tensors.
    pub(super) fn check_pair<A: ConstShape, B: ConstShape, S: Shape>(
        a: Tensor<A, f64, Cpu>,
        b: Tensor<B, f64, Cpu>,
        merge: impl Fn(Parts, Traced) -> Merged<S, Traced>,
    ) {
        check_gradients(&(a, b), |(a, b), tape| merge(vec![part(a), part(b)], tape).unwrap());
    }

    /// Checks the gradients where one tensor is several operands.
    pub(super) fn check_repeated<A: ConstShape, B: ConstShape, S: Shape>(
        a: Tensor<A, f64, Cpu>,
        b: Tensor<B, f64, Cpu>,
        merge: impl Fn(Parts, Traced) -> Merged<S, Traced>,
    ) {
        check_gradients(&(a, b), |(a, b), tape| {
            merge(vec![part(a), part(b), part(a)], tape).unwrap()
        });
    }
}
