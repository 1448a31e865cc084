//! The arguments of layers and merges.

use crate::{Activation, Range, Shape, Size};

/// The kind of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// An integer of at least one: a literal or a `const` path.
    Size,
    /// One or more sizes, up to the end of the positional arguments.
    Sizes,
    /// A size for both axes of an image, or a pair of sizes: `3` or `(3, 5)`.
    Pair,
    /// The padding of an image or a sequence: `valid`, `same`, or a number of zeros on every side.
    Padding,
    /// The padding above, below, left and right of an image: one number, a pair (vertical,
    /// horizontal), or a pair of pairs.
    Margins,
    /// An axis of one sample: 0 is the first after the batch, -1 the last.
    Axis,
    /// A real number in this range: a literal or a `const` path.
    Number(Range),
    /// `true` or `false`.
    Flag,
    /// The name of an activation.
    Activation,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A size, or `auto`, which leaves it to the layer.
    SizeOrAuto,
    /// One or more of these words, up to the end of the positional arguments.
    Words(&'static [&'static str]),
    /// A list of real numbers in this range: `[0.0, 0.5]`.
    Numbers(Range),
    /// One or more real numbers in this range, up to the end of the positional arguments.
    ListedNumbers(Range),
    /// The path of a `tokenizer.json`.
    TokenizerFile,
    /// A text in quotes that is not empty.
    Text,
    /// An average over classes: a word of [`AVERAGES`](crate::AVERAGES); no formula uses it.
    Average,
    /// The name of another input; formulas do not use it.
    Input,
    /// An inner layer.
    Layer {
        /// The allowed layers.
        among: &'static [&'static str],
        /// Parameters of the inner layer that the outer layer sets itself.
        without: &'static [&'static str],
    },
}

impl ArgumentKind {
    /// Whether it takes all remaining positional arguments.
    pub const fn is_list(self) -> bool {
        use ArgumentKind::{ListedNumbers, Sizes, Words};
        matches!(self, Sizes | Words(_) | ListedNumbers(_))
    }
}

/// A `tokenizer.json`.
#[derive(Clone, Copy, Debug)]
pub struct TokenizerFile {
    /// The largest id plus one.
    pub vocabulary: usize,
    /// The padding id, if the file has one.
    pub padding: Option<u32>,
    /// Its text; empty while the macro runs.
    pub json: &'static str,
}

/// An inner layer.
#[derive(Clone, Copy, Debug)]
pub struct Nested {
    /// Its output shape.
    pub output: Shape,
    /// Its number of parameters.
    pub count: Size,
    /// Its floating-point operations in a prediction.
    pub flops: Size,
    /// The numbers that it holds while it is computed.
    pub held: Size,
}

/// The padding of an image or a sequence before a window slides over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// No padding.
    Valid,
    /// Zeros such that the output has ceil(input / stride) positions; an odd zero goes at the end,
    /// as in TensorFlow.
    Same,
    /// This number of zeros on every side.
    Zeros(Size),
}

impl Padding {
    /// The paddings with a name.
    pub const WORDS: [(&'static str, Padding); 2] =
        [("valid", Padding::Valid), ("same", Padding::Same)];
}

/// A parameter of a layer or merge.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name, for `name = value`.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: ArgumentKind,
    /// Whether it is required.
    pub required: bool,
    /// The default, as a user would write it; empty without one.
    pub default: &'static str,
}

impl Parameter {
    /// A required parameter.
    pub const fn required(name: &'static str, kind: ArgumentKind) -> Parameter {
        Parameter { name, kind, required: true, default: "" }
    }

    /// An optional parameter.
    pub const fn optional(name: &'static str, kind: ArgumentKind) -> Parameter {
        Parameter { name, kind, required: false, default: "" }
    }

