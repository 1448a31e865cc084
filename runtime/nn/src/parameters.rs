//! All tensors of a module by name, those that are not trained included.
//!
//! dfdx's visitors are generic, so each is compiled anew for every module. There is one here, which
//! builds, looks and changes; whatever is done with a tensor is behind an object and compiled once.

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

/// What a tensor is, without its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterInfo {
    /// Its name in the module.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Whether an optimizer changes it.
    pub trainable: bool,
    /// What dfdx tells it apart by.
    pub id: UniqueId,
}

impl ParameterInfo {
    /// How many elements it has.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Whether an optimizer changes a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It does.
    Trained,
    /// It does not: a running statistic, or a tensor of a frozen branch.
    Fixed,
}

/// What is done with every tensor and its elements.
#[allow(unreachable_pub)] // A trait that everybody may name speaks of it.
pub type Look<'a, E> = dyn FnMut(ParameterInfo, &[E]) + 'a;

/// What is done with every tensor, which may be changed.
#[allow(unreachable_pub)] // As above.
pub type Change<'a, E, D> =
    dyn FnMut(Role, &mut dyn AnyTensor<E, D>) -> Result<(), <D as HasErr>::Err> + 'a;

/// A module with fresh weights.
///
/// # Errors
/// The device's.
pub fn build<E: Element, D: Backend<E>, M: BuildModule<D, E>>(device: &D) -> Result<M, D::Err> {
    let mut job = Job::Build(device);
    let built = M::iter_tensors(&mut Walker { module: View::Nowhere, job: &mut job })?;
    built.ok_or_else(D::size_error)
}

/// Shows every tensor of a module to `look`.
pub fn visit<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
    look: &mut Look<'_, E>,
) {
    let mut job = Job::Look { look, path: String::new() };
    // To look does not fail.
    let _ = M::iter_tensors(&mut Walker { module: View::Shared(module), job: &mut job });
}

/// Hands every tensor of a module to `change`, in the order in which [`visit`] shows them.
///
/// # Errors
/// The device's, and those of `change`.
pub fn visit_mut<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    change: &mut Change<'_, E, D>,
) -> Result<(), D::Err> {
    let mut job = Job::Change(change);
    M::iter_tensors(&mut Walker { module: View::Unique(module), job: &mut job })?;
    Ok(())
}

/// How many numbers a module holds: trained ones, and others. It need not be built for that.
pub fn count<E: Element, D: Backend<E>, M: TensorCollection<E, D>>() -> (usize, usize) {
    let mut job = Job::Count { trained: 0, fixed: 0 };
    // Neither does counting.
    let _ = M::iter_tensors(&mut Walker { module: View::Nowhere, job: &mut job });
    match job {
        Job::Count { trained, fixed } => (trained, fixed),
        _ => (0, 0),
    }
}

/// dfdx's visitor of modules: the only one, for a visitor is compiled anew for each module and each
/// tuple of layers in it.
struct Walker<'a, 'j, 'f, M, E: Element, D: Backend<E>> {
    module: View<'a, M>,
    job: &'j mut Job<'f, E, D>,
}

/// What there is of the module under way.
enum View<'a, M> {
    Nowhere,
    Shared(&'a M),
    Unique(&'a mut M),
}

/// What is done with every tensor.
enum Job<'f, E: Element, D: Backend<E>> {
    Build(&'f D),
    Look {
        look: &'f mut Look<'f, E>,
        /// The name of the module under way, with those it lies in.
        path: String,
    },
    Change(&'f mut Change<'f, E, D>),
    Count {
        trained: usize,
        fixed: usize,
    },
}

impl<E: Element, D: Backend<E>> Job<'_, E, D> {
    /// Enters a field, and gives the length of the path to go back to.
    fn enter(&mut self, name: &str) -> usize {
        let Job::Look { path, .. } = self else { return 0 };
        let before = path.len();
        if before > 0 {
            path.push('.');
        }
        path.push_str(name);
        before
    }

    fn leave(&mut self, before: usize) {
        if let Job::Look { path, .. } = self {
            path.truncate(before);
        }
    }

    /// Shows a tensor to whoever looks.
    fn look(&mut self, shape: &[usize], trainable: bool, tensor: &dyn Operand<E, D>) {
        // A module's tensors are in order.
        let flat = D::flatten(tensor).and_then(Input::in_order);
        let (Job::Look { look, path }, Ok(flat)) = (self, flat) else { return };
        let (name, shape, id) = (path.clone(), shape.to_vec(), id(&flat));
        look(ParameterInfo { name, shape, trainable, id }, &D::values(&flat));
    }

    /// Hands a tensor to whoever changes it.
    fn change(&mut self, trainable: bool, tensor: &mut dyn AnyTensor<E, D>) -> Result<(), D::Err> {
        let role = if trainable { Role::Trained } else { Role::Fixed };
        match self {
            Job::Change(change) => change(role, tensor),
            _ => Ok(()),
        }
    }

    /// Counts the numbers of a tensor.
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
            View::Nowhere => View::Nowhere,
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
            View::Nowhere => {
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
                self.job.look(shape.as_ref(), trainable, tensor);
                self.job.leave(before);
            }
            View::Unique(module) => self.job.change(trainable, get_mut(module))?,
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
