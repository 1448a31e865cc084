//! `average`: the elementwise mean of the present operands.

use std::rc::Rc;

use super::{
    elementwise::{Elementwise, Rule},
    merge, Layout, MergeInput, Planned,
};
use crate::{operation::*, tensor::*};

/// y = (a + b + ..) / n over the n operands that are present in the row (see
/// [`MergeInput::present`]); zeros where none is present. The values of absent operands have no
/// effect, and they receive no gradient.
///
/// `keras.layers.Average` where all operands are present.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, MergeInput};
///
/// let device = Cpu::default();
/// let a = device.tensor([[1.0f32], [1.0]]);
/// let b = device.tensor([[3.0f32], [f32::NAN]]);
/// let has_b = device.tensor([[1.0f32], [0.0]]);
/// let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap().present(&has_b).unwrap()];
/// assert_eq!(merge::average(parts, (2, Const::<1>), NoneTape).unwrap().as_vec(), [2.0, 1.0]);
/// ```
#[doc(alias = "Average")]
#[doc(alias = "mean")]
#[doc(alias = "avg")]
pub fn average<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&plan, &parts, shape, tape)
}

fn plan(layouts: &[&Layout], sizes: &[usize]) -> Planned {
    let (batch, dims) = sizes.split_first()?;
    if layouts.iter().any(|layout| layout.batch != *batch) {
        return None;
    }
    let has = |row| (0..layouts.len()).filter(move |part| layouts[*part].is_present(row));
    let present = (0..*batch).map(|row| has(row).collect()).collect();
    Elementwise::plan(Average { present, width: dims.iter().product() }, layouts, sizes)
}

#[derive(Clone)]
struct Average {
    /// For each row, the positions of the present operands.
    present: Rc<[Vec<usize>]>,
    width: usize,
}

compiled!(Elementwise<Average>);

impl Average {
    /// The range of a row's elements in a buffer.
    fn range(&self, row: usize) -> std::ops::Range<usize> {
        row * self.width..(row + 1) * self.width
    }

    /// The number of present operands; at least 1, because it is a divisor.
    fn count<E: Element>(present: &[usize]) -> E {
        E::of(present.len().max(1) as f64)
    }
}

impl Rule for Average {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]) {
        for (row, present) in self.present.iter().enumerate() {
            let output = &mut output[self.range(row)];
            for operand in present {
                let operand = &operands[*operand][self.range(row)];
                output.iter_mut().zip(operand).for_each(|(y, x)| *y += *x);
            }
            let count = Self::count(present);
            output.iter_mut().for_each(|y| *y /= count);
        }
    }

    fn backward<E: Element>(&self, _: &[&[E]], position: usize, grad: &[E], gradient: &mut [E]) {
        for (row, present) in self.present.iter().enumerate() {
            if present.contains(&position) {
                let count = Self::count::<E>(present);
                let grad = &grad[self.range(row)];
                let gradient = gradient[self.range(row)].iter_mut();
                gradient.zip(grad).for_each(|(gradient, grad)| *gradient += *grad / count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

    use super::{
        super::tests::{check_pair, check_repeated, part},
        *,
    };
    use crate::check_gradients::{check_gradients, Traced};

    #[test]
    fn the_sum_is_divided_by_the_number_of_operands() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let b = device.tensor([[4.0], [9.0]]);
        let mean = average(vec![part(&a), part(&b), part(&a)], *a.shape(), NoneTape).unwrap();
        let expected = [[2.0, 8.0 / 3.0], [5.0, 17.0 / 3.0]];
        for (mean, expected) in mean.array().iter().flatten().zip(expected.iter().flatten()) {
            assert!((mean - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn absent_operands_do_not_count_and_get_no_gradient() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0], [f64::NAN, f64::NAN]]);
        let b = device.tensor([[5.0, 6.0], [f64::NAN, f64::INFINITY], [f64::NAN, f64::NAN]]);
        let has_a = device.tensor([[1.0], [1.0], [0.0]]);
        let has_b = device.tensor([[1.0], [0.0], [0.0]]);
        let parts = vec![part(&a).present(&has_a).unwrap(), part(&b).present(&has_b).unwrap()];
        let mean = average(parts, *a.shape(), Traced::default()).unwrap();
        assert_eq!(mean.array(), [[3.0, 4.0], [3.0, 4.0], [0.0, 0.0]]);
        let gradients = mean.sum().backward();
        assert_eq!(gradients.get(&a).array(), [[0.5; 2], [1.0; 2], [0.0; 2]]);
        assert_eq!(gradients.get(&b).array(), [[0.5; 2], [0.0; 2], [0.0; 2]]);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let a = device.tensor([[[0.1, 0.2, 0.3]], [[0.4, 0.5, 0.6]]]);
        let b = device.tensor([[[0.7]], [[0.8]]]);
        let shape = *a.shape();
        check_pair(a.clone(), b.clone(), |parts, tape| average(parts, shape, tape));
        check_repeated(a.clone(), b.clone(), |parts, tape| average(parts, shape, tape));
        let presence = device.tensor([[0.0], [1.0]]);
        check_gradients(&(a, b), |(a, b), tape| {
            let parts = vec![part(a), part(b).present(&presence).unwrap()];
            average(parts, shape, tape).unwrap()
        });
    }
}
