//! Saves the weights of a model for Keras.

use std::{collections::HashMap, fmt, path::Path};

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};

use super::{
    binding::in_their_order,
    features::Order,
    keras::{order, snake_case, write, SavedTensor},
    load::Assignment,
    table::counterpart,
    units::Unit,
    Conversion, ForeignWeights, Library,
};
use crate::untyped::{parameters, UntypedModel};

/// What `Model::save_keras_weights` wrote. Displayed as lines of text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedLayers {
    /// The layers of the model, each with its group in the file, such as `layers/dense_1`: the
    /// second `Dense` of `keras.Model.layers`.
    pub layers: Vec<(String, String)>,
    /// The tensors that Keras has no layer for: learned vectors in the place of absent inputs.
    pub left: Vec<String>,
}

impl fmt::Display for SavedLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<String> =
            self.layers.iter().map(|(ours, theirs)| format!("`{ours}`: `{theirs}`")).collect();
        f.write_str(&layers.join("\n"))?;
        self.left.iter().try_for_each(|tensor| write!(f, "\nleft out: `{tensor}`"))
    }
}

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Saves the weights for a model of Keras that is written line by line.
    ///
    /// # Errors
    /// [`Error::Settings`] with every layer that Keras does not have, and [`Error::File`].
    pub(crate) fn save_keras(&self, path: &Path, conversion: Conversion) -> Result<SavedLayers> {
        let graph = self.graph();
        let own = parameters::read(&self.module);
        let units = Unit::all(graph, &parameters::list(&self.module), conversion);
        let numbers: HashMap<&str, &[f64]> =
            own.iter().map(|own| (own.name.as_str(), own.values.as_slice())).collect();
        let (mut tensors, mut layers, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (node, index) in order(graph) {
            let name = format!("{node}.{index}");
            let of_layer =
                |unit: &&Unit| unit.name == name || unit.name.starts_with(&format!("{name}."));
            for unit in units.iter().filter(of_layer) {
                match saved(unit, &numbers, &mut counts) {
                    Ok((group, saved)) => {
                        tensors.extend(saved);
                        layers.push((unit.name.clone(), group));
                    }
                    Err(reason) => mistakes.push(reason),
                }
            }
        }
        if !mistakes.is_empty() {
            return Err(Error::Settings(mistakes));
        }
        let is_of_unit = |name: &str| {
            units.iter().flat_map(|unit| &unit.tensors).any(|tensor| tensor.name == name)
        };
        let left =
            own.iter().filter(|own| !is_of_unit(&own.name) && !own.name.ends_with("_log_variance"));
        let left = left.map(|own| own.name.clone()).collect();
        // The names by which the layers are found in the file again.
        let names =
            layers.iter().map(|(unit, group)| (unit.replace('.', "_"), format!("{group}/vars")));
        write::<E>(path, &tensors, &names.collect::<Vec<_>>())?;
        Ok(SavedLayers { layers, left })
    }

    /// Saves the weights in the groups of a file of Keras, whose other layers stay as they are.
    ///
    /// # Errors
    /// As [`load_foreign`](UntypedModel::load_foreign), and [`Error::File`].
    pub(crate) fn save_keras_like(
        &self,
        template: &ForeignWeights,
        path: &Path,
    ) -> Result<SavedLayers> {
        let graph = self.graph();
        let base = template.path.display().to_string();
        let refused =
            |mistakes| Error::Transfer { model: graph.name, base: base.clone(), mistakes };
        let own = parameters::read(&self.module);
        let units = Unit::all(graph, &parameters::list(&self.module), template.conversion);
        let assigned = Assignment::of(&units, template).map_err(refused)?;
        let bound = assigned.bound(template.conversion).map_err(refused)?;
        let numbers: HashMap<&str, &[f64]> =
            own.iter().map(|own| (own.name.as_str(), own.values.as_slice())).collect();
        let changed = bound
            .iter()
            .flat_map(|bound| bound.saved(numbers.get(bound.name).copied().unwrap_or_default()));
        let changed: HashMap<String, Vec<f64>> = changed.collect();
        let tensors = template.layers.iter().flat_map(|layer| &layer.tensors).map(|tensor| {
            let numbers = changed.get(&tensor.path).cloned();
            SavedTensor {
                path: tensor.path.clone(),
                shape: tensor.shape.clone(),
                numbers: numbers.unwrap_or_else(|| tensor.numbers.all()),
            }
        });
        let tensors: Vec<SavedTensor> = tensors.collect();
        if let Some(flat) = tensors.iter().find(|tensor| !tensor.path.contains("vars/")) {
            let mistake = format!(
                "the file is in the form of Keras 2 (`{}`): save the model anew as `.keras` or `.weights.h5`",
                flat.path
            );
            return Err(refused(vec![mistake]));
        }
        write::<E>(path, &tensors, &[])?;
        let left = assigned.kept().iter().map(|unit| unit.name.clone()).collect();
        Ok(SavedLayers { layers: assigned.names(), left })
    }
}

/// The group of a layer, numbered by its class, and its tensors.
///
/// # Errors
/// The reason why Keras has none like it.
fn saved(
    unit: &Unit,
    numbers: &HashMap<&str, &[f64]>,
    counts: &mut HashMap<&'static str, usize>,
) -> std::result::Result<(String, Vec<SavedTensor>), String> {
    let none = || {
        format!(
            "`{}`: Keras has no layer like {}; where your Keras model has one of its own, \
             `save_keras_weights_like` writes into its file",
            unit.name, unit.text
        )
    };
    let is_within = unit.name.matches('.').count() > 1;
    let counterpart = counterpart(&unit.kind, Library::Keras).filter(|_| !is_within);
    let counterpart = counterpart.ok_or_else(none)?;
    if let Order::Unknown(reason) = &unit.inputs {
        return Err(format!("`{}`: its inputs are in another order in Keras: {reason}", unit.name));
    }
    let is_distributed = unit.text.starts_with("TimeDistributed");
    let class = if is_distributed { "TimeDistributed" } else { counterpart.classes[0] };
    let count = counts.entry(class).or_insert(0);
    let number = if *count == 0 { String::new() } else { format!("_{count}") };
    *count += 1;
    let group = format!("layers/{}{number}", snake_case(class));
    let mut tensors: Vec<SavedTensor> = Vec::new();
    for row in &counterpart.rows {
        let Some(tensor) = unit.tensor(&row.ours) else { continue };
        let within = if is_distributed { "/layer" } else { "" };
        let inner = if row.theirs.is_empty() { String::new() } else { format!("/{}", row.theirs) };
        let vars = format!("{group}{within}{inner}/vars");
        let index = tensors
            .iter()
            .filter(|other| other.path.rsplit_once('/').is_some_and(|(of, _)| of == vars))
            .count();
        let own = numbers.get(tensor.name.as_str()).copied().unwrap_or_default();
        let (shape, numbers) = in_their_order(unit, row, tensor, own).ok_or_else(|| {
            format!(
                "`{}`: the heads of {} cannot be told apart: write their number as a literal",
                unit.name, unit.text
            )
        })?;
        tensors.push(SavedTensor { path: format!("{vars}/{index}"), shape, numbers });
    }
    Ok((group, tensors))
}
