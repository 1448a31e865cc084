//! The files of Keras.

mod archive;
mod config;
mod hdf5;
mod order;

use std::collections::BTreeMap;

use self::{
    archive::Archive,
    config::{Architecture, ConfigLayer, HasWeights},
    hdf5::Tree,
};
use super::{
    layer::{natural, step_of, ForeignLayer, ForeignTensor},
    table::keras_classes,
    wire::Wire,
};

pub(super) use self::{
    config::snake_case,
    hdf5::{write, SavedTensor},
    order::order,
};

/// What a file holds.
pub(super) struct KerasFile {
    pub(super) layers: Vec<ForeignLayer>,
    /// Whether the channels of images are last, as far as the file says it.
    pub(super) channels_last: bool,
}

/// # Errors
/// The reason why it is no file of Keras.
pub(super) fn read(bytes: Vec<u8>) -> Result<KerasFile, String> {
    if bytes.starts_with(archive::SIGNATURE) {
        let Archive { config, weights } = Archive::read(&bytes)?;
        let tree = Tree::read(weights).map_err(|reason| format!("`model.weights.h5`: {reason}"))?;
        return with_architecture(grouped(&tree), &config);
    }
    if !bytes.starts_with(hdf5::SIGNATURE) {
        return Err("it is neither a `.keras` file nor an HDF5 file (`.weights.h5`, `.h5`); \
                    `model.save_weights(\"model.weights.h5\")` in Python writes one"
            .to_owned());
    }
    let tree = Tree::read(bytes)?;
    if tree.groups.contains_key("model_weights") || !tree.all_texts("", LAYERS).is_empty() {
        return keras_2(&tree);
    }
    let layers: Vec<ForeignLayer> =
        grouped(&tree).into_iter().map(|grouped| grouped.layer).collect();
    match layers.is_empty() {
        true => Err("it holds no weights: `model.save_weights(\"model.weights.h5\")` in Python \
                     writes such a file"
            .to_owned()),
        false => Ok(KerasFile { layers, channels_last: true }),
    }
}

/// Whether a layer of this class prepares inputs.
fn is_preprocessing(class: &str) -> bool {
    step_of(class).is_some()
}

/// A layer of a file of weights, before its architecture is known.
struct Grouped {
    /// Its group without `layers`: `encoder/dense_1`.
    group: String,
    layer: ForeignLayer,
}

/// The groups within a layer.
const WITHIN: &[&str] = &[
    "cell",
    "forward_layer",
    "backward_layer",
    "query_dense",
    "key_dense",
    "value_dense",
    "output_dense",
];

/// What a file holds beside the layers of the model.
const OTHERS: &[&str] = &["optimizer", "metrics", "_metrics", "loss", "_loss_tracker"];

/// The layers of a file of Keras 3, whose tensors are `vars/0`, `vars/1` and so on in groups.
fn grouped(tree: &Tree) -> Vec<Grouped> {
    let mut all: BTreeMap<Vec<(String, Option<usize>)>, Grouped> = BTreeMap::new();
    for (path, (shape, numbers)) in &tree.tensors {
        let Some((owner, number)) = path.rsplit_once("/vars/") else { continue };
        let parts: Vec<&str> = owner.split('/').collect();
        if OTHERS.contains(&parts[0]) || parts.contains(&"seed_generator") {
            continue;
        }
        let own = parts.iter().rposition(|part| !WITHIN.contains(part)).map_or(0, |at| at + 1);
        // A layer around another one, which alone has weights.
        let own = if own > 1 && parts[own - 1] == "layer" { own - 1 } else { own };
        let (layer, inner) = parts.split_at(own);
        let inner = inner.iter().filter(|part| **part != "layer");
        let name: Vec<&str> = inner.copied().chain([number]).collect();
        let tensor = ForeignTensor {
            name: name.join("/"),
            path: path.clone(),
            shape: shape.clone(),
            numbers: numbers.clone(),
        };
        let group: Vec<&str> = layer.iter().filter(|part| **part != "layers").copied().collect();
        let group = group.join("/");
        let entry = all.entry(natural(&group)).or_insert_with(|| Grouped {
            layer: ForeignLayer {
                name: named(tree, layer),
                is_named: is_named(&named(tree, layer), &class_of(layer)),
                class: class_of(layer),
                config: None,
                tensors: vec![],
                flat: false,
                reads: Wire::Unknown,
            },
            group,
        });
        entry.layer.tensors.push(tensor);
    }
    all.into_values().collect()
}

/// The name of a layer after those of the models that it is in. The file has the names in attributes; older
/// ones lack them.
fn named(tree: &Tree, parts: &[&str]) -> String {
    let mut names = Vec::new();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| **part != "layers") {
        let group = format!("{}/vars", parts[..=at].join("/"));
        names.push(tree.text(&group, "name").unwrap_or(part));
    }
    names.join("/")
}

/// Whether a name is not one that Keras makes of a class.
fn is_named(name: &str, class: &Option<String>) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let stem = last.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let stem = stem.strip_suffix('_').unwrap_or(last);
    let is_of = |class: &str| snake_case(class) == stem;
    match class {
        Some(class) => !is_of(class),
        None => !keras_classes().into_iter().any(is_of),
    }
}

