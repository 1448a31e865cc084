//! Iteration over the tensors of a module without its type.

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::{ParameterInfo, Role};

use super::AnyModule;
use crate::definition::Graph;

/// A tensor of a module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    /// The name in the module, such as `joined.0.weight`.
    pub(crate) name: String,
    /// The dimensions.
    pub(crate) shape: Vec<usize>,
    /// Whether an optimizer changes it.
    pub(crate) trainable: bool,
    /// The elements; `f64` represents every `f32` exactly.
    pub(crate) values: Vec<f64>,
}

/// The results of `of` on every tensor.
pub(crate) fn each<E: Element, D: Backend<E>, T>(
    module: &dyn AnyModule<E, D>,
    mut of: impl FnMut(ParameterInfo, &[E]) -> T,
) -> Vec<T> {
    let mut all = Vec::new();
    module.visit(&mut |tensor, elements| all.push(of(tensor, elements)));
    all
}

/// The name and shape of every tensor.
pub(crate) fn list<E: Element, D: Backend<E>>(module: &dyn AnyModule<E, D>) -> Vec<ParameterInfo> {
    each(module, |tensor, _| tensor)
}

/// Every tensor with its elements.
pub(crate) fn read<E: Element, D: Backend<E>>(module: &dyn AnyModule<E, D>) -> Vec<Parameter> {
    each(module, |ParameterInfo { name, shape, trainable, .. }, elements| {
        let values = elements.iter().map(|value| value.as_f64()).collect();
        Parameter { name, shape, trainable, values }
    })
}

/// The index of the node that owns a tensor: `joined.0.weight` belongs to `joined`, `serum_missing`
/// to `serum`.
pub(crate) fn node_of_tensor(graph: &Graph, tensor: &str) -> Option<usize> {
    let field = tensor.split('.').next().unwrap_or(tensor);
    let named = |name: &str| graph.nodes.iter().position(|node| node.name == name);
    named(field)
        .or_else(|| named(field.strip_suffix("_missing")?))
        .or_else(|| named(field.strip_suffix("_log_variance")?))
}

/// Calls `edit` with the index and elements of every tensor, in visiting order.
pub(crate) fn edit<E: Element, D: Backend<E>>(
    module: &mut dyn AnyModule<E, D>,
    mut edit: impl FnMut(usize, &mut [E]),
) -> Result<()> {
    let mut index = 0;
    let walk = module.visit_mut(&mut |_, tensor| {
        tensor.edit(&mut |elements| edit(index, elements));
        index += 1;
        Ok(())
    });
    walk.map_err(Error::device)
}

/// Calls `edit` with the tensors of one role and their indices among the tensors of that role.
pub(crate) fn edit_role<E: Element, D: Backend<E>>(
    module: &mut dyn AnyModule<E, D>,
    selected: Role,
    mut edit: impl FnMut(usize, &mut [E]),
) -> Result<()> {
    let mut index = 0;
    let walk = module.visit_mut(&mut |role, tensor| {
        if role == selected {
            tensor.edit(&mut |elements| edit(index, elements));
            index += 1;
        }
        Ok(())
    });
    walk.map_err(Error::device)
}

/// Replaces the elements of every tensor, in visiting order.
pub(crate) fn write<E: Element, D: Backend<E>>(
    module: &mut dyn AnyModule<E, D>,
    values: &[Vec<f64>],
) -> Result<()> {
    let own = list(module);
    let fits = |(own, values): (&ParameterInfo, &Vec<f64>)| own.elements() == values.len();
    if own.len() != values.len() || !own.iter().zip(values).all(fits) {
        return Err(Error::device(D::size_error()));
    }
    edit(module, |index, elements| {
        let pairs = elements.iter_mut().zip(&values[index]);
        pairs.for_each(|(element, &value)| *element = E::of(value));
    })
}
