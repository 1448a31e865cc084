//! `distance`: the Euclidean distance of two operands.

use super::{merge, Layout, MergeInput, Planned};
use crate::{operation::*, tensor::*};

/// sqrt(sum((a - b + 1e-6)^2)) over all elements of a row, of two operands of one shape, as `[1]`. The
/// 1e-6 keeps the gradient finite where both are equal.
///
/// `torch.nn.PairwiseDistance(keepdim=True)`; in Keras a `Lambda` layer.
///
/// ```
/// use dfdx::{prelude::*, tensor::NoneTape};
/// use multi_input::merge::{self, MergeInput};
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[5.0f32, 1.0]]), device.tensor([[2.0f32, 5.0]]));
/// let parts = vec![MergeInput::new(&a).unwrap(), MergeInput::new(&b).unwrap()];
/// let distance = merge::distance(parts, (1, Const::<1>), NoneTape).unwrap();
/// assert!((distance.as_vec()[0] - 5.0).abs() < 1e-4);
/// ```
#[doc(alias = "Lambda")]
#[doc(alias = "PairwiseDistance")]
#[doc(alias = "euclidean")]
#[doc(alias = "euclidean_distance")]
#[doc(alias = "l2_distance")]
#[doc(alias = "cdist")]
pub fn distance<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&plan, &parts, shape, tape)
}

fn plan(layouts: &[&Layout], sizes: &[usize]) -> Planned {
    let [a, b] = layouts else { return None };
    let fits = a.batch == b.batch && a.dims == b.dims && sizes == [a.batch, 1];
    fits.then(|| Box::new(Distance) as _)
}

#[derive(Clone)]
struct Distance;

compiled!(Distance);

/// The differences of one row.
fn differences<'a, E: Element>(a: &'a [E], b: &'a [E]) -> impl Iterator<Item = E> + 'a {
    a.iter().zip(b).map(|(a, b)| *a - *b + E::of(1e-6))
}

impl Operation for Distance {
    type Saved<E: Element> = ();

    const OVERWRITES: bool = true;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let [a, b] = pass.inputs else { return Err(OperationError::Size) };
        let width = (a.len() / pass.output.len().max(1)).max(1);
        let rows = a.chunks_exact(width).zip(b.chunks_exact(width));
        for (distance, (a, b)) in pass.output.iter_mut().zip(rows) {
            *distance =
                differences(a, b).map(|difference| difference * difference).sum::<E>().sqrt();
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [a, b] = pass.inputs else { return Err(OperationError::Size) };
        let width = (a.len() / pass.output.len().max(1)).max(1);
        for (input, sign) in [(0, E::one()), (1, -E::one())] {
            gradients.edit(input, |gradient| {
                let rows = a.chunks_exact(width).zip(b.chunks_exact(width));
                let grads = pass.gradient.iter().zip(pass.output).map(|(grad, y)| *grad / *y);
                let rows = gradient.chunks_exact_mut(width).zip(rows).zip(grads);
                for ((gradient, (a, b)), by_length) in rows {
                    let differences = differences(a, b);
                    gradient.iter_mut().zip(differences).for_each(|(gradient, difference)| {
                        *gradient += sign * by_length * difference;
                    });
                }
            })?;
        }
        Ok(())
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
    fn each_row_has_its_distance() {
        let device = Cpu::default();
        let a = device.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0; 2]; 2]]);
        let b = device.tensor([[[1.0, 5.0], [3.0, 8.0]], [[0.0; 2]; 2]]);
        let y = distance(vec![part(&a), part(&b)], (2, Const::<1>), NoneTape).unwrap().as_vec();
        assert!((y[0] - 5.0).abs() < 1e-5 && y[1] > 0.0 && y[1] < 1e-5, "{y:?}");
        let c = device.tensor([[1.0], [2.0]]);
        assert!(distance(vec![part(&a), part(&c)], (2, Const::<1>), NoneTape).is_err());
        assert!(distance(vec![part(&a)], (2, Const::<1>), NoneTape).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let shape: Rank2<2, 1> = Default::default();
        let a = device.tensor([[0.1, 0.2, 0.3], [1.0, -2.0, 0.5]]);
        let b = device.tensor([[0.4, -0.3, 0.9], [0.2, 0.1, 0.6]]);
        check_pair(a, b, |parts, tape| distance(parts, shape, tape));
        let shape: Rank2<1, 1> = Default::default();
        let (a, b) = (device.tensor([[0.5]]), device.tensor([[-0.25]]));
        check_pair(a.clone(), b, |parts, tape| distance(parts, shape, tape));
        // Of a tensor from itself the distance is constant.
        check_gradients(&a, |a, tape| distance(vec![part(a), part(a)], shape, tape).unwrap());
        assert_eq!(a.array(), [[0.5]]);
    }
}
