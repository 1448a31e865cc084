//! `Embedding`: a learned vector for each category.

use super::{layer, Form, Sizes};
use crate::{ArgumentKind, Doc, Kind, MaskRule, Onnx, Parameter, Range, Shape, Size, Text, Value};

layer! {
    "Embedding", "embedding";
    doc: Doc {
        computes: "a learned vector for each category index; `mask` makes index 0 padding, unless the input has a mask by `pad`, which stays; with `auto` the number of categories comes from the preprocessing and the width is `min(600, round(1.6 n^0.56))`; `from` is a file of [vectors](#pretrained-vectors) that it starts at; `sharded` divides its rows among [ranks](#sharded-tables)",
        shape: "one category to `[width]`, `[steps]` categories to `[steps, width]`",
        keras: "`Embedding`",
        torch: "`Embedding`",
        also: &["Embed", "embedding_column"],
        onnx: Onnx::since(13, &["Gather", "Equal", "Not"]),
    },
    parameters: &[
        Parameter::required("categories", ArgumentKind::SizeOrAuto),
        Parameter::optional("width", ArgumentKind::SizeOrAuto),
        Parameter::optional("mask", ArgumentKind::Flag).or("false"),
        Parameter::optional("l1", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("l2", ArgumentKind::Number(Range::NonNegative)).or("0"),
        Parameter::optional("from", ArgumentKind::Text),
        Parameter::optional("sharded", ArgumentKind::Flag).or("false"),
    ],
    form: Form {
        extra: Some(extra),
        sharded: Some(sharded),
        looks_up: true,
        mask: MaskRule::Sets,
        ..Form::HOLDS_TENSORS
    },
    refuses: |_, input, arguments| refused(input, arguments),
    output: |input, arguments| match input.rank() {
        0 => Shape::numbers(&[width(input, arguments)]),
        _ => Shape::numbers(&[input.dim(0), width(input, arguments)])
            .with_mask(arguments[2].flag_or(false) || input.is_masked()),
    },
    count: |input, arguments| categories(input, arguments).times(width(input, arguments)),
    flops: |_, _| Size::Known(0),
    sizes: |input, arguments| Sizes::of(&[categories(input, arguments), width(input, arguments)]),
}

/// `Embedding<.., 1>` if a penalty reads the whole table. The argument is there also where one
/// follows it.
pub const fn extra(_: &Shape, arguments: &[Value]) -> Sizes {
    match (is_penalised(arguments), sharded(arguments)) {
        (true, _) => Sizes::of(&[Size::Known(1)]),
        (false, true) => Sizes::of(&[Size::Known(0)]),
        (false, false) => Sizes::of(&[]),
    }
}

/// Whether a penalty reads the whole table.
const fn is_penalised(arguments: &[Value]) -> bool {
    !(arguments[3].is_absent() && arguments[4].is_absent())
}

/// Whether the rows of the table may be divided among machines.
pub(super) const fn sharded(arguments: &[Value]) -> bool {
    arguments.len() > SHARDED && arguments[SHARDED].flag_or(false)
}

/// The index of the parameter `sharded`.
const SHARDED: usize = 6;

/// The most rows of a sharded table: ranks name rows by 32 bits.
const MOST_SHARDED_ROWS: usize = u32::MAX as usize;

const fn refused(input: &Shape, arguments: &[Value]) -> Option<Text> {
    if let Some(text) = refused_table("Embedding", input, arguments) {
        return Some(text);
    }
    if input.rank() > 1 {
        return Some(
            Text::new(
                "`Embedding` takes one category or [steps] categories, but what flows in is ",
            )
            .shape(input),
        );
    }
    if arguments[2].flag_or(false) && input.rank() == 0 {
        return Some(Text::new(
            "the mask of `Embedding` says which steps are padding, but what flows in is one \
             category; declare the input as `[u32; N]`, or leave `mask` out",
        ));
    }
    None
}

/// An error if the table of `layer` does not fit its input, or has no width.
pub(super) const fn refused_table(layer: &str, input: &Shape, arguments: &[Value]) -> Option<Text> {
    let start = Text::new("`").str(layer);
    if !matches!(input.kind, Kind::Categories) {
        return Some(
            start
                .str("` looks up category indices, but what flows in is ")
                .shape(input)
                .str(" numbers; declare the input as `u32` or `[u32; N]`, or leave the `")
                .str(layer)
                .str("` out"),
        );
    }
    if arguments[1].is_absent() && !is_auto(&arguments[0]) {
        return Some(
            start
                .str("` needs `width`: write `")
                .str(layer)
                .str("(categories, width)`, or `auto` for either"),
        );
    }
    if sharded(arguments) && is_penalised(arguments) {
        return Some(start.str(
            "` has a penalty, which reads every row in every step, but the rows of a `sharded` \
             table are on several machines; leave `l1` and `l2` out, or `sharded`",
        ));
    }
    match (categories(input, arguments), input.below) {
        (Size::Known(categories), _) if sharded(arguments) && categories > MOST_SHARDED_ROWS => {
            let start = start.str("(.., sharded)` has at most ").number(MOST_SHARDED_ROWS);
            Some(start.str(" categories, not ").number(categories))
        }
        (Size::Known(categories), Size::Known(below)) if categories < below => {
            let text = Text::new("this `").str(layer).str("` has vectors for ").number(categories);
            let text = text.str(" categories, but what flows in are categories below ");
            let text = text.number(below).str("; write `").str(layer);
            Some(text.str("(").number(below).str(", ...)`"))
        }
        _ => None,
    }
}

/// The given number of categories, or the bound of the input.
pub(super) const fn categories(input: &Shape, arguments: &[Value]) -> Size {
    match is_auto(&arguments[0]) {
        true => input.below,
        false => arguments[0].size(),
    }
}

/// The given width, or one computed from the number of categories.
pub(super) const fn width(input: &Shape, arguments: &[Value]) -> Size {
    match &arguments[1] {
        Value::Size(width) => *width,
        _ => match categories(input, arguments) {
            Size::Known(categories) => Size::Known(auto_width(categories)),
            Size::Unknown => Size::Unknown,
        },
    }
}

const fn is_auto(argument: &Value) -> bool {
    matches!(argument, Value::Word(_))
}

/// min(600, round(1.6 n^0.56)), at least 1: fast.ai's rule of thumb.
const fn auto_width(categories: usize) -> usize {
    const LARGEST: usize = 600;
    // n^0.56 = n^(14/25), so a width w is reached if ((w - 1/2) / 1.6)^25 <= n^14; `const` code has
    // no fractional powers.
    let reached = power(categories as f64, 14);
    let mut width = 1;
    while width < LARGEST && power((width as f64 + 0.5) / 1.6, 25) <= reached {
        width += 1;
    }
    width
}

const fn power(base: f64, exponent: usize) -> f64 {
    let (mut result, mut i) = (1.0, 0);
    while i < exponent {
        result *= base;
        i += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGUMENTS: &[Value] =
        &[Value::Size(Size::Known(100)), Value::Size(Size::Known(16)), Value::Absent];

    const fn of(input: Shape) -> Result<Shape, Text> {
        output(&input, ARGUMENTS)
    }

    #[test]
    fn one_category_gives_a_vector_and_steps_a_row_for_each() {
        const ONE: Result<Shape, Text> = of(Shape::categories(&[]));
        const STEPS: Result<Shape, Text> = of(Shape::categories(&[Size::Known(7)]));
        assert_eq!(Text::new("").shape(&ONE.unwrap()).as_str(), "[16]");
        assert_eq!(Text::new("").shape(&STEPS.unwrap()).as_str(), "[7, 16]");
        assert_eq!(count(&Shape::categories(&[]), ARGUMENTS), Size::Known(1600));
    }

    #[test]
    fn the_width_grows_with_the_categories() {
        for categories in (1..5000).chain([20_000, 100_000, 1_000_000]) {
            let exact = (1.6 * (categories as f64).powf(0.56)).round().clamp(1.0, 600.0);
            assert_eq!(auto_width(categories), exact as usize, "{categories} categories");
        }
        const INPUT: Shape = Shape::categories(&[]).below(Size::Known(1000));
        const AUTO: &[Value] = &[Value::Word("auto"), Value::Absent, Value::Absent];
        const COUNT: Size = count(&INPUT, AUTO);
        assert_eq!(COUNT, Size::Known(1000 * 77));
        let width = output(&INPUT, AUTO).unwrap();
        assert_eq!(Text::new("").shape(&width).as_str(), "[77]");
        let text = output(&INPUT, &[ARGUMENTS[0], Value::Absent, Value::Absent]).unwrap_err();
        assert!(text.as_str().starts_with("`Embedding` needs `width`"), "{text:?}");
    }

    #[test]
    fn a_penalty_reads_the_whole_table() {
        let penalised = |l1, l2| [ARGUMENTS[0], ARGUMENTS[1], Value::Absent, l1, l2];
        let extra = |l1, l2| extra(&Shape::categories(&[]), &penalised(l1, l2));
        assert_eq!(extra(Value::Absent, Value::Absent).len(), 0);
        assert_eq!(extra(Value::Absent, Value::Number(1e-4)).at(0), Size::Known(1));
        assert_eq!(extra(Value::Number(1e-4), Value::Absent).at(0), Size::Known(1));
    }

    #[test]
    fn a_sharded_table_has_no_penalty() {
        let sharded = |l2| {
            let (size, width, none) = (ARGUMENTS[0], ARGUMENTS[1], Value::Absent);
            [size, width, none, none, l2, none, Value::Flag(true)]
        };
        let input = Shape::categories(&[]);
        assert!(output(&input, &sharded(Value::Absent)).is_ok());
        assert_eq!(extra(&input, &sharded(Value::Absent)).at(0), Size::Known(0));
        let text = output(&input, &sharded(Value::Number(1e-4))).unwrap_err();
        assert!(text.as_str().starts_with("`Embedding` has a penalty, which reads"), "{text:?}");
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_sharded_table_has_rows_that_32_bits_name() {
        let text = |categories| {
            let none = Value::Absent;
            let arguments = [Value::Size(Size::Known(categories)), ARGUMENTS[1], none, none, none];
            let arguments = [&arguments[..], &[none, Value::Flag(true)]].concat();
            output(&Shape::categories(&[]), &arguments).err().map(|text| text.as_str().to_owned())
        };
        assert_eq!(text(u32::MAX as usize), None);
        let expected = "`Embedding(.., sharded)` has at most 4294967295 categories, not 4294967296";
        assert_eq!(text(1 << 32).as_deref(), Some(expected));
    }

    #[test]
    fn the_type_of_a_sharded_table_has_all_arguments_before_its_rows() {
        let shape = Shape::categories(&[]);
        for (flag, sizes) in [(Value::Absent, 0), (Value::Flag(false), 0), (Value::Flag(true), 1)] {
            let none = Value::Absent;
            let arguments = [ARGUMENTS[0], ARGUMENTS[1], none, none, none, none, flag];
            assert_eq!(extra(&shape, &arguments).len(), sizes);
            assert_eq!(sharded(&arguments), sizes == 1);
            // What is not divided costs and counts the same.
            assert_eq!(count(&shape, &arguments), Size::Known(1600));
            assert_eq!(flops(&shape, &arguments), flops(&shape, ARGUMENTS));
        }
        // Older callers have no such argument.
        assert!(!sharded(ARGUMENTS));
    }

    #[test]
    fn a_mask_is_of_steps() {
        let masked = [ARGUMENTS[0], ARGUMENTS[1], Value::Flag(true)];
        let steps = output(&Shape::categories(&[Size::Known(7)]), &masked).unwrap();
        assert_eq!(Text::new("").shape(&steps).as_str(), "[7, 16] masked");
        let text = output(&Shape::categories(&[]), &masked).unwrap_err();
        assert!(text.as_str().starts_with("the mask of `Embedding` says"), "{text:?}");
    }

    #[test]
    fn a_table_that_is_too_small_for_the_vocabulary_is_refused() {
        let steps = Shape::categories(&[Size::Known(7)]);
        assert!(of(steps.below(Size::Known(100))).is_ok());
        assert_eq!(
            of(steps.below(Size::Known(101))).unwrap_err().as_str(),
            "this `Embedding` has vectors for 100 categories, but what flows in are categories \
             below 101; write `Embedding(101, ...)`"
        );
    }

    #[test]
    fn numbers_and_tables_of_categories_are_refused() {
        assert_eq!(
            of(Shape::numbers(&[Size::Known(10)])).unwrap_err().as_str(),
            "`Embedding` looks up category indices, but what flows in is [10] numbers; declare the \
             input as `u32` or `[u32; N]`, or leave the `Embedding` out"
        );
        assert_eq!(
            of(Shape::categories(&[Size::Known(2), Size::Known(3)])).unwrap_err().as_str(),
            "`Embedding` takes one category or [steps] categories, but what flows in is [2, 3] \
             categories"
        );
    }
}
