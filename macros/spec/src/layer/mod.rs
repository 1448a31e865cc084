//! Layers, one file each, and their table.
//!
//! A layer's formulas are `const fn`, because they run twice: in the macro, where sizes that are
//! `const` paths are unknown, and in constants of the expansion, where all sizes are known. The
//! expansion calls them as `multi_input::private::spec::layer::MODULE::output(...)`.

use crate::{Activation, Doc, Kind, MaskRule, Parameter, Shape, Size, Text, Value};

pub mod avg_pool1d;
pub mod avg_pool2d;
pub mod batch_norm;
pub mod bidirectional;
pub mod conv1d;
pub mod conv2d;
mod declare;
pub mod dense;
pub mod drop_mask;
pub mod dropout;
pub mod embedding;
pub mod embedding_bag;
pub mod flatten;
pub mod global_average_pool1d;
pub mod global_average_pool2d;
pub mod global_max_pool1d;
pub mod global_max_pool2d;
pub mod group_norm;
pub mod gru;
pub mod layer_norm;
pub mod lstm;
mod masked;
pub mod masking;
pub mod max_pool1d;
pub mod max_pool2d;
pub mod multi_head_attention;
mod pool1d;
mod pool2d;
pub mod positional_embedding;
mod recurrent;
pub mod reshape;
pub mod rms_norm;
pub mod separable_conv2d;
pub mod simple_rnn;
mod sliding;
mod tensors;
pub mod thresholds;
pub mod time_distributed;
pub mod transformer_block;
pub mod up_sampling2d;
pub mod zero_pad2d;

pub use masked::through;

use declare::layer;
pub use sliding::Sliding;
pub use tensors::{tensors, LayerTensor};

/// Every layer for `#[branch(...)]`.
pub const LAYERS: &[Layer] = &[
    dense::LAYER,
    embedding::LAYER,
    embedding_bag::LAYER,
    flatten::LAYER,
    reshape::LAYER,
    dropout::LAYER,
    batch_norm::LAYER,
    layer_norm::LAYER,
    group_norm::LAYER,
    rms_norm::LAYER,
    conv2d::LAYER,
    separable_conv2d::LAYER,
    max_pool2d::LAYER,
    avg_pool2d::LAYER,
    global_max_pool2d::LAYER,
    global_average_pool2d::LAYER,
    zero_pad2d::LAYER,
    up_sampling2d::LAYER,
    conv1d::LAYER,
    max_pool1d::LAYER,
    avg_pool1d::LAYER,
    global_max_pool1d::LAYER,
    global_average_pool1d::LAYER,
    lstm::LAYER,
    gru::LAYER,
    simple_rnn::LAYER,
    bidirectional::LAYER,
    time_distributed::LAYER,
    thresholds::LAYER,
    positional_embedding::LAYER,
    multi_head_attention::LAYER,
    transformer_block::LAYER,
    masking::LAYER,
    drop_mask::LAYER,
];

/// A layer, as the macro knows it.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// The name in the DSL and of the type in `multi_input::layer`, e.g. `Dense`.
    pub name: &'static str,
    /// The name of this crate's module and of the runtime's file, e.g. `dense`.
    pub module: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// The output shape of one sample, or an error that can follow the field's name.
    pub output: fn(&Shape, &[Value]) -> Result<Shape, Text>,
    /// The number of trainable parameters.
    pub count: fn(&Shape, &[Value]) -> Size,
    /// The floating-point operations of a prediction; see [`cost`](crate::cost).
    pub flops: fn(&Shape, &[Value]) -> Size,
    /// The numbers that are alive only while it is computed.
    pub held: fn(&Shape, &[Value]) -> Size,
    /// The const arguments of the runtime's type.
    pub sizes: fn(&Shape, &[Value]) -> Sizes,
    /// Further properties of the runtime's type.
    pub form: Form,
}

