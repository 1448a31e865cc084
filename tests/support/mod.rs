//! Walking over a module's parameters by name, and reading what Keras computed.
#![allow(dead_code)] // Each test target uses its share.

pub mod fixture;
pub mod forge;
pub mod script;

use dfdx::{
    nn::tensor_collection::{
        RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
        ViewTensorName, ViewTensorRef,
    },
    shapes::{Dtype, Shape},
    tensor::{Cpu, Gradients, Tensor},
    tensor_ops::Device,
};

/// A tensor of a module, by its path.
pub type Named = (String, Vec<f64>);

/// The trainable parameters.
pub fn parameters<E: Dtype, M: TensorCollection<E, Cpu>>(module: &M) -> Vec<Named>
where
    Cpu: Device<E>,
{
    let mut read = Read { gradients: None, frozen: false, found: Vec::new() };
    walk(module, &mut read);
    read.found
}

/// The tensors that are not trained.
pub fn frozen<E: Dtype, M: TensorCollection<E, Cpu>>(module: &M) -> Vec<Named>
where
    Cpu: Device<E>,
{
    let mut read = Read { gradients: None, frozen: true, found: Vec::new() };
    walk(module, &mut read);
    read.found
}

/// The gradient of every trainable parameter.
pub fn gradients<E: Dtype, M: TensorCollection<E, Cpu>>(
    module: &M,
    gradients: &Gradients<E, Cpu>,
) -> Vec<Named>
where
    Cpu: Device<E>,
{
    let mut read = Read { gradients: Some(gradients), frozen: false, found: Vec::new() };
    walk(module, &mut read);
    read.found
}

/// Replaces the tensors of the given names.
pub fn set<E: Dtype, M: TensorCollection<E, Cpu>>(module: &mut M, values: &[Named])
where
    Cpu: Device<E>,
{
    let mut write = Write { values };
    // Nothing in `Write` fails.
    let _ = M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: &mut write });
}

/// Adds `delta` to one element of one parameter.
pub fn nudge<E: Dtype, M: TensorCollection<E, Cpu>>(
    module: &mut M,
    name: &str,
    element: usize,
    delta: f64,
) where
    Cpu: Device<E>,
{
    let mut values = parameters(module);
    values.retain(|(known, _)| known == name);
    values[0].1[element] += delta;
    set(module, &values);
}

fn walk<E: Dtype, M: TensorCollection<E, Cpu>>(module: &M, read: &mut Read<'_, E>)
where
    Cpu: Device<E>,
{
    let _ = M::iter_tensors(&mut RecursiveWalker { m: (module, String::new()), f: read });
}

struct Read<'a, E: Dtype>
where
    Cpu: Device<E>,
{
    gradients: Option<&'a Gradients<E, Cpu>>,
    frozen: bool,
    found: Vec<Named>,
}

impl<E: Dtype> TensorVisitor<E, Cpu> for Read<'_, E>
where
    Cpu: Device<E>,
{
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = dfdx::tensor::CpuError;
    type E2 = E;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, Cpu>,
        (tensor, name): (&Tensor<S, E, Cpu>, String),
    ) -> Result<Option<Tensor<S, E, Cpu>>, Self::Err> {
        if options.do_gradient_update != self.frozen {
            let values = match self.gradients {
                Some(gradients) => gradients.get(tensor).as_vec(),
                None => tensor.as_vec(),
            };
            let values = values.iter().map(|value| value.to_f64().unwrap()).collect();
            self.found.push((name, values));
        }
        Ok(None)
    }
}

struct Write<'a> {
    values: &'a [Named],
}

impl<E: Dtype> TensorVisitor<E, Cpu> for Write<'_>
where
    Cpu: Device<E>,
{
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = dfdx::tensor::CpuError;
    type E2 = E;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, Cpu>,
        (tensor, name): (&mut Tensor<S, E, Cpu>, String),
    ) -> Result<Option<Tensor<S, E, Cpu>>, Self::Err> {
        if let Some((_, values)) = self.values.iter().find(|(known, _)| *known == name) {
            let values: Vec<E> = values.iter().map(|value| E::from_f64(*value).unwrap()).collect();
            tensor.copy_from(&values);
        }
        Ok(None)
    }
}
