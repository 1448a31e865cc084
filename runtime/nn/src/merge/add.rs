//! `add`: the elementwise sum of the operands.

use super::{
    elementwise::{Elementwise, Rule},
    merge, Layout, MergeInput, Planned,
};
use crate::{operation::*, tensor::*};

/// y = a + b + .., elementwise; `keras.layers.Add`, `torch.add`.
///
/// See [`merge`](super) for an example.
#[doc(alias = "Add")]
#[doc(alias = "sum")]
#[doc(alias = "plus")]
#[doc(alias = "addition")]
#[doc(alias = "add_n")]
#[doc(alias = "residual")]
pub fn add<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&plan, &parts, shape, tape)
}

fn plan(layouts: &[&Layout], sizes: &[usize]) -> Planned {
    Elementwise::plan(Add, layouts, sizes)
}

#[derive(Clone)]
struct Add;

compiled!(Elementwise<Add>);

impl Rule for Add {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]) {
        for operand in operands {
            output.iter_mut().zip(*operand).for_each(|(y, x)| *y += *x);
        }
    }

    fn backward<E: Element>(&self, _: &[&[E]], _: usize, grad: &[E], gradient: &mut [E]) {
        gradient.iter_mut().zip(grad).for_each(|(gradient, grad)| *gradient += *grad);
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom};

    use super::{
        super::tests::{check_pair, check_repeated, part},
        *,
    };

    #[test]
    fn operands_are_added_and_stretched() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let b = device.tensor([[10.0], [20.0]]);
        let sum = add(vec![part(&a), part(&b), part(&a)], *a.shape(), NoneTape).unwrap();
        assert_eq!(sum.array(), [[12.0, 14.0], [26.0, 28.0]]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let b = device.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert!(add(vec![part(&a), part(&b)], *a.shape(), NoneTape).is_err());
        let b = device.tensor([[1.0, 2.0]]);
        assert!(add(vec![part(&a), part(&b)], *a.shape(), NoneTape).is_err(), "another batch");
        assert!(add(Vec::<MergeInput<f64, Cpu>>::new(), *a.shape(), NoneTape).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let a = device.tensor([[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]]);
        let b = device.tensor([[[0.7, 0.8, 0.9]]]);
        let shape = *a.shape();
        check_pair(a.clone(), b.clone(), |parts, tape| add(parts, shape, tape));
        check_repeated(a, b, |parts, tape| add(parts, shape, tape));
    }
}
