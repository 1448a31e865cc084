//! The architecture of a Keras model: its layers, and what flows into them.

use std::collections::HashMap;

use serde_json::Value;

use crate::foreign::wire::Wire;

/// A layer of an architecture.
#[derive(Debug)]
pub(super) struct ConfigLayer {
    /// The name, after those of the models that it is in: `encoder/dense_1`.
    pub(super) name: String,
    /// Its group in a file of weights: `encoder/dense`.
    pub(super) group: String,
    pub(super) class: String,
    pub(super) config: Value,
    pub(super) reads: Wire,
}

/// The architecture of a model.
#[derive(Debug, Default)]
pub(super) struct Architecture {
    /// The layers in the order of the model.
    pub(super) layers: Vec<ConfigLayer>,
    /// Whether the channels of images are last.
    pub(super) channels_last: bool,
}

/// Whether a layer has weights.
pub(super) enum HasWeights {
    No,
    Own,
    /// Layers within it have, in a layer of the user's own.
    Within,
}

/// Whether the layer of a name and a group has weights.
type Weights<'a> = dyn Fn(&str, &str) -> HasWeights + 'a;

/// Models within models deeper than this are in no file.
const DEEPEST: usize = 16;

impl Architecture {
    /// Reads the JSON of a model. `weights` says which layers have weights.
    ///
    /// # Errors
    /// The reason why it is no architecture.
    pub(super) fn read(json: &str, weights: &Weights<'_>) -> Result<Architecture, String> {
        let model: Value = serde_json::from_str(json)
            .map_err(|error| format!("its architecture is no JSON: {error}"))?;
        let mut reader = Reader { architecture: Architecture::default(), weights };
        reader.architecture.channels_last = true;
        reader.model(&model["config"], Path::default(), None, DEEPEST);
        Ok(reader.architecture)
    }
}

/// Where a model is.
#[derive(Clone, Default)]
struct Path {
    name: String,
    group: String,
}

impl Path {
    fn below(&self, name: &str, group: &str) -> Path {
        let join = |start: &str, end: &str| {
            if start.is_empty() {
                end.to_owned()
            } else {
                format!("{start}/{end}")
            }
        };
        Path { name: join(&self.name, name), group: join(&self.group, group) }
    }
}

struct Reader<'a> {
    architecture: Architecture,
    weights: &'a Weights<'a>,
}

impl Reader<'_> {
    /// Adds the layers of a model, into whose inputs `inputs` flow, and returns what flows out.
    fn model(
        &mut self,
        config: &Value,
        path: Path,
        inputs: Option<Vec<Wire>>,
        depth: usize,
    ) -> Wire {
        let Some(layers) = config["layers"].as_array().filter(|_| depth > 0) else {
            return Wire::Unknown;
        };
        let is_sequential = config["input_layers"].is_null();
        let input_names = names(&config["input_layers"]);
        let mut groups: HashMap<String, usize> = HashMap::new();
        let mut values: HashMap<&str, Wire> = HashMap::new();
        let mut last =
            inputs.as_ref().and_then(|inputs| inputs.first().cloned()).unwrap_or_default();
        for layer in layers {
            let class = layer["class_name"].as_str().unwrap_or_default();
            let name = layer["config"]["name"].as_str().or(layer["name"].as_str()).unwrap_or(class);
            let below = path.below(name, &group(class, &mut groups));
            let read = if is_sequential { vec![last.clone()] } else { inbound(layer, &values) };
            let value = match (class, &inputs) {
                ("InputLayer", Some(inputs)) => {
                    let at = input_names.iter().position(|input| input == name).unwrap_or(0);
                    inputs.get(at).cloned().unwrap_or_default()
                }
                ("InputLayer", None) => Wire::Input(name.to_owned()),
                _ => self.layer(layer, class, below, read, depth),
            };
            last = value.clone();
            values.insert(name, value);
        }
        if is_sequential {
            return last;
        }
        match names(&config["output_layers"]).as_slice() {
            [output] => values.get(output.as_str()).cloned().unwrap_or_default(),
            _ => Wire::Unknown,
        }
    }

    /// Adds a layer and returns what flows out of it.
    fn layer(
        &mut self,
        layer: &Value,
        class: &str,
        path: Path,
        read: Vec<Wire>,
        depth: usize,
    ) -> Wire {
        let config = &layer["config"];
        if config["data_format"] == "channels_first" {
            self.architecture.channels_last = false;
        }
        if config["layers"].is_array() {
            return self.model(config, path, Some(read), depth - 1);
        }
        // A layer around another one, which alone has weights.
        let (class, config) = match class {
            "TimeDistributed" => {
                let inner = &config["layer"];
                (inner["class_name"].as_str().unwrap_or(class), &inner["config"])
            }
            _ => (class, config),
        };
        let flows_in = match (class, read.len()) {
            ("Concatenate", _) => Wire::concat(read),
            (_, 1) => read.into_iter().next().unwrap_or_default(),
            (_, 0) => Wire::Unknown,
            _ => Wire::Merge(read),
        };
        let prepares = super::is_preprocessing(class);
        match (self.weights)(&path.name, &path.group) {
            HasWeights::Within => return Wire::Unknown,
            HasWeights::No if !prepares => return flows_in,
            _ => {}
        }
        // A layer that is called several times reads several values.
        let calls = layer["inbound_nodes"].as_array().map_or(1, Vec::len);
        let reads = match (class, flows_in.clone()) {
            _ if calls > 1 => Wire::Unknown,
            // Attention over a sequence names it several times.
            (_, Wire::Merge(same)) if same.windows(2).all(|pair| pair[0] == pair[1]) => {
                same.into_iter().next().unwrap_or_default()
            }
            (_, flows_in) => flows_in,
        };
        let layers = &mut self.architecture.layers;
        layers.push(ConfigLayer {
            name: path.name,
            group: path.group,
            class: class.to_owned(),
            config: config.clone(),
            reads,
        });
        if prepares {
            flows_in
        } else {
            Wire::Layer(layers.len() - 1)
        }
    }
}