    /// This parameter with a default.
    pub const fn or(self, default: &'static str) -> Parameter {
        Parameter { default, ..self }
    }
}

/// The given arguments in the DSL, `vocabulary = 10000`, as far as they are part of a saved model.
pub fn in_words(parameters: &[Parameter], arguments: &[Value]) -> Vec<String> {
    let last = parameters.len().saturating_sub(1);
    let given = arguments.iter().enumerate().filter_map(|(index, value)| {
        let parameter = parameters.get(index.min(last))?;
        let value = value.in_words()?;
        Some(match parameter.kind.is_list() {
            true => value,
            false => format!("{} = {value}", parameter.name),
        })
    });
    given.collect()
}

/// The value of one parameter, in the order of the layer's parameters. A parameter of kind
/// [`ArgumentKind::Sizes`] or [`ArgumentKind::Words`] comes last and gives one value per element.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// Omitted.
    Absent,
    /// For [`ArgumentKind::Size`] and [`ArgumentKind::Sizes`].
    Size(Size),
    /// For [`ArgumentKind::Pair`]: one size per axis.
    Pair([Size; 2]),
    /// For [`ArgumentKind::Padding`].
    Padding(Padding),
    /// For [`ArgumentKind::Margins`]: above, below, left, right.
    Margins([Size; 4]),
    /// For [`ArgumentKind::Axis`].
    Axis(isize),
    /// For [`ArgumentKind::Number`]; a `const` path is NaN while the macro runs.
    Number(f64),
    /// For [`ArgumentKind::Flag`].
    Flag(bool),
    /// For [`ArgumentKind::Activation`].
    Activation(Activation),
    /// For [`ArgumentKind::Word`] and [`ArgumentKind::Words`].
    Word(&'static str),
    /// For [`ArgumentKind::Numbers`]; a `const` path is NaN while the macro runs.
    Numbers(&'static [f64]),
    /// For [`ArgumentKind::Text`].
    Text(&'static str),
    /// For [`ArgumentKind::TokenizerFile`].
    Tokenizer(TokenizerFile),
    /// For [`ArgumentKind::Layer`].
    Layer(Nested),
}

impl Value {
    /// As in the DSL; `None` for an omitted argument. The path of a file is not part of a model, so
    /// moving the file does not change the model.
    fn in_words(&self) -> Option<String> {
        Some(match self {
            Value::Absent | Value::Tokenizer(_) => return None,
            Value::Size(Size::Known(size)) => size.to_string(),
            Value::Size(Size::Unknown) => "?".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Word(word) => (*word).to_owned(),
            Value::Numbers(numbers) => format!("{numbers:?}"),
            other => format!("{other:?}"),
        })
    }

    /// The size; unknown for another kind of value.
    pub const fn size(&self) -> Size {
        match self {
            Value::Size(size) => *size,
            _ => Size::Unknown,
        }
    }

    /// The tokenizer's file; an empty one for another kind of value.
    pub const fn tokenizer(&self) -> TokenizerFile {
        match self {
            Value::Tokenizer(file) => *file,
            _ => TokenizerFile { vocabulary: 0, padding: None, json: "" },
        }
    }

    /// The size, or `default` if omitted.
    pub const fn size_or(&self, default: usize) -> Size {
        match self {
            Value::Size(size) => *size,
            _ => Size::Known(default),
        }
    }

    /// The pair, or `default` if omitted.
    pub const fn pair_or(&self, default: [Size; 2]) -> [Size; 2] {
        match self {
            Value::Pair(pair) => *pair,
            _ => default,
        }
    }

    /// The padding, or [`Padding::Valid`] if omitted.
    pub const fn padding(&self) -> Padding {
        match self {
            Value::Padding(padding) => *padding,
            _ => Padding::Valid,
        }
    }

    /// The margins: above, below, left, right.
    pub const fn margins(&self) -> [Size; 4] {
        match self {
            Value::Margins(margins) => *margins,
            _ => [Size::Unknown; 4],
        }
    }

    /// The number, or `default` if omitted.
    pub const fn number_or(&self, default: f64) -> f64 {
        match self {
            Value::Number(number) => *number,
            _ => default,
        }
    }

    /// The flag, or `default` if omitted.
    pub const fn flag_or(&self, default: bool) -> bool {
        match self {
            Value::Flag(flag) => *flag,
            _ => default,
        }
    }

    /// The word, or `default` if omitted.
    pub const fn word_or(&self, default: &'static str) -> &'static str {
        match self {
            Value::Word(word) => word,
            _ => default,
        }
    }

    /// The text, or `default` if omitted.
    pub const fn text_or(&self, default: &'static str) -> &'static str {
        match self {
            Value::Text(text) => text,
            _ => default,
        }
    }

    /// The numbers; empty if omitted.
    pub const fn numbers(&self) -> &'static [f64] {
        match self {
            Value::Numbers(numbers) => numbers,
            _ => &[],
        }
    }

    /// Whether it is omitted.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// The index of this word among `words`; 0 if omitted.
    pub const fn index_among(&self, words: &[&str]) -> usize {
        let mut index = 0;
        if let Value::Word(word) = self {
            while index + 1 < words.len() && !equal(word, words[index]) {
                index += 1;
            }
        }
        index
    }

    /// The inner layer; an empty one for another kind of value.
    pub const fn layer(&self) -> Nested {
        match self {
            Value::Layer(nested) => *nested,
            _ => {
                let unknown = Size::Unknown;
                let output = Shape::numbers(&[]);
                Nested { output, count: unknown, flops: unknown, held: unknown }
            }
        }
    }

    /// The axis, or `default` if omitted.
    pub const fn axis_or(&self, default: isize) -> isize {
        match self {
            Value::Axis(axis) => *axis,
            _ => default,
        }
    }
}

/// `a == b` in `const` code.
pub(crate) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}
