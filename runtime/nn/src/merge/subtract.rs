//! `subtract`: the elementwise difference of two operands.

use super::{
    elementwise::{Elementwise, Rule},
    merge, Layout, MergeInput, Planned,
};
use crate::{operation::*, tensor::*};

/// y = a - b, elementwise, of exactly two operands; `keras.layers.Subtract`, `torch.sub`.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, MergeInput};
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[5.0f32]]), device.tensor([[3.0f32]]));
/// let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
/// assert_eq!(merge::subtract(parts, (1, Const::<1>), NoneTape).unwrap().as_vec(), [2.0]);
/// ```
#[doc(alias = "Subtract")]
#[doc(alias = "sub")]
#[doc(alias = "minus")]
#[doc(alias = "difference")]
#[doc(alias = "subtraction")]
pub fn subtract<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    if parts.len() != 2 {
        return Err(D::size_error());
    }
    merge(&plan, &parts, shape, tape)
}

fn plan(layouts: &[&Layout], sizes: &[usize]) -> Planned {
    Elementwise::plan(Subtract, layouts, sizes)
}

#[derive(Clone)]
struct Subtract;

compiled!(Elementwise<Subtract>);

impl Rule for Subtract {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]) {
        for ((y, a), b) in output.iter_mut().zip(operands[0]).zip(operands[1]) {
            *y = *a - *b;
        }
    }

    fn backward<E: Element>(&self, _: &[&[E]], position: usize, grad: &[E], gradient: &mut [E]) {
        let sign = if position == 0 { E::one() } else { -E::one() };
        gradient.iter_mut().zip(grad).for_each(|(gradient, grad)| *gradient += sign * *grad);
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom};

    use super::{
        super::tests::{check_pair, part},
        *,
    };
    use crate::check_gradients::check_gradients;

    #[test]
    fn the_second_is_taken_from_the_first() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let b = device.tensor([[10.0], [20.0]]);
        let difference = subtract(vec![part(&a), part(&b)], *a.shape(), NoneTape).unwrap();
        assert_eq!(difference.array(), [[-9.0, -8.0], [-17.0, -16.0]]);
        assert!(subtract(vec![part(&a)], *a.shape(), NoneTape).is_err());
        assert!(subtract(vec![part(&a), part(&a), part(&a)], *a.shape(), NoneTape).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let a = device.tensor([[0.1, 0.2, 0.3]]);
        let b = device.tensor([[0.4]]);
        let shape = *a.shape();
        check_pair(a.clone(), b, |parts, tape| subtract(parts, shape, tape));
        check_gradients(&a, |a, tape| subtract(vec![part(a), part(a)], shape, tape).unwrap());
    }
}
