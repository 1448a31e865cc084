//! The tensors of each layer in Keras and in PyTorch, and how ours are made of them.
//!
//! A new layer with tensors has its row in [`counterpart`], and nothing else in this folder.

use super::{kind::Kind, layout::Axes, Library};

/// A tensor of ours and what it is made of.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Our tensor in the layer: `weight`.
    pub(super) ours: String,
    /// In Keras the group of their tensor in the layer, which may be empty: `cell`. In PyTorch its
    /// name in the module: `weight_ih_l0`.
    pub(super) theirs: String,
    /// The order of the axes of their tensor, for each number of axes that it may have.
    pub(super) axes: &'static [Axes],
    /// For each of equal blocks of rows of ours, the block of theirs.
    pub(super) gates: &'static [usize],
    /// Ours is one of so many equal blocks of rows.
    pub(super) block: Option<(usize, usize)>,
    /// A second tensor of theirs.
    pub(super) second: Option<(Joined, &'static str)>,
    /// Where their layer may lack the tensor: the flag in its Keras configuration, and the number that
    /// all elements of ours have then.
    pub(super) optional: Option<(&'static str, f64)>,
    /// The axis of ours that has an element for each number that flows into the layer.
    pub(super) inputs: Option<usize>,
}

/// What becomes of two tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    Added,
    /// The rows of the second follow those of the first.
    Stacked,
}

/// A layer in other libraries.
#[derive(Clone, Debug)]
pub(super) struct Counterpart {
    /// The classes of Keras.
    pub(super) classes: &'static [&'static str],
    /// In Keras the tensors of a group are numbered in this order.
    pub(super) rows: Vec<Row>,
    /// Our arguments that decide what is computed, and their names in Keras.
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// The epsilon that it has in PyTorch by default.
    pub(super) torch_epsilon: Option<f64>,
}

/// The layers whose tensors have no counterpart in other libraries.
#[cfg(test)]
pub(super) const OUR_OWN: &[&str] = &["Thresholds"];

const VECTOR: &[Axes] = &[&[&[0]]];
const SAME: &[Axes] = &[&[&[0], &[1]]];
const TRANSPOSED: &[Axes] = &[&[&[1], &[0]]];
/// A parameter may have an axis for the batch in front.
const POSITIONS: &[Axes] = &[&[&[0], &[1]], &[&[0, 1], &[2]]];
const SAME_3: &[Axes] = &[&[&[0], &[1], &[2]]];
const SAME_4: &[Axes] = &[&[&[0], &[1], &[2], &[3]]];
/// (steps, inputs, filters).
const KERNEL_1D: &[Axes] = &[&[&[2], &[1], &[0]]];
/// (height, width, inputs, filters).
const KERNEL_2D: &[Axes] = &[&[&[3], &[2], &[0], &[1]]];
/// (height, width, channels, multiplier).
const DEPTHWISE: &[Axes] = &[&[&[2, 3], &[], &[0], &[1]]];
/// (features, heads, width of a head), and without heads (features, units).
const INTO_HEADS: &[Axes] = &[&[&[1, 2], &[0]]];
const HEAD_BIAS: &[Axes] = &[&[&[0, 1]]];
const OUT_OF_HEADS: &[Axes] = &[&[&[2], &[0, 1]]];
/// `reset_after=True`, then `False`.
const GRU_BIAS: &[Axes] = &[&[&[0], &[1]], &[&[], &[0]]];
const ONE_ROW: &[Axes] = &[&[&[], &[0]]];

const ACTIVATION: &[(&str, &str)] = &[("activation", "activation")];
const EPSILON: &[(&str, &str)] = &[("epsilon", "epsilon")];
const SLIDES: &[(&str, &str)] = &[
    ("activation", "activation"),
    ("stride", "strides"),
    ("padding", "padding"),
    ("dilation", "dilation_rate"),
    ("groups", "groups"),
];
const DIRECTION: &[(&str, &str)] = &[("go_backwards", "go_backwards")];

