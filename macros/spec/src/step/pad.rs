//! `pad`: pads lists to one length.

use super::{Form, Step};
use crate::{ArgumentKind, Doc, Kind, Onnx, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const STEP: Step = Step {
    name: "pad",
    type_name: "Pad",
    doc: Doc {
        computes: "pads a list to `length` values and masks the padding; `side` says where padding goes; of a longer list `cut` says which end is cut off, so that with `cut = before` the last `length` values stay",
        shape: "a list of categories to `[length]` categories, masked; a list of numbers to `[length, 1] masked`, of `[n]` to `[length, n] masked`",
        keras: "`pad_sequences`, which pads and cuts `before` by default",
        torch: "`pad_sequence`",
        also: &["pad_sequences", "pad_sequence", "padding"],
        onnx: Onnx::since(16, &["CumSum", "GreaterOrEqual", "ReduceSum", "GatherND", "Where", "Add", "Cast", "Concat", "Expand", "Less", "Min", "Reshape", "Shape", "Slice", "Sub", "Unsqueeze"]),
    },
    parameters: &[
        Parameter::required("length", ArgumentKind::Size),
        Parameter::optional("side", ArgumentKind::Word(&["after", "before"])).or("after"),
        Parameter::optional("cut", ArgumentKind::Word(&["after", "before"])).or("after"),
    ],
    output,
    form: Form { takes_lists: true, keeps_values: true, ..Form::FIXED },
};

/// A list of items to `length` of them, masked. A single number is a step of one feature.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if !input.is_list() {
        return Err(Text::new(
            "`pad` takes a list of any length, such as `Vec<u32>`, but this is ",
        )
        .shape(input)
        .str(" in every row"));
    }
    let instead = match input.kind {
        Kind::Numbers | Kind::Categories => None,
        Kind::Texts => Some("; put `categories(capacity)` before it"),
        Kind::Dates => Some("; put `calendar(...)` before it"),
        Kind::Pictures => Some(""),
    };
    if let Some(instead) = instead {
        return Err(Text::new("`pad` takes numbers or categories, but this is ")
            .shape(input)
            .str(instead));
    }
    let mut padded = Shape::new(input.kind, &[arguments[0].size()]).below(input.below);
    let mut axis = 0;
    while axis < input.rank() {
        padded = padded.push(input.dim(axis));
        axis += 1;
    }
    if matches!(input.kind, Kind::Numbers) && input.rank() == 0 {
        padded = padded.push(Size::Known(1));
    }
    Ok(padded.with_mask(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::{categories, encoded, hashed, item, one_hot, standardize, through};

    const FIVE: &[Value] = &[Value::Size(Size::Known(5)), Value::Absent, Value::Absent];

    fn shown(shape: Result<Shape, Text>) -> String {
        match shape {
            Ok(shape) => Text::new("").shape(&shape).as_str().to_owned(),
            Err(text) => text.as_str().to_owned(),
        }
    }

    fn padded(items: Shape) -> String {
        shown(output(&items.with_list(true), FIVE))
    }

    #[test]
    fn a_list_becomes_a_masked_sequence() {
        assert_eq!(padded(Shape::categories(&[])), "[5] categories, masked");
        assert_eq!(padded(Shape::numbers(&[])), "[5, 1] masked");
        assert_eq!(padded(Shape::numbers(&[Size::Known(3)])), "[5, 3] masked");
        let bounded = Shape::categories(&[]).below(Size::Known(9)).with_list(true);
        assert_eq!(output(&bounded, FIVE).unwrap().below, Size::Known(9));
        assert!(
            padded(Shape::new(Kind::Texts, &[])).ends_with("put `categories(capacity)` before it")
        );
        assert_eq!(
            shown(output(&Shape::categories(&[Size::Known(3)]), FIVE)),
            "`pad` takes a list of any length, such as `Vec<u32>`, but this is [3] categories in \
             every row"
        );
    }

    #[test]
    fn other_steps_take_the_items_of_a_list_and_nothing_follows_padding() {
        const ITEMS: Shape = Shape::new(Kind::Texts, &[]).with_list(true);
        const CAPACITY: &[Value] = &[Value::Size(Size::Known(9)), Value::Absent];
        const ENCODED: Result<Shape, Text> = through(
            &categories::STEP,
            &ITEMS,
            categories::output(&item(&categories::STEP, &ITEMS), CAPACITY),
        );
        let encoded_items = ENCODED.unwrap();
        assert_eq!(shown(Ok(encoded_items)), "a list of categories");
        assert_eq!(encoded_items.below, Size::Known(9));
        let vectors = one_hot::output(&item(&one_hot::STEP, &encoded_items), CAPACITY);
        assert_eq!(shown(through(&one_hot::STEP, &encoded_items, vectors)), "a list of [9]");
        assert!(shown(encoded(&encoded_items)).contains("end it in `#[input(pad(length))]`"));
        let padded = output(&encoded_items, FIVE).unwrap();
        let again = through(&hashed::STEP, &padded, hashed::output(&padded, CAPACITY));
        assert_eq!(
            shown(again),
            "`hashed` would compute with padding in [5] categories, masked; put it before `pad`, \
             where it takes the values of the list"
        );
        let numbers = Shape::numbers(&[]).with_list(true);
        let scaled = standardize::output(&item(&standardize::STEP, &numbers), &[]);
        assert_eq!(shown(through(&standardize::STEP, &numbers, scaled)), "a list of numbers");
    }
}
