//! A layer of a file of another library.

use serde_json::Value;

use super::{table::Counterpart, wire::Wire, Library};

/// A layer with its tensors: a `Layer` in Keras, an `nn.Module` in PyTorch.
#[derive(Clone, Debug)]
pub(super) struct ForeignLayer {
    /// The name, by which users map it.
    pub(super) name: String,
    /// Whether the user has given the name, and not Keras, which numbers the names of classes.
    pub(super) is_named: bool,
    /// The class, where the file says it.
    pub(super) class: Option<String>,
    /// The configuration, where the file has it.
    pub(super) config: Option<Value>,
    pub(super) tensors: Vec<ForeignTensor>,
    /// Whether the tensors are in one list, without the groups of layers within the layer.
    pub(super) flat: bool,
    /// What flows in, with the names of inputs and the indices of layers of the file.
    pub(super) reads: Wire,
}

/// A tensor of a layer.
#[derive(Clone, Debug)]
pub(super) struct ForeignTensor {
    /// The name in the layer: `cell/0`, `weight_ih_l0`.
    pub(super) name: String,
    /// The path in the file.
    #[cfg_attr(
        not(feature = "keras"),
        allow(dead_code, reason = "only Keras's files are written")
    )]
    pub(super) path: String,
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Numbers,
}

/// Numbers as the file has them, where `f32` is exact for smaller floats as well.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Numbers {
    #[cfg(feature = "keras")]
    pub(super) fn len(&self) -> usize {
        match self {
            Numbers::F32(numbers) => numbers.len(),
            Numbers::F64(numbers) => numbers.len(),
        }
    }

    #[cfg(feature = "keras")]
    pub(super) fn all(&self) -> Vec<f64> {
        (0..self.len()).map(|index| self.at(index)).collect()
    }

    pub(super) fn at(&self, index: usize) -> f64 {
        match self {
            Numbers::F32(numbers) => numbers.get(index).map_or(f64::NAN, |&number| number.into()),
            Numbers::F64(numbers) => numbers.get(index).copied().unwrap_or(f64::NAN),
        }
    }
}

/// Layers that prepare inputs, which steps of `#[input(...)]` do here.
const PREPROCESSING: &[(&str, &str)] = &[
    ("Normalization", "`standardize`"),
    ("Discretization", "`quantile_bins`"),
    ("StringLookup", "`categories(..)`"),
    ("IntegerLookup", "`categories(..)`"),
    ("TextVectorization", "`words(..)`"),
];

/// The step of ours in the place of a layer of this class; `None` if it does not prepare inputs.
pub(super) fn step_of(class: &str) -> Option<&'static str> {
    PREPROCESSING.iter().find(|(name, _)| *name == class).map(|(_, step)| *step)
}

impl ForeignLayer {
    /// The step of ours in the place of a layer that prepares inputs; `None` for other layers.
    pub(super) fn step(&self) -> Option<&'static str> {
        self.class.as_deref().and_then(step_of)
    }

    /// A value of the configuration, or of that of the layer within.
    pub(super) fn setting(&self, name: &str) -> Option<&Value> {
        let config = self.config.as_ref()?;
        config.get(name).or_else(|| config.get("layer")?.get("config")?.get(name))
    }

    /// Whether the class, if it is known, is one of those.
    pub(super) fn may_be(&self, counterpart: &Counterpart, library: Library) -> bool {
        match (&self.class, library) {
            (Some(class), Library::Keras) => counterpart.classes.contains(&class.as_str()),
            _ => true,
        }
    }

    /// The class with the shapes: `Dense, [48, 1] and [1]`.
    pub(super) fn described(&self) -> String {
        let shapes: Vec<String> =
            self.tensors.iter().map(|tensor| format!("{:?}", tensor.shape)).collect();
        let shapes = match shapes.is_empty() {
            true => "without weights".to_owned(),
            false => shapes.join(", "),
        };
        match &self.class {
            Some(class) => format!("`{}`: {class} {shapes}", self.name),
            None => format!("`{}`: {shapes}", self.name),
        }
    }
}

/// A name as texts and numbers, so that `net.2` is before `net.10`.
pub(super) fn natural(name: &str) -> Vec<(String, Option<usize>)> {
    let mut parts: Vec<(String, Option<usize>)> = vec![(String::new(), None)];
    for letter in name.chars() {
        match (letter.to_digit(10), parts.last_mut()) {
            (Some(digit), Some((_, number))) => {
                let tens = number.unwrap_or(0).saturating_mul(10);
                *number = Some(tens.saturating_add(digit as usize));
            }
            (None, Some((text, None))) => text.push(letter),
            _ => parts.push((letter.to_string(), None)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_names_are_in_their_order() {
        let mut names =
            ["net.10.weight", "net.0.weight", "net", "net.2.weight", "dense", "dense_1"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(
            names,
            ["dense", "dense_1", "net", "net.0.weight", "net.2.weight", "net.10.weight"]
        );
    }
}