/// The layer in another library; `None` if it has none like it.
pub(super) fn counterpart(kind: &Kind<'_>, library: Library) -> Option<Counterpart> {
    let found = match kind.name {
        "Dense" => layer(
            &["Dense"],
            vec![row("weight", "", TRANSPOSED).inputs(1), bias("")],
            vec![row("weight", "weight", SAME).inputs(1), bias("bias")],
        )
        .settings(ACTIVATION),
        "Embedding" | "EmbeddingBag" => layer(
            &["Embedding"],
            vec![row("weight", "", SAME)],
            vec![row("weight", "weight", SAME)],
        ),
        "PositionalEmbedding" => layer(
            &["Embedding"],
            vec![row("weight", "", SAME)],
            vec![row("weight", "weight", POSITIONS)],
        ),
        "Conv1D" => layer(
            &["Conv1D"],
            vec![row("weight", "", KERNEL_1D), bias("")],
            vec![row("weight", "weight", SAME_3), bias("bias")],
        )
        .settings(SLIDES),
        "Conv2D" => layer(
            &["Conv2D"],
            vec![row("weight", "", KERNEL_2D), bias("")],
            vec![row("weight", "weight", SAME_4), bias("bias")],
        )
        .settings(SLIDES),
        // In PyTorch there are two modules, see `units.rs`.
        "SeparableConv2D" => layer(
            &["SeparableConv2D"],
            vec![
                row("depthwise", "", DEPTHWISE),
                row("pointwise.weight", "", KERNEL_2D),
                Row { ours: "pointwise.bias".to_owned(), ..bias("") },
            ],
            vec![],
        )
        .settings(SLIDES),
        "BatchNorm" => layer(
            &["BatchNormalization"],
            vec![
                row("gamma", "", VECTOR).inputs(0).or("scale", 1.0),
                row("beta", "", VECTOR).inputs(0).or("center", 0.0),
                row("running_mean", "", VECTOR).inputs(0),
                row("running_var", "", VECTOR).inputs(0),
            ],
            vec![
                row("gamma", "weight", VECTOR).inputs(0).or("", 1.0),
                row("beta", "bias", VECTOR).inputs(0).or("", 0.0),
                row("running_mean", "running_mean", VECTOR).inputs(0),
                row("running_var", "running_var", VECTOR).inputs(0),
            ],
        )
        .settings(EPSILON)
        .torch_epsilon(1e-5),
        "LayerNorm" | "GroupNorm" => layer(
            match kind.name {
                "LayerNorm" => &["LayerNormalization"],
                _ => &["GroupNormalization"],
            },
            vec![
                row("gamma", "", VECTOR).inputs(0).or("scale", 1.0),
                row("beta", "", VECTOR).inputs(0).or("center", 0.0),
            ],
            vec![
                row("gamma", "weight", VECTOR).inputs(0),
                row("beta", "bias", VECTOR).inputs(0).or("", 0.0),
            ],
        )
        .settings(EPSILON)
        .torch_epsilon(1e-5),
        "RMSNorm" => layer(
            &["RMSNormalization"],
            vec![row("gamma", "", VECTOR).inputs(0)],
            vec![row("gamma", "weight", VECTOR).inputs(0)],
        )
        .settings(EPSILON)
        .torch_epsilon(f64::from(f32::EPSILON)),
        "LSTM" => recurrent(
            &["LSTM"],
            VECTOR,
            vec![
                row("weight", "weight_ih_l0", SAME),
                row("recurrent", "weight_hh_l0", SAME),
                row("bias", "bias_ih_l0", VECTOR).and(Joined::Added, "bias_hh_l0").or("", 0.0),
            ],
        ),
        // Ours are z, r, h as in Keras, theirs r, z, n.
        "GRU" => recurrent(
            &["GRU"],
            GRU_BIAS,
            vec![
                row("weight", "weight_ih_l0", SAME).gates(&[1, 0, 2]),
                row("recurrent", "weight_hh_l0", SAME).gates(&[1, 0, 2]),
                row("bias", "bias_ih_l0", ONE_ROW)
                    .gates(&[1, 0, 2])
                    .and(Joined::Stacked, "bias_hh_l0")
                    .or("", 0.0),
            ],
        ),
        "SimpleRNN" => recurrent(
            &["SimpleRNN"],
            VECTOR,
            vec![
                row("weight", "weight_ih_l0", SAME),
                row("recurrent", "weight_hh_l0", SAME),
                row("bias", "bias_ih_l0", VECTOR).and(Joined::Added, "bias_hh_l0").or("", 0.0),
            ],
        )
        .settings(&[("activation", "activation"), ("go_backwards", "go_backwards")]),
        "Bidirectional" => both_directions(&kind.inner()?, library)?,
        "MultiHeadAttention" => layer(
            &["MultiHeadAttention"],
            [
                ("query", INTO_HEADS, HEAD_BIAS),
                ("key", INTO_HEADS, HEAD_BIAS),
                ("value", INTO_HEADS, HEAD_BIAS),
                ("output", OUT_OF_HEADS, VECTOR),
            ]
            .into_iter()
            .flat_map(|(name, kernel, bias)| {
                let row = |part: &str, axes| {
                    row(&format!("{name}_{part}"), &format!("{name}_dense"), axes)
                };
                [row("weight", kernel), row("bias", bias).or("use_bias", 0.0)]
            })
            .collect(),
            ["query", "key", "value"]
                .into_iter()
                .enumerate()
                .flat_map(|(index, name)| {
                    [
                        row(&format!("{name}_weight"), "in_proj_weight", SAME).block(index, 3),
                        row(&format!("{name}_bias"), "in_proj_bias", VECTOR)
                            .block(index, 3)
                            .or("", 0.0),
                    ]
                })
                .chain([
                    row("output_weight", "out_proj.weight", SAME),
                    row("output_bias", "out_proj.bias", VECTOR).or("", 0.0),
                ])
                .collect(),
        ),
        _ => return None,
    };
    Some(found.of(library))
}

