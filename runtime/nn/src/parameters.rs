//! All tensors of a module by name, including those that are not trained.
//!
//! dfdx's visitors are generic, so each is compiled for every module. This module has the only
//! visitor, which builds, reads and changes tensors. The callback for a tensor is an object and
//! compiled once.

use dfdx::{
    nn::{
        tensor_collection::{ModuleFields, ScalarOptions},
        BuildModule,
    },
    tensor::UniqueId,
};
use multi_input_kernel::{AnyTensor, Input, Operand};
use num_traits::NumCast;

use crate::tensor::*;

/// The name and the properties of a tensor, without its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterInfo {
    /// The name in the module.
    pub name: String,
    /// The dimensions.
    pub shape: Vec<usize>,
    /// Whether an optimizer updates the tensor.
    pub trainable: bool,
    /// dfdx's id of the tensor.
    pub id: UniqueId,
}

impl ParameterInfo {
    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Whether an optimizer updates a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An optimizer updates the tensor.
    Trained,
    /// A running statistic, or a tensor of a frozen branch.
    Fixed,
}

/// A callback for every tensor and its elements.
#[allow(unreachable_pub)] // A public trait has it in a signature.
pub type Visit<'a, E> = dyn FnMut(ParameterInfo, &[E]) + 'a;

/// A callback for every tensor, which may change it.
#[allow(unreachable_pub)] // A public trait has it in a signature.
pub type VisitMut<'a, E, D> =
    dyn FnMut(Role, &mut dyn AnyTensor<E, D>) -> Result<(), <D as HasErr>::Err> + 'a;

/// A module with initialised weights.
///
/// # Errors
/// The device's.
pub fn build<E: Element, D: Backend<E>, M: BuildModule<D, E>>(device: &D) -> Result<M, D::Err> {
    let mut job = Job::Build(device);
    let built = M::iter_tensors(&mut Walker { module: View::None, job: &mut job })?;
    built.ok_or_else(D::size_error)
}

/// Calls `visit` with every tensor of a module.
pub fn visit<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
    visit: &mut Visit<'_, E>,
) {
    let mut job = Job::Visit { visit, path: String::new() };
    // Reading does not fail.
    let _ = M::iter_tensors(&mut Walker { module: View::Shared(module), job: &mut job });
}

/// Calls `visit` with every tensor of a module, in the order of [`visit`](fn@visit).
///
/// # Errors
/// The device's, and those of `visit`.
pub fn visit_mut<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    visit_mut: &mut VisitMut<'_, E, D>,
) -> Result<(), D::Err> {
    let mut job = Job::VisitMut(visit_mut);
    M::iter_tensors(&mut Walker { module: View::Unique(module), job: &mut job })?;
    Ok(())
}

/// The numbers of trained and of other elements of a module. No module is built.
pub fn count<E: Element, D: Backend<E>, M: TensorCollection<E, D>>() -> (usize, usize) {
    let mut job = Job::Count { trained: 0, fixed: 0 };
    // Counting does not fail.
    let _ = M::iter_tensors(&mut Walker { module: View::None, job: &mut job });
    match job {
        Job::Count { trained, fixed } => (trained, fixed),
        _ => (0, 0),
    }
}

/// dfdx's visitor of modules. There is only one, because a visitor is compiled for each module and
/// each tuple of layers in it.
struct Walker<'a, 'j, 'f, M, E: Element, D: Backend<E>> {
    module: View<'a, M>,
    job: &'j mut Job<'f, E, D>,
}

