//! `concat`: the concatenation of the operands.

use std::ops::Range;

use multi_input_spec::merge::position;
use smallvec::SmallVec;

use super::{merge, Layout, MergeInput, Planned, INLINE_OPERANDS};
use crate::{operation::*, tensor::*};

/// Concatenates the operands along `axis`, which counts from 0 after the batch or backwards from
/// -1; all other sizes must be equal. One operand is allowed.
///
/// `keras.layers.Concatenate` (whose axes count the batch as well), `torch.cat`.
///
/// See [`merge`](super) for an example.
#[doc(alias = "Concatenate")]
#[doc(alias = "cat")]
#[doc(alias = "concatenate")]
#[doc(alias = "join")]
#[doc(alias = "hstack")]
#[doc(alias = "concatenation")]
pub fn concat<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    axis: isize,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&|layouts, sizes| plan(axis, layouts, sizes), &parts, shape, tape)
}

fn plan(axis: isize, layouts: &[&Layout], sizes: &[usize]) -> Planned {
    let (batch, dims) = sizes.split_first()?;
    let axis = position(axis, dims.len())?;
    let (mut columns, mut width) = (SmallVec::new(), 0);
    for Layout { batch: own_batch, dims: own, .. } in layouts {
        let matches = own_batch == batch
            && own.len() == dims.len()
            && (0..dims.len()).all(|other| other == axis || own[other] == dims[other]);
        if !matches {
            return None;
        }
        let start = width;
        width += own[axis..].iter().product::<usize>();
        columns.push(start..width);
    }
    let fits = width == dims[axis..].iter().product::<usize>();
    fits.then(|| Box::new(Concat { width, columns }) as _)
}

/// The output as a matrix in which each operand has a range of columns: the axis and all axes after
/// it are the columns, the batch and the axes before it are the rows.
#[derive(Clone)]
struct Concat {
    width: usize,
    /// The columns of each operand.
    columns: SmallVec<[Range<usize>; INLINE_OPERANDS]>,
}

compiled!(Concat);

impl Operation for Concat {
    type Saved<E: Element> = ();

    // The columns make up the width: `plan` sees to it.
    const OVERWRITES: bool = true;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        for (input, columns) in pass.inputs.iter().zip(&self.columns) {
            let rows = input.chunks_exact(columns.len().max(1));
            for (output, row) in pass.output.chunks_exact_mut(self.width.max(1)).zip(rows) {
                output[columns.clone()].copy_from_slice(row);
            }
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        for (input, columns) in self.columns.iter().enumerate() {
            gradients.edit(input, |gradient| {
                let rows = gradient.chunks_exact_mut(columns.len().max(1));
                for (gradient, grad) in rows.zip(pass.gradient.chunks_exact(self.width.max(1))) {
                    let grad = &grad[columns.clone()];
                    gradient.iter_mut().zip(grad).for_each(|(sum, grad)| *sum += *grad);
                }
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::Rank3,
        tensor::{AsArray, Cpu, TensorFrom},
    };

    use super::{
        super::tests::{check_pair, check_repeated, part},
        *,
    };

    #[test]
    fn operands_lie_side_by_side() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let b = device.tensor([[5.0], [6.0]]);
        let shape: Rank2<2, 3> = Default::default();
        let joined = concat(vec![part(&a), part(&b)], -1, shape, NoneTape).unwrap();
        assert_eq!(joined.array(), [[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]);
        let alone = concat(vec![part(&a)], 0, *a.shape(), NoneTape).unwrap();
        assert_eq!(alone.array(), a.array());
    }

    #[test]
    fn any_axis_will_do() {
        let device = Cpu::default();
        let a = device.tensor([[[1.0, 2.0]], [[3.0, 4.0]]]);
        let b = device.tensor([[[5.0, 6.0], [7.0, 8.0]], [[9.0, 10.0], [11.0, 12.0]]]);
        let shape: Rank3<2, 3, 2> = Default::default();
        let joined = concat(vec![part(&a), part(&b)], 0, shape, NoneTape).unwrap();
        assert_eq!(
            joined.array(),
            [[[1.0, 2.0], [5.0, 6.0], [7.0, 8.0]], [[3.0, 4.0], [9.0, 10.0], [11.0, 12.0]]]
        );
        let shape: Rank3<2, 1, 4> = Default::default();
        let joined = concat(vec![part(&a), part(&a)], -1, shape, NoneTape).unwrap();
        assert_eq!(joined.array(), [[[1.0, 2.0, 1.0, 2.0]], [[3.0, 4.0, 3.0, 4.0]]]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let parts = || vec![part(&a), part(&a)];
        assert!(concat(parts(), 1, (2, 4), NoneTape).is_err(), "no such axis");
        assert!(concat(parts(), 0, (2, 5), NoneTape).is_err());
        assert!(concat(parts(), 0, (4, 4), NoneTape).is_err(), "another batch");
        assert!(concat(Vec::<MergeInput<f64, Cpu>>::new(), 0, (2, 4), NoneTape).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let a = device.tensor([[[0.1], [0.2], [0.3]], [[0.4], [0.5], [0.6]]]);
        let b = device.tensor([[[0.7], [0.8]], [[0.9], [1.0]]]);
        let shape: Rank3<2, 5, 1> = Default::default();
        check_pair(a.clone(), b.clone(), |parts, tape| concat(parts, 0, shape, tape));
        let shape: Rank3<2, 8, 1> = Default::default();
        check_repeated(a, b, |parts, tape| concat(parts, -2, shape, tape));
        let (a, b) = (device.tensor([[0.1]]), device.tensor([[0.2, 0.3]]));
        let shape: Rank2<1, 3> = Default::default();
        check_pair(a, b, |parts, tape| concat(parts, -1, shape, tape));
    }
}
