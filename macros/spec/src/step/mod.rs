//! Preprocessing steps, one file each, and their table.
//!
//! A step takes the rows of an input, or the output of the step before it, and determines the
//! output shape, so every encoded width is known at compile time. Its formula is a `const fn` and
//! runs twice, as a layer's does. A single number, category, text or date has no dimensions.

use crate::{Doc, Kind, Parameter, Shape, Size, Text, Value};

pub mod bins;
pub mod calendar;
pub mod categories;
pub mod center_crop;
pub mod clip;
pub mod contrast;
pub mod flip;
pub mod hashed;
pub mod impute;
pub mod log1p;
pub mod min_max;
pub mod multi_hot;
pub mod normalize;
pub mod one_hot;
pub mod own;
pub mod pad;
pub mod random_crop;
pub mod rescale;
pub mod resize;
pub mod robust;
pub mod rotate;
pub mod split;
pub mod standardize;
pub mod tokenizer;
pub mod words;
pub mod zoom;

/// Every step for `#[input(...)]`.
pub const STEPS: &[Step] = &[
    standardize::STEP,
    min_max::STEP,
    robust::STEP,
    log1p::STEP,
    clip::STEP,
    rescale::STEP,
    impute::STEP,
    split::STEP,
    bins::STEP,
    categories::STEP,
    hashed::STEP,
    one_hot::STEP,
    multi_hot::STEP,
    pad::STEP,
    words::STEP,
    tokenizer::STEP,
    calendar::STEP,
    resize::STEP,
    center_crop::STEP,
    normalize::STEP,
    flip::STEP,
    rotate::STEP,
    zoom::STEP,
    contrast::STEP,
    random_crop::STEP,
];

/// A step, as the macro knows it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name in the DSL, of this crate's module and of the runtime's file, e.g. `words`.
    pub name: &'static str,
    /// The type in `multi_input::preprocess`, e.g. `Words`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// The output shape of one row, or of one item of a list ([`item`]), or an error that can follow
    /// the field's name.
    pub output: fn(&Shape, &[Value]) -> Result<Shape, Text>,
    /// Further properties.
    pub form: Form,
}

/// The properties of a step.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What its output depends on.
    pub nature: Nature,
    /// Its inverse on numbers.
    pub inverse: Inverse,
    /// Whether it replaces missing numbers: blank cells become NaN before it.
    pub fills: bool,
    /// The number of leading indices in its output that are no values of their own: padding and
    /// unknown values.
    pub reserved: usize,
    /// Whether it reads the content of a text (of which a blank text has none), instead of taking
    /// the text as the name of a category.
    pub reads_within: bool,
    /// Whether it takes a list of any length as a whole. Any other step is applied to each item.
    pub takes_lists: bool,
    /// Whether its output holds the values of its input, arranged otherwise.
    pub keeps_values: bool,
    /// Whether its arguments `format` and `unit` say how dates are written in files. They are no
    /// part of the model, and none of its parameters.
    pub reads_dates: bool,
}

impl Form {
    /// A step that depends only on its arguments, without an inverse.
    pub const FIXED: Form = Form {
        nature: Nature::Fixed,
        inverse: Inverse::None,
        fills: false,
        reserved: 0,
        reads_within: false,
        takes_lists: false,
        keeps_values: false,
        reads_dates: false,
    };
    /// A step that learns, without an inverse.
    pub const LEARNED: Form = Form { nature: Nature::Learned, ..Form::FIXED };
    /// A step that learns a vocabulary: 0 is padding, 1 is unknown.
    pub const VOCABULARY: Form = Form { reserved: 2, ..Form::LEARNED };
}

/// The inverse of a step on numbers. A step with an inverse may be applied to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inverse {
    /// No inverse.
    None,
    /// An affine inverse, so differences are proportional to those in the target's unit.
    Affine,
    /// A nonlinear inverse.
    Nonlinear,
}

/// What the output of a step depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Its arguments only.
    Fixed,
    /// Statistics of the training rows.
    Learned,
    /// Random numbers, in training; the step is not part of the model.
    Random,
}

