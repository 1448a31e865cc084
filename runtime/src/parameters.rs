//! All tensors of a module by name, those that are not trained included.

use dfdx::{
    nn::tensor_collection::{
        RecursiveWalker, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
    },
    tensor::UniqueId,
};

use crate::{lazy, tensor::*, Error, Result};

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
pub(crate) struct Listed {
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

/// Hands every tensor to `of`, in the order in which they are visited.
pub(crate) fn each<E: Element, D: Backend<E>, M: TensorCollection<E, D>, T>(
    module: &M,
    of: impl FnMut(Listed, &[E]) -> T,
) -> Vec<T> {
    let mut reader = Reader { of, read: Vec::new() };
    match M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut reader }) {
        Ok(_) => reader.read,
        Err(never) => match never {},
    }
}

/// Every tensor without its elements.
pub(crate) fn list<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
) -> Vec<Listed> {
    each(module, |tensor, _| tensor)
}

/// Every tensor.
pub(crate) fn read<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
) -> Result<Vec<Parameter>> {
    Ok(each(module, |Listed { name, shape, trainable, .. }, elements| {
        let values = elements.iter().map(|value| value.as_f64()).collect();
        Parameter { name, shape, trainable, values }
    }))
}

/// Hands every tensor's elements to `edit`, with its place in the order in which they are visited.
pub(crate) fn edit<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    edit: impl FnMut(usize, &mut [E]),
) -> std::result::Result<(), D::Err> {
    M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut Editor { place: 0, edit } })?;
    Ok(())
}

/// Replaces the elements of every tensor, in the order in which they are visited.
pub(crate) fn write<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
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
    .map_err(Error::device)
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

struct Reader<F, T> {
    of: F,
    read: Vec<T>,
}

impl<E, D, F, T> TensorVisitor<E, D> for Reader<F, T>
where
    E: Element,
    D: Backend<E>,
    F: FnMut(Listed, &[E]) -> T,
{
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> std::result::Result<Option<Tensor<S, E, D>>, Self::Err> {
        let (shape, trainable) = (tensor.shape().concrete().into(), options.do_gradient_update);
        let listed = Listed { name, shape, trainable, id: lazy::id(tensor) };
        self.read.push((self.of)(listed, &D::values(tensor)));
        Ok(None)
    }
}

struct Editor<F> {
    place: usize,
    edit: F,
}

impl<E: Element, D: Backend<E>, F: FnMut(usize, &mut [E])> TensorVisitor<E, D> for Editor<F> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> std::result::Result<Option<Tensor<S, E, D>>, D::Err> {
        let (place, edit) = (self.place, &mut self.edit);
        D::edit(tensor, |elements| edit(place, elements));
        self.place += 1;
        Ok(None)
    }
}
