//! Inputs that are absent in some rows.
//!
//! A column `present` is 1 for rows that have the input and 0 for rows that do not. The values of
//! absent rows are replaced by *selection*, before the branch and once more behind it, so that a
//! NaN or an infinity in them cannot spread. A product would not do, because 0 times NaN is NaN.

use std::sync::Arc;

use crate::{operation::*, tensor::*};

/// A batch of an input that is absent in some rows.
#[derive(Clone, Debug)]
pub struct Optional<X, B: Dim, E: Dtype, D: Storage<E>> {
    /// The values. Those of absent rows have no effect, unless the policy is `mean`: then they are
    /// the mean, which the fitted preprocessing writes there.
    pub values: X,
    /// 1 for each row with a value, 0 for each row without, `[batch, 1]`.
    pub present: Tensor<(B, Const<1>), E, D>,
}

/// A batch of an input of which a model takes only the presence.
#[derive(Clone, Debug)]
pub struct Presence<B: Dim, E: Dtype, D: Storage<E>> {
    /// 1 for each row with a value, 0 for each row without, `[batch, 1]`.
    pub present: Tensor<(B, Const<1>), E, D>,
}

/// Replaces absent rows by zeros. Absent rows receive no gradient.
///
/// Used before a branch, and behind a branch where zeros replace the missing output.
///
/// ```
/// use dfdx::prelude::*;
/// use multi_input::missing;
///
/// let device = Cpu::default();
/// let x = device.tensor([[1.0f32, 2.0], [f32::NAN, f32::INFINITY]]);
/// let y = missing::select(x, &device.tensor([[1.0], [0.0]])).unwrap();
/// assert_eq!(y.array(), [[1.0, 2.0], [0.0, 0.0]]);
/// ```
pub fn select<S: Shape, B: Dim, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<S, E, D, T>,
    present: &Tensor<(B, Const<1>), E, D>,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let present = flags(present, rows_of(x.shape()))?;
    select_rows(x, present.into())
}

/// Replaces absent rows by the vector `stand_in`, which has the shape of one sample and receives
/// their gradient.
///
/// ```
/// use dfdx::prelude::*;
/// use multi_input::missing;
///
/// let device = Cpu::default();
/// let x = device.tensor([[1.0f32, 2.0], [f32::NAN, f32::INFINITY]]);
/// let stand_in = device.tensor([5.0, 6.0]);
/// let y = missing::learned(x, &device.tensor([[1.0], [0.0]]), &stand_in).unwrap();
/// assert_eq!(y.array(), [[1.0, 2.0], [5.0, 6.0]]);
/// ```
pub fn learned<S: Shape, V: Shape, B: Dim, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<S, E, D, T>,
    present: &Tensor<(B, Const<1>), E, D>,
    stand_in: &Tensor<V, E, D>,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let (batch, width) = (rows_of(x.shape()), stand_in.shape().num_elements());
    if x.shape().num_elements() != batch * width {
        return Err(D::size_error());
    }
    let replace = Replace { present: flags(present, batch)?.into(), width };
    let (x, tape) = x.split_tape();
    record(&replace, &[&x, stand_in], *x.shape(), x.device(), tape)
}

/// Replaces the rows without a flag in `present` by zeros. They receive no gradient.
pub(crate) fn select_rows<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: Tensor<S, E, D, T>,
    present: Arc<[bool]>,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let (x, tape) = x.split_tape();
    let width = x.shape().num_elements() / present.len().max(1);
    record(&Replace { present, width }, &[&x], *x.shape(), x.device(), tape)
}

/// Replaces the indices of absent rows by 0, which an embedding can look up. The output for them is
/// replaced behind the branch.
///
/// ```
/// use dfdx::prelude::*;
/// use multi_input::missing;
///
/// let device = Cpu::default();
/// let present = device.tensor([[0.0f32], [1.0]]);
/// let x = missing::select_categories(device.tensor([usize::MAX, 3]), &present).unwrap();
/// assert_eq!(x.array(), [0, 3]);
/// ```
pub fn select_categories<S: Shape, B: Dim, E: Element, D: Backend<E>, T>(
    x: Tensor<S, usize, D, T>,
    present: &Tensor<(B, Const<1>), E, D>,
) -> Result<Tensor<S, usize, D, T>, D::Err> {
    let present = flags(present, rows_of(x.shape()))?;
    let (x, tape) = x.split_tape();
    let known = indices(&x)?;
    let mut selected = x.device().acquire_indices(known.len())?;
    copy_indices(&known, &present, &mut selected);
    Ok(x.device().try_tensor_from_vec(selected, *x.shape())?.put_tape(tape))
}

/// The `present` column of a batch of `batch` rows, as flags.
pub(crate) fn flags<B: Dim, E: Element, D: Backend<E>>(
    present: &Tensor<(B, Const<1>), E, D>,
    batch: usize,
) -> Result<Vec<bool>, D::Err> {
    if present.shape().0.size() != batch {
        return Err(D::size_error());
    }
    Ok(not_zero(&D::elements(present)))
}

fn not_zero<E: Element>(flags: &[E]) -> Vec<bool> {
    flags.iter().map(|flag| !flag.is_zero()).collect()
}

