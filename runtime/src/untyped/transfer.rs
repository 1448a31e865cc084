//! Weights and fitted preprocessing taken from another model by the names of nodes.

use std::collections::HashMap;

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{node_of_tensor, parameters, UntypedModel};

/// For a node of the model that takes, the node of the other model whose branch it takes; `None`
/// for a node that takes nothing.
pub(crate) type SourceOf<'a> = dyn Fn(&'static str) -> Option<&'a str> + 'a;

/// A tensor of the other model.
pub(crate) struct TakenTensor<E> {
    pub(crate) shape: Vec<usize>,
    pub(crate) elements: Vec<E>,
}

/// Gives the tensors of the other model with the given names, as far as it has them.
pub(crate) type TensorsNamed<'a, E> =
    dyn Fn(&[Option<String>]) -> HashMap<String, TakenTensor<E>> + 'a;

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Copies the tensors of nodes from another model, whose tensors `named` gives, bit for bit: those of their branches, running
    /// statistics included, and the vectors that replace absent nodes. Everything is compared
    /// before anything changes.
    ///
    /// # Errors
    /// Every tensor that the other model lacks or has in another shape.
    pub(crate) fn take_tensors(
        &mut self,
        named: &TensorsNamed<'_, E>,
        source_of: &SourceOf<'_>,
    ) -> std::result::Result<(), Vec<String>> {
        let own = parameters::list(&self.module);
        let names: Vec<Option<String>> =
            own.iter().map(|tensor| self.name_in_base(&tensor.name, source_of)).collect();
        let taken = named(&names);
        let mistakes: Vec<String> =
            own.iter().zip(&names).filter_map(|pair| mistake(pair, &taken)).collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let copied = parameters::edit(&mut self.module, |index, elements| {
            let taken = names[index].as_ref().and_then(|name| taken.get(name));
            taken.into_iter().for_each(|taken| elements.copy_from_slice(&taken.elements));
        });
        copied.map_err(|error| vec![error.to_string()])
    }

    /// Everything of a model of which this one is a part: weights, fitted preprocessing and
    /// coverage.
    ///
    /// # Errors
    /// [`Error::Device`] if a node differs, which it does in no part that the macro emits.
    pub(crate) fn take_part(
        &mut self,
        whole: &UntypedModel<E, D>,
        source_of: &SourceOf<'_>,
    ) -> Result<()> {
        let graph = self.graph();
        let fitted = whole.preprocessing.as_ref().map(|fitted| fitted.of_fields(graph));
        let fitted = fitted.transpose().map_err(Error::Device)?;
        let taken = whole.taken.of_fields(graph).map_err(Error::Device)?;
        self.take_tensors(&|names| whole.tensors_named(names), source_of)
            .map_err(|all| Error::Device(all.join("; ")))?;
        // What the whole has taken from elsewhere may be all that the part needs.
        let complete = Some(&taken).filter(|taken| !taken.is_empty());
        self.preprocessing = fitted.or_else(|| complete?.complete(graph));
        self.taken = taken;
        self.initial = whole.initial;
        self.coverage = whole.coverage.as_ref().map(|coverage| coverage.of_nodes(graph, source_of));
        Ok(())
    }

    /// The name in the other model of a tensor of this one; `None` if its node takes nothing.
    fn name_in_base(&self, tensor: &str, source_of: &SourceOf<'_>) -> Option<String> {
        let node = self.graph().nodes[node_of_tensor(self.graph(), tensor)?].name;
        let rest = tensor.strip_prefix(node)?;
        let source = source_of(node)?;
        // Only the layers of a branch are shared: a vector in place of an absent node and the
        // weight of a loss are of the node itself.
        let source = if rest.starts_with('.') { source } else { node };
        Some(format!("{source}{rest}"))
    }

    /// Copies of the tensors with the given names, as far as the model has them.
    fn tensors_named(&self, names: &[Option<String>]) -> HashMap<String, TakenTensor<E>> {
        let mut found = HashMap::new();
        self.module.visit(&mut |tensor, elements| {
            if names.iter().flatten().any(|name| *name == tensor.name) {
                let taken = TakenTensor { shape: tensor.shape, elements: elements.to_vec() };
                found.insert(tensor.name, taken);
            }
        });
        found
    }
}

/// The mistake of a tensor that takes the one called `name`; `None` if it takes nothing, or fits.
fn mistake<E>(
    (own, name): (&ParameterInfo, &Option<String>),
    taken: &HashMap<String, TakenTensor<E>>,
) -> Option<String> {
    let name = name.as_ref()?;
    let Some(found) = taken.get(name) else {
        return Some(format!("`{}`: there is no tensor `{name}`", own.name));
    };
    (found.shape != own.shape).then(|| {
        format!("`{}` has the shape {:?} here, and {:?} there", own.name, own.shape, found.shape)
    })
}