/// The class by which a group is named; `None` if it is named otherwise, as in a subclass of `Model`.
fn class_of(parts: &[&str]) -> Option<String> {
    let [.., "layers", group] = parts else { return None };
    let stem = group.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let stem = stem.strip_suffix('_').unwrap_or(group);
    let known = keras_classes().into_iter().chain(["Normalization"]);
    let mut known = known.filter(|class| config::snake_case(class) == stem);
    known.next().map(str::to_owned)
}

/// The layers of a file with the architecture.
fn with_architecture(grouped: Vec<Grouped>, json: &str) -> Result<KerasFile, String> {
    let has = |_: &str, group: &str| {
        let is_within =
            |other: &str| other.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'));
        if grouped.iter().any(|other| other.group == group) {
            return HasWeights::Own;
        }
        match grouped.iter().any(|other| is_within(&other.group)) {
            true => HasWeights::Within,
            false => HasWeights::No,
        }
    };
    let Architecture { layers, channels_last } = Architecture::read(json, &has)?;
    let mut all: Vec<ForeignLayer> = Vec::new();
    let mut rest: BTreeMap<String, ForeignLayer> =
        grouped.into_iter().map(|Grouped { group, layer }| (group, layer)).collect();
    for ConfigLayer { name, group, class, config, reads } in layers {
        let tensors = rest.remove(&group).map_or(vec![], |layer| layer.tensors);
        let (class, config) = (Some(class), Some(config));
        let is_named = is_named(&name, &class);
        all.push(ForeignLayer { name, is_named, class, config, tensors, flat: false, reads });
    }
    // Layers of the user's own with layers within.
    all.extend(rest.into_values());
    match all.iter().any(|layer| !layer.tensors.is_empty()) {
        true => Ok(KerasFile { layers: all, channels_last }),
        false => Err("its model has no weights".to_owned()),
    }
}

/// The attribute with the names of layers in a file of Keras 2.
const LAYERS: &str = "layer_names";

/// The layers of a file of Keras 2, or of one that Keras 3 wrote in its form: the names of layers and
/// their tensors are attributes.
fn keras_2(tree: &Tree) -> Result<KerasFile, String> {
    let root = if tree.groups.contains_key("model_weights") { "model_weights" } else { "" };
    let below =
        |name: &str| if root.is_empty() { name.to_owned() } else { format!("{root}/{name}") };
    let mut flat: Vec<(String, Vec<ForeignTensor>)> = Vec::new();
    for layer in tree.all_texts(root, LAYERS) {
        let group = below(&layer);
        for name in tree.all_texts(&group, "weight_names") {
            let Some((shape, numbers)) = tree.tensors.get(&format!("{group}/{name}")) else {
                continue;
            };
            let tensor = ForeignTensor {
                path: format!("{group}/{name}"),
                name: name.clone(),
                shape: shape.clone(),
                numbers: numbers.clone(),
            };
            let owner = within_model(&layer, &name);
            match flat.iter_mut().find(|(other, _)| *other == owner) {
                Some((_, tensors)) => tensors.push(tensor),
                None => flat.push((owner, vec![tensor])),
            }
        }
    }
    if flat.is_empty() {
        return Err("it holds no weights".to_owned());
    }
    let named = |(name, tensors): (String, Vec<ForeignTensor>)| ForeignLayer {
        is_named: is_named(&name, &None),
        name,
        class: None,
        config: None,
        tensors,
        flat: true,
        reads: Wire::Unknown,
    };
    let Some(json) = tree.text("", "model_config") else {
        return Ok(KerasFile {
            layers: flat.into_iter().map(named).collect(),
            channels_last: true,
        });
    };
    let has = |name: &str, _: &str| match flat.iter().any(|(other, _)| other == name) {
        true => HasWeights::Own,
        false => HasWeights::No,
    };
    let Architecture { layers, channels_last } = Architecture::read(json, &has)?;
    let mut rest: BTreeMap<String, Vec<ForeignTensor>> = flat.iter().cloned().collect();
    let mut all: Vec<ForeignLayer> = Vec::new();
    for ConfigLayer { name, class, config, reads, .. } in layers {
        let tensors = rest.remove(&name).unwrap_or_default();
        let (class, config) = (Some(class), Some(config));
        let is_named = is_named(&name, &class);
        all.push(ForeignLayer { name, is_named, class, config, tensors, flat: true, reads });
    }
    all.extend(rest.into_iter().map(named));
    Ok(KerasFile { layers: all, channels_last })
}

/// The name of the layer that a tensor belongs to, within the model `layer` where it is one: the tensors of
/// a model are listed together.
fn within_model(layer: &str, tensor: &str) -> String {
    let parts: Vec<&str> = tensor.split('/').collect();
    let is_inner = |part: &&str| {
        let stem = part.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
        stem.ends_with("_cell")
            || ["query", "key", "value", "attention_output"].contains(&stem)
            || part.starts_with("forward_")
            || part.starts_with("backward_")
    };
    match parts.as_slice() {
        [model, inner, _, ..] if *model == layer && parts.len() > 2 && !is_inner(inner) => {
            format!("{layer}/{inner}")
        }
        _ => layer.to_owned(),
    }
}
