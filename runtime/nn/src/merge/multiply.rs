//! `multiply`: the elementwise product of the operands.

use super::{
    elementwise::{Elementwise, Rule},
    merge, Layout, MergeInput, Planned,
};
use crate::{operation::*, tensor::*};

/// y = a b .., elementwise; `keras.layers.Multiply`, `torch.mul`.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, MergeInput};
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[5.0f32, 2.0]]), device.tensor([[3.0f32]]));
/// let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
/// assert_eq!(merge::multiply(parts, (1, Const::<2>), NoneTape).unwrap().as_vec(), [15.0, 6.0]);
/// ```
#[doc(alias = "Multiply")]
#[doc(alias = "mul")]
#[doc(alias = "product")]
#[doc(alias = "prod")]
#[doc(alias = "times")]
#[doc(alias = "hadamard")]
#[doc(alias = "multiplication")]
pub fn multiply<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&plan, &parts, shape, tape)
}

fn plan(layouts: &[&Layout], sizes: &[usize]) -> Planned {
    Elementwise::plan(Multiply, layouts, sizes)
}

#[derive(Clone)]
struct Multiply;

compiled!(Elementwise<Multiply>);

impl Rule for Multiply {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]) {
        output.fill(E::one());
        for operand in operands {
            output.iter_mut().zip(*operand).for_each(|(y, x)| *y *= *x);
        }
    }

    fn backward<E: Element>(
        &self,
        operands: &[&[E]],
        position: usize,
        grad: &[E],
        gradient: &mut [E],
    ) {
        // The product of the other operands, not the output divided by this operand, which may be
        // zero.
        let mut product = grad.to_vec();
        for (other, operand) in operands.iter().enumerate() {
            if other != position {
                product.iter_mut().zip(*operand).for_each(|(product, x)| *product *= *x);
            }
        }
        gradient.iter_mut().zip(&product).for_each(|(gradient, product)| *gradient += *product);
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
    fn operands_are_multiplied_and_stretched() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let b = device.tensor([[10.0], [20.0]]);
        let product = multiply(vec![part(&a), part(&b), part(&a)], *a.shape(), NoneTape).unwrap();
        assert_eq!(product.array(), [[10.0, 40.0], [180.0, 320.0]]);
    }

    #[test]
    fn gradients_are_right_at_zero_too() {
        let device = Cpu::default();
        let a = device.tensor([[[0.1, 0.0, 0.3], [0.4, 0.5, 0.6]]]);
        let b = device.tensor([[[0.7, 0.8, 0.0]]]);
        let shape = *a.shape();
        check_pair(a.clone(), b.clone(), |parts, tape| multiply(parts, shape, tape));
        check_repeated(a, b, |parts, tape| multiply(parts, shape, tape));
    }
}
