//! Walks over the tensors of a module that are trained, or over those that are not.

use dfdx::{
    nn::tensor_collection::{RecursiveWalker, TensorVisitor, ViewTensorMut, ViewTensorRef},
    tensor::Gradients,
};

use crate::{lazy::Tables, tensor::*};

/// Hands every trained tensor's gradient to `edit`, with its place among the trained tensors: of
/// tables that rest the gradients of the rows that were looked up, the others being zero.
pub(super) fn gradients<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
    gradients: &mut Gradients<E, D>,
    tables: &mut Tables<E>,
    edit: impl FnMut(usize, &mut [E]),
) -> Result<(), D::Err> {
    let mut walk = GradientWalk { index: 0, gradients, tables, edit };
    M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut walk })?;
    Ok(())
}

/// Hands every trained tensor's weights to `edit`, with its place among the trained tensors.
pub(super) fn weights<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    edit: impl FnMut(usize, &mut [E]),
) -> Result<(), D::Err> {
    let mut walk = WeightWalk { trained: true, index: 0, edit };
    M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut walk })?;
    Ok(())
}

/// The same for the tensors that are not trained.
pub(super) fn statistics<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    edit: impl FnMut(usize, &mut [E]),
) -> Result<(), D::Err> {
    let mut walk = WeightWalk { trained: false, index: 0, edit };
    M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut walk })?;
    Ok(())
}

struct GradientWalk<'a, E: Element, D: Backend<E>, F> {
    index: usize,
    gradients: &'a mut Gradients<E, D>,
    tables: &'a mut Tables<E>,
    edit: F,
}

impl<E, D, F> TensorVisitor<E, D> for GradientWalk<'_, E, D, F>
where
    E: Element,
    D: Backend<E>,
    F: FnMut(usize, &mut [E]),
{
    type Viewer = ViewTensorRef;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        tensor: &Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, D::Err> {
        if options.do_gradient_update {
            let (index, edit) = (self.index, &mut self.edit);
            match self.tables.get(index) {
                Some(table) => edit(index, table.gradient()),
                None => {
                    D::edit_gradient(self.gradients, tensor, |gradient| edit(index, gradient))?;
                }
            }
            self.index += 1;
        }
        Ok(None)
    }
}

struct WeightWalk<F> {
    trained: bool,
    index: usize,
    edit: F,
}

impl<E: Element, D: Backend<E>, F: FnMut(usize, &mut [E])> TensorVisitor<E, D> for WeightWalk<F> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, D::Err> {
        if options.do_gradient_update == self.trained {
            let (index, edit) = (self.index, &mut self.edit);
            D::edit(tensor, |weights| edit(index, weights));
            self.index += 1;
        }
        Ok(None)
    }
}