impl Layer {
    /// A layer without parameters and tensors, with these formulas: `(output, count, sizes)`
    /// and `(flops, held)`.
    pub const fn plain(
        name: &'static str,
        module: &'static str,
        doc: Doc,
        (output, count, sizes): Formulas,
        (flops, held): Costs,
    ) -> Layer {
        Layer {
            name,
            module,
            doc,
            parameters: &[],
            output,
            count,
            flops,
            held,
            sizes,
            form: Form::STATELESS,
        }
    }
}

/// [`Layer::output`], [`Layer::count`] and [`Layer::sizes`].
pub type Formulas = (
    fn(&Shape, &[Value]) -> Result<Shape, Text>,
    fn(&Shape, &[Value]) -> Size,
    fn(&Shape, &[Value]) -> Sizes,
);

/// [`Layer::flops`] and [`Layer::held`].
pub type Costs = (fn(&Shape, &[Value]) -> Size, fn(&Shape, &[Value]) -> Size);

/// The properties of the runtime's type of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Whether the type is `Name<.., E, D>` instead of `Name<..>`: it holds tensors.
    pub holds_tensors: bool,
    /// Whether its activation is a type argument, after the sizes.
    pub activation: bool,
    /// Whether its activation is internal, not the final operation.
    pub inner_activation: bool,
    /// The inner layer, which is its first type argument.
    pub inner: Option<Inner>,
    /// The const arguments of `Slide<..>`, a type argument after the sizes, for a sliding window.
    pub slide: Option<fn(&Shape, &[Value]) -> Sizes>,
    /// Const arguments after `E` and `D`, which have defaults: all of them, or none.
    pub extra: Option<fn(&Shape, &[Value]) -> Sizes>,
    /// Whether the rows of its table may be divided among machines, by its arguments. Then its type
    /// has a last argument `ShardedRows<N>`, where `N` is its first size.
    pub sharded: Option<fn(&[Value]) -> bool>,
    /// The default activation.
    pub default_activation: Activation,
    /// Whether its sizes are one shape argument, `(Const<4>, Const<8>)`, instead of const
    /// arguments.
    pub shape_argument: bool,
    /// Whether it looks up its input in a table, whose rows are its first parameter.
    pub looks_up: bool,
    /// Whether it behaves differently in training and inference.
    pub trains_differently: bool,
    /// Whether it uses batch statistics, and so needs to know which rows are present. It has as many
    /// running statistics as parameters.
    pub batch_statistics: bool,
    /// Its effect on a mask.
    pub mask: MaskRule,
    /// Whether it uses random numbers in training.
    pub random: bool,
    /// Whether it has `try_forward_from(x, origin)`, which omits the gradient with respect to data.
    pub asks_origin: bool,
    /// The sequences of following layers that it can be fused with, longest first: `x.METHOD(&next,
    /// .., input, origin)` computes all of them.
    pub fusions: &'static [Fusion],
    /// The merge before it that it can be fused with: `x.METHOD(operands, .., shape, origin,
    /// tape)`, with the operands and arguments of the merge, computes both.
    pub merge: Option<MergeFusion>,
    /// Parameters that configure the value instead of the type: the macro calls `set_NAME(value)`.
    pub settings: &'static [&'static str],
}

impl Form {
    /// A layer with tensors.
    pub const HOLDS_TENSORS: Form = Form { holds_tensors: true, ..Form::STATELESS };

    /// A layer without tensors that behaves equally in training and inference.
    pub const STATELESS: Form = Form {
        holds_tensors: false,
        activation: false,
        inner_activation: false,
        inner: None,
        slide: None,
        extra: None,
        sharded: None,
        default_activation: Activation::Linear,
        shape_argument: false,
        looks_up: false,
        trains_differently: false,
        batch_statistics: false,
        mask: MaskRule::Loses,
        random: false,
        asks_origin: false,
        fusions: &[],
        merge: None,
        settings: &[],
    };
}

/// The inner layer of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Inner {
    /// The input shape of the inner layer from the input shape of the outer layer, or an error. It
    /// depends only on the rank, which the macro always knows.
    pub input: fn(&Shape) -> Result<Shape, Text>,
    /// Whether the inner layer processes single steps.
    pub of_step: bool,
    /// The fields of the runtime's type with the inner layer.
    pub fields: &'static [&'static str],
}

