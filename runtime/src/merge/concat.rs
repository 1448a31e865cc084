//! `concat`: the operands side by side.

use multi_input_spec::merge::position;

use super::{finish, Part};
use crate::tensor::*;

/// The operands side by side along `axis`, which counts from 0 after the batch or from -1 backwards;
/// all other sizes are equal. One operand alone is allowed.
///
/// `keras.layers.Concatenate` (whose axes count the batch as well), `torch.cat`.
///
/// See [`merge`](super) for an example.
pub fn concat<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<Part<E, D>>,
    axis: isize,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let device = parts.first().ok_or_else(D::size_error)?.device().clone();
    let layout = Layout::new(&parts, axis, shape.concrete().as_ref()).ok_or_else(D::size_error)?;

    let mut output = device.buffer(shape.num_elements())?;
    for (part, (start, width)) in parts.iter().zip(&layout.columns) {
        let values = part.values();
        let rows = values.chunks_exact((*width).max(1));
        for (output, row) in output.chunks_exact_mut(layout.width.max(1)).zip(rows) {
            output[*start..start + width].copy_from_slice(row);
        }
    }
    finish(&device, output, shape, tape, move |slope, gradients| {
        for (part, (start, width)) in parts.iter().zip(&layout.columns) {
            part.edit_gradient(gradients, |gradient| {
                let rows = gradient.chunks_exact_mut((*width).max(1));
                for (gradient, slope) in rows.zip(slope.chunks_exact(layout.width.max(1))) {
                    let slope = &slope[*start..start + width];
                    gradient
                        .iter_mut()
                        .zip(slope)
                        .for_each(|(gradient, slope)| *gradient += *slope);
                }
            })?;
        }
        Ok(())
    })
}

/// The output as a matrix in which every operand has its columns: an axis and all after it are the
/// columns, what is before it and the batch are the rows.
struct Layout {
    width: usize,
    /// Where each operand starts and how wide it is.
    columns: Vec<(usize, usize)>,
}

impl Layout {
    /// `None` where the operands do not make up an output of the given sizes.
    fn new<E: Element, D: Backend<E>>(
        parts: &[Part<E, D>],
        axis: isize,
        sizes: &[usize],
    ) -> Option<Layout> {
        let (batch, dims) = sizes.split_first()?;
        let axis = position(axis, dims.len())?;
        let (mut columns, mut width) = (Vec::new(), 0);
        for part in parts {
            let own = part.dims();
            let fits = part.batch() == *batch
                && own.len() == dims.len()
                && (0..dims.len()).all(|other| other == axis || own[other] == dims[other]);
            if !fits {
                return None;
            }
            let own = own[axis..].iter().product();
            columns.push((width, own));
            width += own;
        }
        (width == dims[axis..].iter().product::<usize>()).then_some(Layout { width, columns })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{check_pair, check_repeated, part},
        *,
    };
    use dfdx::{
        shapes::Rank3,
        tensor::{AsArray, Cpu, TensorFrom},
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
        assert!(concat(Vec::<Part<f64, Cpu>>::new(), 0, (2, 4), NoneTape).is_err());
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