/// The step with the DSL name `name`.
pub fn named(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// The shape for the formula of `step` where `input` flows in: that of one item, where the step is
/// applied to each item of a list.
pub const fn item(step: &Step, input: &Shape) -> Shape {
    input.with_list(input.is_list() && step.form.takes_lists)
}

/// The output of `step`, where `output` is the result of its formula for [`item`].
pub const fn through(
    step: &Step,
    input: &Shape,
    output: Result<Shape, Text>,
) -> Result<Shape, Text> {
    if input.is_masked() {
        return Err(masked(step.name, input));
    }
    match output {
        Ok(shape) if input.is_list() && !step.form.takes_lists => Ok(shape.with_list(true)),
        other => other,
    }
}

/// The error of the step `name` for a masked input.
const fn masked(name: &str, input: &Shape) -> Text {
    let text = Text::new("`").str(name).str("` would compute with padding in ").shape(input);
    text.str("; put it before `pad`, where it takes the values of the list")
}

/// The input shape of the branch after the last step: a single number becomes a vector of length
/// one.
pub const fn encoded(shape: &Shape) -> Result<Shape, Text> {
    if shape.is_list() {
        let how = match shape.kind {
            Kind::Texts => {
                "`#[input(categories(capacity), pad(length))]`, or `words(vocabulary, length)`"
            }
            Kind::Categories => {
                "`#[input(pad(length))]`, or in `multi_hot(size)` for the set of its categories"
            }
            Kind::Numbers | Kind::Pictures => "`#[input(pad(length))]`",
            Kind::Dates => "`#[input(calendar(year, month, weekday), pad(length))]`",
        };
        return Err(Text::new("layers take inputs of one size, but this is ")
            .shape(shape)
            .str(" whose length is another in every row; end it in ")
            .str(how));
    }
    let how = match (shape.kind, shape.rank()) {
        (Kind::Numbers, 0) => return Ok(Shape::numbers(&[Size::Known(1)])),
        (Kind::Numbers | Kind::Categories, _) => return Ok(*shape),
        (Kind::Texts, 0) => {
            "; say how it is read: `#[input(words(vocabulary = 10_000, length = 100))]`, or \
             `categories(capacity)` where the whole text is one category"
        }
        (Kind::Texts, _) => "; say how they are read: `#[input(categories(capacity))]`",
        (Kind::Pictures, _) => "; bring all pictures to one size: `#[input(resize(64, 64))]`",
        (Kind::Dates, _) => "; take it apart: `#[input(calendar(year, month, weekday))]`",
    };
    Err(Text::new("layers compute with numbers, but this is ").shape(shape).str(how))
}

/// The input shape of a numeric step that does not change it.
const fn as_before(step: &str, input: &Shape) -> Result<Shape, Text> {
    match numbers_only(step, input) {
        Some(wrong) => Err(wrong),
        None => Ok(*input),
    }
}

/// An error if the input of `step` is not numeric.
const fn numbers_only(step: &str, input: &Shape) -> Option<Text> {
    let instead = match input.kind {
        Kind::Numbers => return None,
        Kind::Categories => "; give categories to an `Embedding` instead",
        Kind::Texts => "; make categories of it with `words(vocabulary, length)`",
        Kind::Pictures => "; put `resize(height, width)` before it",
        Kind::Dates => "; put `calendar(...)` before it",
    };
    Some(
        Text::new("`")
            .str(step)
            .str("` computes with numbers, but this is ")
            .shape(input)
            .str(instead),
    )
}

/// An error if the input of `step` is not categorical.
const fn names_only(step: &str, input: &Shape) -> Option<Text> {
    if matches!(input.kind, Kind::Categories | Kind::Texts) {
        return None;
    }
    let instead = match input.kind {
        Kind::Numbers => "; put `bins(n)` in its place, or declare the input as `u32` or `String`",
        _ => "",
    };
    Some(
        Text::new("`")
            .str(step)
            .str("` takes texts or whole numbers, but this is ")
            .shape(input)
            .str(instead),
    )
}

/// An error if the input of `step` is not category indices.
const fn indices_only(step: &str, input: &Shape) -> Option<Text> {
    let instead = match input.kind {
        Kind::Categories => return None,
        Kind::Numbers => "; put `bins(n)` before it, or declare the input as `u32`",
        Kind::Texts => "; put `categories(capacity)` or `hashed(buckets)` before it",
        Kind::Pictures | Kind::Dates => "",
    };
    Some(
        Text::new("`")
            .str(step)
            .str("` takes category indices, but this is ")
            .shape(input)
            .str(instead),
    )
}

/// An error if `step` has `size` categories and its input may have more.
const fn too_narrow(step: &str, size: Size, input: &Shape) -> Option<Text> {
    match (size, input.below) {
        (Size::Known(size), Size::Known(below)) if size < below => Some(
            Text::new("`")
                .str(step)
                .str("` makes room for ")
                .number(size)
                .str(" categories, but these are below ")
                .number(below),
        ),
        _ => None,
    }
}

/// The input shape of an image step that does not change it.
const fn images_only(step: &str, input: &Shape) -> Result<Shape, Text> {
    if is_image(input) {
        return Ok(*input);
    }
    let instead = match input.kind {
        Kind::Pictures => "; put `resize(height, width)` before it",
        _ => "",
    };
    Err(Text::new("`")
        .str(step)
        .str("` takes pictures of one size, [channels, height, width], but this is ")
        .shape(input)
        .str(instead))
}

/// Whether this is [channels, height, width].
const fn is_image(input: &Shape) -> bool {
    matches!(input.kind, Kind::Numbers) && input.rank() == 3
}