/// The classes of Keras that have a counterpart here.
#[cfg(feature = "keras")]
pub(super) fn keras_classes() -> Vec<&'static str> {
    let layers = multi_input_spec::layer::LAYERS.iter();
    let classes = layers.filter_map(|layer| match layer.name {
        "Bidirectional" => Some(&["Bidirectional"][..]),
        name => Some(counterpart(&Kind::of(name), Library::Keras)?.classes),
    });
    classes.flatten().copied().collect()
}

/// A layer with the tensors of Keras and of PyTorch.
struct Both {
    classes: &'static [&'static str],
    keras: Vec<Row>,
    torch: Vec<Row>,
    settings: &'static [(&'static str, &'static str)],
    torch_epsilon: Option<f64>,
}

fn layer(classes: &'static [&'static str], keras: Vec<Row>, torch: Vec<Row>) -> Both {
    Both { classes, keras, torch, settings: &[], torch_epsilon: None }
}

fn recurrent(classes: &'static [&'static str], bias: &'static [Axes], torch: Vec<Row>) -> Both {
    let keras = vec![
        row("weight", "cell", TRANSPOSED),
        row("recurrent", "cell", TRANSPOSED),
        row("bias", "cell", bias).or("use_bias", 0.0),
    ];
    layer(classes, keras, torch).settings(DIRECTION)
}

/// The tensors of a recurrent layer twice.
fn both_directions(inner: &Kind<'_>, library: Library) -> Option<Both> {
    let forward = counterpart(inner, library)?.rows;
    let within = |direction: &str, ending: &'static str, row: &Row| Row {
        ours: format!("{direction}.{}", row.ours),
        theirs: match library {
            Library::Keras => format!("{direction}_layer/{}", row.theirs),
            Library::PyTorch => format!("{}{ending}", row.theirs),
        },
        second: row.second.map(|(joined, name)| match ending {
            "" => (joined, name),
            _ => (joined, "bias_hh_l0_reverse"),
        }),
        ..row.clone()
    };
    let forwards = forward.iter().map(|row| within("forward", "", row));
    let backwards = forward.iter().map(|row| within("backward", "_reverse", row));
    let rows: Vec<Row> = forwards.chain(backwards).collect();
    Some(layer(&["Bidirectional"], rows.clone(), rows))
}

impl Both {
    fn settings(self, settings: &'static [(&'static str, &'static str)]) -> Both {
        Both { settings, ..self }
    }

    fn torch_epsilon(self, epsilon: f64) -> Both {
        Both { torch_epsilon: Some(epsilon), ..self }
    }

    fn of(self, library: Library) -> Counterpart {
        let Both { classes, keras, torch, settings, torch_epsilon } = self;
        let rows = match library {
            Library::Keras => keras,
            Library::PyTorch => torch,
        };
        Counterpart { classes, rows, settings, torch_epsilon }
    }
}

fn row(ours: &str, theirs: &str, axes: &'static [Axes]) -> Row {
    Row {
        ours: ours.to_owned(),
        theirs: theirs.to_owned(),
        axes,
        gates: &[],
        block: None,
        second: None,
        optional: None,
        inputs: None,
    }
}

fn bias(theirs: &str) -> Row {
    row("bias", theirs, VECTOR).or("use_bias", 0.0)
}

impl Row {
    fn gates(self, gates: &'static [usize]) -> Row {
        Row { gates, ..self }
    }

    fn block(self, index: usize, of: usize) -> Row {
        Row { block: Some((index, of)), ..self }
    }

    fn and(self, joined: Joined, second: &'static str) -> Row {
        Row { second: Some((joined, second)), ..self }
    }

    fn or(self, flag: &'static str, value: f64) -> Row {
        Row { optional: Some((flag, value)), ..self }
    }

    fn inputs(self, axis: usize) -> Row {
        Row { inputs: Some(axis), ..self }
    }
}

#[cfg(test)]
mod tests {
    use multi_input_spec::layer::LAYERS;

    use super::*;

    /// Layers that consist of others, which have counterparts of their own (`units.rs`).
    const OF_LAYERS: &[&str] = &["TimeDistributed", "TransformerBlock"];

    #[test]
    fn every_layer_with_tensors_has_a_counterpart_or_is_our_own() {
        let has_tensors = |layer: &&multi_input_spec::layer::Layer| {
            layer.form.holds_tensors || layer.form.inner.is_some()
        };
        for layer in LAYERS.iter().filter(has_tensors) {
            let identity = format!("{}(layer = LSTM)", layer.name);
            let known = [Library::Keras, Library::PyTorch]
                .map(|library| counterpart(&Kind::of(&identity), library).is_some());
            let other = OUR_OWN.contains(&layer.name) || OF_LAYERS.contains(&layer.name);
            assert_eq!(known, [!other; 2], "{}", layer.name);
        }
    }
}