/// Layers that the layer before them can be fused with.
#[derive(Clone, Copy, Debug)]
pub struct Fusion {
    /// Their names, in order.
    pub next: &'static [&'static str],
    /// The method that computes all of them.
    pub method: &'static str,
}

/// A merge that a layer can be fused with.
#[derive(Clone, Copy, Debug)]
pub struct MergeFusion {
    /// Its name.
    pub merge: &'static str,
    /// The method that computes both.
    pub method: &'static str,
}

/// Up to eight sizes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    sizes: [Size; 8],
    len: usize,
}

impl Sizes {
    /// The given sizes; sizes after the eighth are cut off.
    pub const fn of(given: &[Size]) -> Sizes {
        let mut all = Sizes { sizes: [Size::Unknown; 8], len: 0 };
        while all.len < given.len() && all.len < 8 {
            all.sizes[all.len] = given[all.len];
            all.len += 1;
        }
        all
    }

    /// The dimensions of a shape.
    pub const fn of_shape(shape: &Shape) -> Sizes {
        let mut all = Sizes { sizes: [Size::Unknown; 8], len: 0 };
        while all.len < shape.rank() {
            all.sizes[all.len] = shape.dim(all.len);
            all.len += 1;
        }
        all
    }

    /// The number of sizes.
    #[allow(clippy::len_without_is_empty)] // Emptiness is never needed.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The size at `position`.
    pub const fn at(&self, position: usize) -> Size {
        self.sizes[position]
    }
}

/// The layer with the DSL name `name`.
pub fn named(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// An error if the input of `layer` is not numeric.
pub const fn numbers_only(layer: &str, input: &Shape) -> Option<Text> {
    match input.kind {
        Kind::Numbers => None,
        _ => Some(
            Text::new("`")
                .str(layer)
                .str("` computes with numbers, but what flows in is ")
                .shape(input)
                .str("; put `Embedding(categories, width)` before it"),
        ),
    }
}

/// The number of biases: one per output, or none.
const fn biases(outputs: Size, bias: &Value) -> Size {
    match bias.flag_or(true) {
        true => outputs,
        false => Size::Known(0),
    }
}

/// The operations of a linear map of one vector.
const fn linear_flops(inputs: Size, outputs: Size, biases: Size) -> Size {
    inputs.times(outputs).times(Size::Known(2)).plus(biases)
}

/// The operations of an activation of so many numbers: one each, whichever it is.
const fn activation_flops(given: &Value, default: Activation, numbers: Size) -> Size {
    let activation = match given {
        Value::Activation(activation) => *activation,
        _ => default,
    };
    match activation {
        Activation::Linear => Size::Known(0),
        _ => numbers,
    }
}

/// The number of vectors along the last axis.
const fn vectors(input: &Shape) -> Size {
    let (mut number, mut axis) = (Size::Known(1), 1);
    while axis < input.rank() {
        number = number.times(input.dim(axis - 1));
        axis += 1;
    }
    number
}

/// An error if the input of `layer` is not one or more vectors.
const fn vectors_only(layer: &str, input: &Shape) -> Option<Text> {
    ranks_only(layer, input, 2, "[features] or [steps, features]")
}

/// An error if the input of `layer` has no channels.
const fn channels_only(layer: &str, input: &Shape) -> Option<Text> {
    ranks_only(layer, input, 3, "[features], [steps, features] or [channels, height, width]")
}

const fn ranks_only(layer: &str, input: &Shape, most: usize, taken: &str) -> Option<Text> {
    if let Some(text) = numbers_only(layer, input) {
        return Some(text);
    }
    if input.rank() > 0 && input.rank() <= most {
        return None;
    }
    let text = Text::new("`").str(layer).str("` takes ").str(taken);
    Some(text.str(", but what flows in is ").shape(input).str("; put `Flatten` before it"))
}

/// The channels: the first axis of an image, the last axis otherwise.
const fn channels(input: &Shape) -> Size {
    match input.rank() {
        3 => input.dim(0),
        _ => input.last(),
    }
}