/// A reference to the visited module, where there is one.
enum View<'a, M> {
    None,
    Shared(&'a M),
    Unique(&'a mut M),
}

/// The operation on every tensor.
enum Job<'f, E: Element, D: Backend<E>> {
    Build(&'f D),
    Visit {
        visit: &'f mut Visit<'f, E>,
        /// The path of the visited module, with dots.
        path: String,
    },
    VisitMut(&'f mut VisitMut<'f, E, D>),
    Count {
        trained: usize,
        fixed: usize,
    },
}

impl<E: Element, D: Backend<E>> Job<'_, E, D> {
    /// Appends a field to the path; returns the length of the path before.
    fn enter(&mut self, name: &str) -> usize {
        let Job::Visit { path, .. } = self else { return 0 };
        let before = path.len();
        if before > 0 {
            path.push('.');
        }
        path.push_str(name);
        before
    }

    fn leave(&mut self, before: usize) {
        if let Job::Visit { path, .. } = self {
            path.truncate(before);
        }
    }

    /// Passes a tensor to the callback of `visit`.
    fn visit(&mut self, shape: &[usize], trainable: bool, tensor: &dyn Operand<E, D>) {
        // The tensors of a module are contiguous.
        let flat = D::flatten(tensor).and_then(Input::in_order);
        let (Job::Visit { visit, path }, Ok(flat)) = (self, flat) else { return };
        let (name, shape, id) = (path.clone(), shape.to_vec(), id(&flat));
        visit(ParameterInfo { name, shape, trainable, id }, &D::values(&flat));
    }

    /// Passes a tensor to the callback of `visit_mut`.
    fn visit_mut(
        &mut self,
        trainable: bool,
        tensor: &mut dyn AnyTensor<E, D>,
    ) -> Result<(), D::Err> {
        let role = if trainable { Role::Trained } else { Role::Fixed };
        match self {
            Job::VisitMut(visit_mut) => visit_mut(role, tensor),
            _ => Ok(()),
        }
    }

    /// Counts the elements of a tensor.
    fn count(&mut self, trainable: bool, numbers: usize) {
        match self {
            Job::Count { trained, .. } if trainable => *trained += numbers,
            Job::Count { fixed, .. } => *fixed += numbers,
            _ => {}
        }
    }
}

impl<M: TensorCollection<E, D>, E: Element, D: Backend<E>> ModuleVisitor<M, E, D>
    for Walker<'_, '_, '_, M, E, D>
{
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit_module<Field, GetRef, GetMut>(
        &mut self,
        name: &str,
        mut get_ref: GetRef,
        mut get_mut: GetMut,
    ) -> Result<Option<Field::To<E, D>>, D::Err>
    where
        GetRef: FnMut(&M) -> &Field,
        GetMut: FnMut(&mut M) -> &mut Field,
        Field: TensorCollection<E, D>,
    {
        let module = match &mut self.module {
            View::None => View::None,
            View::Shared(module) => View::Shared(get_ref(module)),
            View::Unique(module) => View::Unique(get_mut(module)),
        };
        let before = self.job.enter(name);
        let built = Field::iter_tensors(&mut Walker { module, job: self.job });
        self.job.leave(before);
        built
    }

    fn visit_tensor<S: Shape, GetRef, GetMut>(
        &mut self,
        name: &str,
        mut get_ref: GetRef,
        mut get_mut: GetMut,
        options: TensorOptions<S, E, D>,
    ) -> Result<Option<Tensor<S, E, D>>, D::Err>
    where
        GetRef: FnMut(&M) -> &Tensor<S, E, D>,
        GetMut: FnMut(&mut M) -> &mut Tensor<S, E, D>,
    {
        let trainable = options.do_gradient_update;
        match &mut self.module {
            View::None => {
                if let Job::Build(device) = self.job {
                    let mut tensor = device.try_zeros_like(&options.shape)?;
                    (options.reset)(&mut tensor)?;
                    return Ok(Some(tensor));
                }
                self.job.count(trainable, options.shape.num_elements());
            }
            View::Shared(module) => {
                let (tensor, before) = (get_ref(module), self.job.enter(name));
                let shape = tensor.shape().concrete();
                self.job.visit(shape.as_ref(), trainable, tensor);
                self.job.leave(before);
            }
            View::Unique(module) => self.job.visit_mut(trainable, get_mut(module))?,
        }
        Ok(None)
    }

    fn visit_scalar<N: NumCast, GetRef, GetMut>(
        &mut self,
        _: &str,
        _: GetRef,
        _: GetMut,
        options: ScalarOptions<N>,
    ) -> Result<Option<N>, D::Err>
    where
        GetRef: FnMut(&M) -> &N,
        GetMut: FnMut(&mut M) -> &mut N,
    {
        Ok(Some(options.default))
    }

    fn visit_fields<F: ModuleFields<M, E, D>>(
        &mut self,
        fields: F,
        builder: impl FnOnce(F::Output<E, D>) -> M::To<E, D>,
    ) -> Result<Option<M::To<E, D>>, D::Err> {
        let options = fields.visit_fields(self)?;
        Ok(F::handle_options(options).map(builder))
    }
}
