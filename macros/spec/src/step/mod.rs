//! One file per step of preprocessing, and the table of them.
//!
//! A step takes what an input's rows hold, or what the step before it gives, and says in what shape
//! it gives it on: so every encoded width is known while compiling. Its formula is a `const fn` and
//! runs twice, as a layer's does. One number, category, text or date has no dimensions.

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
pub mod random_crop;
pub mod rescale;
pub mod resize;
pub mod robust;
pub mod rotate;
pub mod standardize;
pub mod tokenizer;
pub mod words;
pub mod zoom;

/// Every step that `#[input(...)]` may name.
pub const STEPS: &[Step] = &[
    standardize::STEP,
    min_max::STEP,
    robust::STEP,
    log1p::STEP,
    clip::STEP,
    rescale::STEP,
    impute::STEP,
    bins::STEP,
    categories::STEP,
    hashed::STEP,
    one_hot::STEP,
    multi_hot::STEP,
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

/// What the macro must know of a step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name in the DSL, of this crate's module and of the runtime's file, e.g. `words`.
    pub name: &'static str,
    /// The type in `multi_input::preprocess`, e.g. `Words`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// What stands between the parentheses.
    pub parameters: &'static [Parameter],
    /// What one row holds after it, or what is wrong in words that can follow the field's name.
    pub output: fn(&Shape, &[Value]) -> Result<Shape, Text>,
    /// What else there is to know.
    pub form: Form,
}

/// How a step works.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What it goes by.
    pub nature: Nature,
    /// How numbers come back from it.
    pub inverse: Inverse,
    /// Numbers may be missing before it: blank cells become NaN, and it replaces them.
    pub fills: bool,
    /// How many of the first indices that it gives stand for no value of their own: padding and
    /// unknown values.
    pub reserved: usize,
    /// It reads what is within a text, of which a blank one has nothing, rather than taking the whole
    /// of it for the name of a category.
    pub reads_within: bool,
}

impl Form {
    /// A step that goes by its arguments, from which nothing comes back.
    pub const FIXED: Form = Form {
        nature: Nature::Fixed,
        inverse: Inverse::None,
        fills: false,
        reserved: 0,
        reads_within: false,
    };
    /// A step that learns, from which nothing comes back.
    pub const LEARNED: Form = Form { nature: Nature::Learned, ..Form::FIXED };
    /// A step that learns a vocabulary: 0 is padding, 1 stands for what is not in it.
    pub const VOCABULARY: Form = Form { reserved: 2, ..Form::LEARNED };
}

/// How numbers come back from a step. Where they do, it may stand at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inverse {
    /// They do not.
    None,
    /// By a scale and a shift, so that a difference is in proportion to one in the target's unit.
    Affine,
    /// By a curve.
    Nonlinear,
}

/// What a step goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Its arguments alone.
    Fixed,
    /// What it learned from the training rows.
    Learned,
    /// The lot, in training; a model with or without it is the same.
    Random,
}

/// The step that the DSL calls `name`.
pub fn named(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// What flows on from an input, once its last step has been applied: one number is a vector of one.
pub const fn encoded(shape: &Shape) -> Result<Shape, Text> {
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

/// The shape of numbers that stay as many as they were.
const fn as_before(step: &str, input: &Shape) -> Result<Shape, Text> {
    match numbers_only(step, input) {
        Some(wrong) => Err(wrong),
        None => Ok(*input),
    }
}

/// What is wrong where `step`, which computes with numbers, meets something else.
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

/// What is wrong where `step`, which looks for categories, meets something else.
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

/// What is wrong where `step`, which spreads indices out, meets something else.
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

/// What is wrong where `step` makes room for `size` categories and more of them may come.
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

/// The shape of pictures that stay as large as they were.
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