/// The group of a layer: its class, numbered among those of the same model.
fn group(class: &str, groups: &mut HashMap<String, usize>) -> String {
    let snake = snake_case(class);
    let count = groups.entry(snake.clone()).or_insert(0);
    *count += 1;
    match *count {
        1 => snake,
        count => format!("{snake}_{}", count - 1),
    }
}

/// `BatchNormalization` as `batch_normalization`, by the rules of Keras.
pub(crate) fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let is_small = |at: Option<usize>| {
        at.and_then(|at| letters.get(at)).is_some_and(|letter| letter.is_lowercase())
    };
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let begins_word = is_small(Some(at + 1)) || is_small(at.checked_sub(1));
        if letter.is_uppercase() && at > 0 && begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The names of layers in `[["input", 0, 0], ..]` or `["input", 0, 0]`.
fn names(layers: &Value) -> Vec<String> {
    let Some(all) = layers.as_array() else { return vec![] };
    if let Some(Value::String(name)) = all.first() {
        return vec![name.clone()];
    }
    all.iter().flat_map(names).collect()
}

/// What the first call of a layer takes.
fn inbound(layer: &Value, values: &HashMap<&str, Wire>) -> Vec<Wire> {
    let mut named = Vec::new();
    match layer["inbound_nodes"].get(0) {
        // Keras 3.
        Some(Value::Object(call)) => {
            call.values().for_each(|value| histories(value, &mut named, 8));
        }
        // Keras 2: `[["dense", 0, 0, {}], ..]`.
        Some(call) => named.extend(names(call)),
        None => {}
    }
    named.iter().map(|name| values.get(name.as_str()).cloned().unwrap_or_default()).collect()
}

/// The names of the layers whose outputs are in the arguments of a call.
fn histories(value: &Value, named: &mut Vec<String>, depth: usize) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| histories(value, named, depth - 1)),
        Value::Object(object) => {
            match object.get("config").and_then(|config| config.get("keras_history")) {
                Some(history) => named.extend(history[0].as_str().map(str::to_owned)),
                None => object.values().for_each(|value| histories(value, named, depth - 1)),
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_as_by_keras() {
        for (class, snake) in [
            ("Dense", "dense"),
            ("BatchNormalization", "batch_normalization"),
            ("Conv2D", "conv2d"),
            ("SeparableConv2D", "separable_conv2d"),
            ("LSTM", "lstm"),
            ("SimpleRNN", "simple_rnn"),
            ("RMSNormalization", "rms_normalization"),
            ("MultiHeadAttention", "multi_head_attention"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ] {
            assert_eq!(snake_case(class), snake);
        }
        let mut groups = HashMap::new();
        let named: Vec<String> =
            ["Dense", "LSTM", "Dense"].map(|class| group(class, &mut groups)).into();
        assert_eq!(named, ["dense", "lstm", "dense_1"]);
    }
}
