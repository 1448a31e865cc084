//! All tensors of a module by name, those that are not trained included.
//!
//! dfdx's visitors are generic, so each is compiled anew for every module. There are two here, one to
//! look and one to change; whatever is done with a tensor is behind an object and compiled once.

use dfdx::{
    nn::tensor_collection::{
        RecursiveWalker, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
    },
    tensor::UniqueId,
};

use crate::{kernel::AnyTensor, lazy, model::AnyModule, tensor::*, Error, Result};

/// A tensor of a module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    /// Its name in the module, e.g. `joined.0.weight`.
    pub(crate) name: String,
    /// Its dimensions.
    pub(crate) shape: Vec<usize>,
    /// Whether an optimizer changes it.
    pub(crate) trainable: bool,
    /// Its elements; double precision holds every `f32` as it is.
    pub(crate) values: Vec<f64>,
}

/// What a tensor is, without its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name in the module.
    pub(crate) name: String,
    /// Its dimensions.
    pub(crate) shape: Vec<usize>,
    /// Whether an optimizer changes it.
    pub(crate) trainable: bool,
    /// What dfdx tells it apart by.
    pub(crate) id: UniqueId,
}

impl Listed {
    /// How many elements it has.
    pub(crate) fn len(&self) -> usize {
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
pub type Look<'a, E> = dyn FnMut(Listed, &[E]) + 'a;

/// What is done with every tensor, which may be changed.
#[allow(unreachable_pub)] // As above.
pub type Change<'a, E, D> =
    dyn FnMut(Role, &mut dyn AnyTensor<E, D>) -> std::result::Result<(), <D as HasErr>::Err> + 'a;

/// Shows every tensor of a module to `look`.
pub(crate) fn visit<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
    look: &mut Look<'_, E>,
) {
    let f = &mut Looking(look);
    match M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f }) {
        Ok(_) => {}
        Err(never) => match never {},
    }
}

/// Hands every tensor of a module to `change`, in the order in which [`visit`] shows them.
///
/// # Errors
/// The device's, and those of `change`.
pub(crate) fn visit_mut<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    change: &mut Change<'_, E, D>,
) -> std::result::Result<(), D::Err> {
    M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut Changing(change) })?;
    Ok(())
}

struct Looking<'a, 'f, E>(&'a mut Look<'f, E>);

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Looking<'_, '_, E> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> std::result::Result<Option<Tensor<S, E, D>>, Self::Err> {
        let (shape, trainable) = (tensor.shape().concrete(), options.do_gradient_update);
        let shape = shape.as_ref().to_vec();
        (self.0)(Listed { name, shape, trainable, id: lazy::id(tensor) }, &D::values(tensor));
        Ok(None)
    }
}

struct Changing<'a, 'f, E: Element, D: Backend<E>>(&'a mut Change<'f, E, D>);

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Changing<'_, '_, E, D> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> std::result::Result<Option<Tensor<S, E, D>>, D::Err> {
        let role = if options.do_gradient_update { Role::Trained } else { Role::Fixed };
        (self.0)(role, tensor)?;
        Ok(None)
    }
}

/// What `of` makes of every tensor.
pub(crate) fn each<E: Element, D: Backend<E>, T>(
    module: &dyn AnyModule<E, D>,
    mut of: impl FnMut(Listed, &[E]) -> T,
) -> Vec<T> {
    let mut all = Vec::new();
    module.visit(&mut |tensor, elements| all.push(of(tensor, elements)));
    all
}

/// Every tensor without its elements.
pub(crate) fn list<E: Element, D: Backend<E>>(module: &dyn AnyModule<E, D>) -> Vec<Listed> {
    each(module, |tensor, _| tensor)
}

/// Every tensor.
pub(crate) fn read<E: Element, D: Backend<E>>(module: &dyn AnyModule<E, D>) -> Vec<Parameter> {
    each(module, |Listed { name, shape, trainable, .. }, elements| {
        let values = elements.iter().map(|value| value.as_f64()).collect();
        Parameter { name, shape, trainable, values }
    })
}

/// Hands every tensor's elements to `edit`, with its place in the order in which they are visited.
pub(crate) fn edit<E: Element, D: Backend<E>>(
    module: &mut dyn AnyModule<E, D>,
    mut edit: impl FnMut(usize, &mut [E]),
) -> Result<()> {
    let mut place = 0;
    let walk = module.visit_mut(&mut |_, tensor| {
        tensor.edit(&mut |elements| edit(place, elements));
        place += 1;
        Ok(())
    });
    walk.map_err(Error::device)
}

/// The same for the tensors of one role, with their places among those.
pub(crate) fn edit_role<E: Element, D: Backend<E>>(
    module: &mut dyn AnyModule<E, D>,
    wanted: Role,
    mut edit: impl FnMut(usize, &mut [E]),
) -> Result<()> {
    let mut place = 0;
    let walk = module.visit_mut(&mut |role, tensor| {
        if role == wanted {
            tensor.edit(&mut |elements| edit(place, elements));
            place += 1;
        }
        Ok(())
    });
    walk.map_err(Error::device)
}

/// Replaces the elements of every tensor, in the order in which they are visited.
pub(crate) fn write<E: Element, D: Backend<E>>(
    module: &mut dyn AnyModule<E, D>,
    values: &[Vec<f64>],
) -> Result<()> {
    let own = list(module);
    let fits = |(own, values): (&Listed, &Vec<f64>)| own.len() == values.len();
    if own.len() != values.len() || !own.iter().zip(values).all(fits) {
        return Err(Error::device(D::size_error()));
    }
    edit(module, |place, elements| {
        let pairs = elements.iter_mut().zip(&values[place]);
        pairs.for_each(|(element, &value)| *element = E::of(value));
    })
}

/// How many numbers a module holds: trained ones, and others. It need not be built for that.
pub(crate) fn count<E: Element, D: Backend<E>, M: TensorCollection<E, D>>() -> (usize, usize) {
    let mut counter = Counter { trainable: 0, fixed: 0 };
    // Counting does not fail.
    let _ = M::iter_tensors(&mut RecursiveWalker { m: (), f: &mut counter });
    (counter.trainable, counter.fixed)
}

struct Counter {
    trainable: usize,
    fixed: usize,
}

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Counter {
    type Viewer = ();
    type Err = std::convert::Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (): (),
    ) -> std::result::Result<Option<Tensor<S, E, D>>, Self::Err> {
        let count = options.shape.num_elements();
        match options.do_gradient_update {
            true => self.trainable += count,
            false => self.fixed += count,
        }
        Ok(None)
    }
}
