//! All tensors of a module by name, those that are not trained included.

use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
};

use crate::{tensor::*, Error, Result};

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
}

impl Listed {
    /// How many elements it has.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Every tensor without its elements, in the order in which they are visited.
pub(crate) fn list<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
) -> Vec<Listed> {
    let mut lister = Lister(Vec::new());
    match M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut lister }) {
        Ok(_) => lister.0,
        Err(never) => match never {},
    }
}

/// Every tensor, in the order in which they are visited.
pub(crate) fn read<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &M,
) -> Result<Vec<Parameter>> {
    let mut reader = Reader(Vec::new());
    M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut reader })
        .map_err(Error::device)?;
    Ok(reader.0)
}

/// Replaces the elements of every tensor, in the order in which they are visited.
pub(crate) fn write<E: Element, D: Backend<E>, M: TensorCollection<E, D>>(
    module: &mut M,
    values: &[Vec<f64>],
) -> Result<()> {
    let mut writer = Writer(values.iter());
    M::iter_tensors(&mut RecursiveWalker { m: module, f: &mut writer }).map_err(Error::device)?;
    Ok(())
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

struct Lister(Vec<Listed>);

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Lister {
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
        self.0.push(Listed { name, shape, trainable });
        Ok(None)
    }
}

struct Reader(Vec<Parameter>);

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Reader {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, D>,
        (tensor, name): (&Tensor<S, E, D>, String),
    ) -> std::result::Result<Option<Tensor<S, E, D>>, D::Err> {
        self.0.push(Parameter {
            name,
            shape: tensor.shape().concrete().into(),
            trainable: options.do_gradient_update,
            values: D::values(tensor).iter().map(|value| value.as_f64()).collect(),
        });
        Ok(None)
    }
}

struct Writer<'a>(std::slice::Iter<'a, Vec<f64>>);

impl<E: Element, D: Backend<E>> TensorVisitor<E, D> for Writer<'_> {
    type Viewer = ViewTensorMut;
    type Err = D::Err;
    type E2 = E;
    type D2 = D;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &mut Tensor<S, E, D>,
    ) -> std::result::Result<Option<Tensor<S, E, D>>, D::Err> {
        let values = self.0.next().ok_or_else(D::size_error)?;
        if values.len() != tensor.shape().num_elements() {
            return Err(D::size_error());
        }
        D::edit(tensor, |elements| {
            elements.iter_mut().zip(values).for_each(|(element, &value)| *element = E::of(value));
        });
        Ok(None)
    }
}