/// The first dimension, which is the batch.
fn rows_of<S: Shape>(shape: &S) -> usize {
    shape.concrete().as_ref().first().copied().unwrap_or(0)
}

/// Copies the rows that are present.
fn copy_present<X: Copy>(from: &[X], present: &[bool], to: &mut [X]) {
    let width = (from.len() / present.len().max(1)).max(1);
    let rows = to.chunks_exact_mut(width).zip(from.chunks_exact(width)).zip(present);
    rows.filter(|(_, present)| **present).for_each(|((to, from), _)| to.copy_from_slice(from));
}

fn copy_indices(from: &[usize], present: &[bool], to: &mut [usize]) {
    copy_present(from, present, to);
}

/// Replaces absent rows of `width` elements by the second input, or by zeros where there is none.
#[derive(Clone)]
struct Replace {
    present: Arc<[bool]>,
    width: usize,
}

compiled!(Replace);

impl Operation for Replace {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        copy_present(&pass.inputs[0], &self.present, pass.output);
        if let Some(stand_in) = pass.inputs.get(1) {
            let rows = pass.output.chunks_exact_mut(self.width.max(1)).zip(&*self.present);
            let absent = rows.filter(|(_, present)| !**present);
            absent.for_each(|(row, _)| row.copy_from_slice(stand_in));
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let grads = || pass.gradient.chunks_exact(self.width.max(1)).zip(&*self.present);
        gradients.edit(0, |dx| {
            for (dx, (grad, present)) in dx.chunks_exact_mut(self.width.max(1)).zip(grads()) {
                if *present {
                    add(dx, grad);
                }
            }
        })?;
        if pass.inputs.len() == 1 {
            return Ok(());
        }
        gradients.edit(1, |gradient| {
            let absent = grads().filter(|(_, present)| !**present);
            absent.for_each(|(grad, _)| add(gradient, grad));
        })
    }
}

fn add<E: Element>(sums: &mut [E], terms: &[E]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += *term);
}

#[cfg(test)]
mod tests {
    use dfdx::{
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    const BAD: f64 = f64::NAN;

    #[test]
    fn absent_rows_are_replaced_whatever_they_hold() {
        let device = Cpu::default();
        let x = device.tensor([[[1.0, 2.0]], [[BAD, f64::INFINITY]], [[3.0, 4.0]]]);
        let present = device.tensor([[1.0], [0.0], [1.0]]);
        let zeros = select(x.clone(), &present).unwrap();
        assert_eq!(zeros.array(), [[[1.0, 2.0]], [[0.0, 0.0]], [[3.0, 4.0]]]);
        let stand_in = device.tensor([[7.0, 8.0]]);
        let learned = learned(x, &present, &stand_in).unwrap();
        assert_eq!(learned.array(), [[[1.0, 2.0]], [[7.0, 8.0]], [[3.0, 4.0]]]);
    }

    #[test]
    fn absent_categories_become_index_zero() {
        let device = Cpu::default();
        let present = device.tensor([[0.0f64], [1.0]]);
        let x = select_categories(device.tensor([[9usize, 8], [7, 6]]), &present).unwrap();
        assert_eq!(x.array(), [[0, 0], [7, 6]]);
    }

    #[test]
    fn gradients_of_absent_rows_go_to_the_stand_in_and_nowhere_else() {
        let device = Cpu::default();
        let x = device.tensor([[BAD, BAD], [1.0, 2.0], [BAD, BAD]]);
        let present = device.tensor([[0.0], [1.0], [0.0]]);
        let stand_in = device.tensor([7.0, 8.0]);
        let y = learned(x.clone().put_tape(Traced::default()), &present, &stand_in).unwrap();
        let gradients = y.sum().backward();
        assert_eq!(gradients.get(&x).array(), [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]);
        assert_eq!(gradients.get(&stand_in).array(), [2.0, 2.0]);
        let y = select(x.clone().put_tape(Traced::default()), &present).unwrap();
        assert_eq!(y.sum().backward().get(&x).array(), [[0.0; 2], [1.0; 2], [0.0; 2]]);
    }

    #[test]
    fn with_all_present_nothing_changes() {
        let device = Cpu::default();
        let x = device.tensor([[1.0, 2.0]]);
        let present = device.tensor([[1.0]]);
        assert_eq!(select(x.clone(), &present).unwrap().array(), x.array());
        let stand_in = device.tensor([7.0, 8.0]);
        assert_eq!(learned(x.clone(), &present, &stand_in).unwrap().array(), x.array());
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let device = Cpu::default();
        let x = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let present = device.tensor([[1.0]]);
        assert!(select(x.clone(), &present).is_err());
        assert!(select_categories(device.tensor([1usize, 2]), &present).is_err());
        let present = device.tensor([[1.0], [0.0]]);
        assert!(learned(x, &present, &device.tensor([1.0])).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let x = device.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0]]]);
        let present = device.tensor([[0.0], [1.0], [0.0]]);
        check_gradients(&x, |x, tape| select(x.clone().put_tape(tape), &present).unwrap());
        let stand_in = device.tensor([[0.1, 0.2, 0.3]]);
        check_gradients(&(x, stand_in), |(x, stand_in), tape| {
            learned(x.clone().put_tape(tape), &present, stand_in).unwrap()
        });
    }
}
