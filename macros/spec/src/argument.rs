//! The arguments of layers and merges.

use crate::{Activation, Range, Shape, Size};

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// A whole number of at least one: a literal or a `const` path.
    Size,
    /// One or more sizes, to the end of the positional arguments.
    Sizes,
    /// A size for both axes of an image, or a pair of sizes: `3` or `(3, 5)`.
    Pair,
    /// What surrounds an image or a sequence: `valid`, `same`, or a number of zeros on every side.
    Padding,
    /// How much is added above, below, to the left and to the right of an image: one number, a pair
    /// (above and below, left and right), or a pair of pairs.
    Margins,
    /// An axis of one sample: 0 is the first after the batch, -1 the last.
    Axis,
    /// A real number of this range: a literal or a `const` path.
    Number(Range),
    /// `true` or `false`.
    Flag,
    /// The name of an activation.
    Activation,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A size, or `auto`, which leaves it to the layer.
    SizeOrAuto,
    /// One or more of these words, to the end of the positional arguments.
    Words(&'static [&'static str]),
    /// A list of real numbers of this range: `[0.0, 0.5]`.
    Numbers(Range),
    /// The path of a `tokenizer.json`.
    TokenizerFile,
    /// The name of another input, which no formula looks at.
    Input,
    /// A layer inside of this one.
    Layer {
        /// The layers that it may be.
        among: &'static [&'static str],
        /// Their parameters that this one sets itself.
        without: &'static [&'static str],
    },
}

impl ArgumentKind {
    /// Whether it takes all positional arguments that are left.
    pub const fn is_list(self) -> bool {
        matches!(self, ArgumentKind::Sizes | ArgumentKind::Words(_))
    }
}

/// What is known of a `tokenizer.json`.
#[derive(Clone, Copy, Debug)]
pub struct TokenizerFile {
    /// One more than its largest id.
    pub vocabulary: usize,
    /// The id that pads, where it says so.
    pub padding: Option<u32>,
    /// Its text; empty while the macro runs.
    pub json: &'static str,
}

/// What is known of a layer inside of another.
#[derive(Clone, Copy, Debug)]
pub struct Nested {
    /// What comes out of it.
    pub output: Shape,
    /// How many numbers it learns.
    pub count: Size,
}

/// What surrounds an image or a sequence before a window slides over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: the window stays inside.
    Valid,
    /// As many zeros as make the output as large as the input divided by the stride, the odd one
    /// at the end, as TensorFlow pads.
    Same,
    /// This many zeros on every side.
    Zeros(Size),
}

impl Padding {
    /// The words for paddings that are no number.
    pub const WORDS: [(&'static str, Padding); 2] =
        [("valid", Padding::Valid), ("same", Padding::Same)];
}

/// One parameter of a layer or merge: what a user may write between the parentheses.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name, for `name = value`.
    pub name: &'static str,
    /// What the value may be.
    pub kind: ArgumentKind,
    /// Whether it must be given.
    pub required: bool,
    /// What it is where it is left out, as a user would write it; empty where no value says so.
    pub default: &'static str,
}

impl Parameter {
    /// A parameter that must be given.
    pub const fn required(name: &'static str, kind: ArgumentKind) -> Parameter {
        Parameter { name, kind, required: true, default: "" }
    }

    /// A parameter that may be left out.
    pub const fn optional(name: &'static str, kind: ArgumentKind) -> Parameter {
        Parameter { name, kind, required: false, default: "" }
    }

    /// The same, with what it is where it is left out.
    pub const fn or(self, default: &'static str) -> Parameter {
        Parameter { default, ..self }
    }
}

/// The value of one parameter, in the order of the layer's parameters; a parameter of kind
/// [`ArgumentKind::Sizes`] or [`ArgumentKind::Words`] comes last and gives one value for each.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// Left out.
    Absent,
    /// For [`ArgumentKind::Size`] and [`ArgumentKind::Sizes`].
    Size(Size),
    /// For [`ArgumentKind::Pair`]: one size for each axis.
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
    /// For [`ArgumentKind::TokenizerFile`].
    Tokenizer(TokenizerFile),
    /// For [`ArgumentKind::Layer`].
    Layer(Nested),
}

impl Value {
    /// The size, unknown where this is none.
    pub const fn size(&self) -> Size {
        match self {
            Value::Size(size) => *size,
            _ => Size::Unknown,
        }
    }

    /// The tokenizer's file, an empty one where this is none.
    pub const fn tokenizer(&self) -> TokenizerFile {
        match self {
            Value::Tokenizer(file) => *file,
            _ => TokenizerFile { vocabulary: 0, padding: None, json: "" },
        }
    }

    /// The size, or `default` where it was left out.
    pub const fn size_or(&self, default: usize) -> Size {
        match self {
            Value::Size(size) => *size,
            _ => Size::Known(default),
        }
    }

    /// The pair, or `default` where it was left out.
    pub const fn pair_or(&self, default: [Size; 2]) -> [Size; 2] {
        match self {
            Value::Pair(pair) => *pair,
            _ => default,
        }
    }

    /// The padding, or [`Padding::Valid`] where it was left out.
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

    /// The number, or `default` where it was left out.
    pub const fn number_or(&self, default: f64) -> f64 {
        match self {
            Value::Number(number) => *number,
            _ => default,
        }
    }

    /// The flag, or `default` where it was left out.
    pub const fn flag_or(&self, default: bool) -> bool {
        match self {
            Value::Flag(flag) => *flag,
            _ => default,
        }
    }

    /// The word, or `default` where it was left out.
    pub const fn word_or(&self, default: &'static str) -> &'static str {
        match self {
            Value::Word(word) => word,
            _ => default,
        }
    }

    /// The numbers; none where they were left out.
    pub const fn numbers(&self) -> &'static [f64] {
        match self {
            Value::Numbers(numbers) => numbers,
            _ => &[],
        }
    }

    /// Whether it was left out.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// Which of the parameter's words this is, or the first where it was left out.
    pub const fn place_among(&self, words: &[&str]) -> usize {
        let mut place = 0;
        if let Value::Word(word) = self {
            while place + 1 < words.len() && !equal(word, words[place]) {
                place += 1;
            }
        }
        place
    }

    /// What is known of the layer inside; nothing where this is none.
    pub const fn layer(&self) -> Nested {
        match self {
            Value::Layer(nested) => *nested,
            _ => Nested { output: Shape::numbers(&[]), count: Size::Unknown },
        }
    }

    /// The axis, or `default` where it was left out.
    pub const fn axis_or(&self, default: isize) -> isize {
        match self {
            Value::Axis(axis) => *axis,
            _ => default,
        }
    }
}

/// `a == b`, which constants cannot ask yet.
const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}
