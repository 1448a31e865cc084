//! One file per layer, and the table of them.
//!
//! A layer's formulas are `const fn`, because they run twice: inside the macro, where sizes that
//! are `const` paths are unknown, and in constants of the expansion, where all are known. The
//! expansion reaches them as `multi_input::private::spec::layer::MODULE::output(...)`.

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
pub mod time_distributed;
pub mod transformer_block;
pub mod up_sampling2d;
pub mod zero_pad2d;

pub use masked::through;

use declare::layer;
pub use sliding::Sliding;

/// Every layer that a branch may name.
pub const LAYERS: &[Layer] = &[
    dense::LAYER,
    embedding::LAYER,
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
    positional_embedding::LAYER,
    multi_head_attention::LAYER,
    transformer_block::LAYER,
    masking::LAYER,
    drop_mask::LAYER,
];

/// What the macro must know of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// The name in the DSL and of the type in `multi_input::layer`, e.g. `Dense`.
    pub name: &'static str,
    /// The name of this crate's module and of the runtime's file, e.g. `dense`.
    pub module: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// What stands between the parentheses.
    pub parameters: &'static [Parameter],
    /// The output shape of one sample, or what is wrong in words that can follow the field's name.
    pub output: fn(&Shape, &[Value]) -> Result<Shape, Text>,
    /// The number of trainable parameters.
    pub count: fn(&Shape, &[Value]) -> Size,
    /// The sizes that are the runtime type's const arguments.
    pub sizes: fn(&Shape, &[Value]) -> Sizes,
    /// What else the runtime's type needs.
    pub form: Form,
}

impl Layer {
    /// A layer without parameters and tensors, with these formulas: `(output, count, sizes)`.
    pub const fn plain(
        name: &'static str,
        module: &'static str,
        doc: Doc,
        (output, count, sizes): Formulas,
    ) -> Layer {
        Layer { name, module, doc, parameters: &[], output, count, sizes, form: Form::STATELESS }
    }
}

/// [`Layer::output`], [`Layer::count`] and [`Layer::sizes`].
pub type Formulas = (
    fn(&Shape, &[Value]) -> Result<Shape, Text>,
    fn(&Shape, &[Value]) -> Size,
    fn(&Shape, &[Value]) -> Sizes,
);

/// How the runtime's type of a layer is spelled and treated.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// `Name<.., E, D>` rather than `Name<..>`: it holds tensors.
    pub holds_tensors: bool,
    /// Its activation is a type argument, after the sizes.
    pub activation: bool,
    /// Its activation is inside of it rather than the last thing it does.
    pub inner_activation: bool,
    /// The layer inside of it, which is its first type argument.
    pub inner: Option<Inner>,
    /// Its window slides: a type argument `Slide<..>` after the sizes, with these const arguments.
    pub slide: Option<fn(&Shape, &[Value]) -> Sizes>,
    /// Const arguments behind `E` and `D`, which have defaults: all of them, or none.
    pub extra: Option<fn(&Shape, &[Value]) -> Sizes>,
    /// The activation where none is given.
    pub default_activation: Activation,
    /// Its sizes are one shape argument, `(Const<4>, Const<8>)`, rather than const arguments.
    pub shape_argument: bool,
    /// It computes something else in training than in inference.
    pub trains_differently: bool,
    /// It takes statistics over the rows of a batch, so it must know which rows are present.
    pub batch_statistics: bool,
    /// What becomes of a mask.
    pub mask: MaskRule,
    /// It draws random numbers in training.
    pub random: bool,
    /// It has `try_forward_from(x, origin)`, which leaves the gradient by data out.
    pub asks_origin: bool,
    /// The layers that it can take along where they come next, the most of them first:
    /// `x.METHOD(&next, .., input, origin)` is all of them.
    pub fusions: &'static [Fusion],
    /// A merge that it can take along where that comes before it: with the operands and arguments of
    /// the merge, `x.METHOD(operands, .., shape, origin, tape)` is both of them.
    pub merge: Option<MergeFusion>,
    /// Parameters that configure the value rather than the type: the macro calls `set_NAME(value)`.
    pub settings: &'static [&'static str],
}

impl Form {
    /// One that holds tensors.
    pub const HOLDS_TENSORS: Form = Form { holds_tensors: true, ..Form::STATELESS };

    /// A layer without tensors that does the same in training and inference.
    pub const STATELESS: Form = Form {
        holds_tensors: false,
        activation: false,
        inner_activation: false,
        inner: None,
        slide: None,
        extra: None,
        default_activation: Activation::Linear,
        shape_argument: false,
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

/// How a layer holds another.
#[derive(Clone, Copy, Debug)]
pub struct Inner {
    /// What flows into the layer inside, of what flows into this one, or what is wrong with that.
    /// The rank alone decides, which the macro always knows.
    pub input: fn(&Shape) -> Result<Shape, Text>,
    /// Whether the layer inside sees one step alone.
    pub of_step: bool,
    /// The fields of the runtime's type that hold it.
    pub fields: &'static [&'static str],
}

/// Layers that another one can take along.
#[derive(Clone, Copy, Debug)]
pub struct Fusion {
    /// Their names, in order.
    pub next: &'static [&'static str],
    /// The method that is all of them.
    pub method: &'static str,
}

/// A merge that a layer can take along.
#[derive(Clone, Copy, Debug)]
pub struct MergeFusion {
    /// Its name.
    pub merge: &'static str,
    /// The method that is both.
    pub method: &'static str,
}

/// Up to eight sizes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    sizes: [Size; 8],
    len: usize,
}

impl Sizes {
    /// The given sizes; those past the eighth are cut off.
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

    /// How many there are.
    #[allow(clippy::len_without_is_empty)] // Nobody asks whether a type has const arguments.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The size at `position`.
    pub const fn at(&self, position: usize) -> Size {
        self.sizes[position]
    }
}

/// The layer that the DSL calls `name`.
pub fn named(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// What is wrong where category indices flow into `layer`, which computes with numbers.
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

/// A bias for each output, or none.
const fn biases(outputs: Size, bias: &Value) -> Size {
    match bias.flag_or(true) {
        true => outputs,
        false => Size::Known(0),
    }
}

/// What is wrong where something else than one or more vectors flows into `layer`.
const fn vectors_only(layer: &str, input: &Shape) -> Option<Text> {
    ranks_only(layer, input, 2, "[features] or [steps, features]")
}

/// What is wrong where what flows into `layer` has no channels.
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

/// The channels of an image, which come first; of anything else the last axis.
const fn channels(input: &Shape) -> Size {
    match input.rank() {
        3 => input.dim(0),
        _ => input.last(),
    }
}
