//! Comparisons of shapes that the user states with inferred shapes.

use crate::{Shape, Size, Text};

/// # Errors
/// A size of 0.
pub const fn size(given: usize) -> Result<usize, Text> {
    match given {
        0 => Err(Text::new("a size is at least 1, this is 0")),
        _ => Ok(given),
    }
}

/// The most numbers of one value, whose bytes a pointer can count.
const MOST_ELEMENTS: usize = isize::MAX as usize / 8;

/// # Errors
/// Arrays of these lengths that no memory holds.
pub const fn elements(lengths: &[usize]) -> Result<usize, Text> {
    let (mut all, mut index) = (1_usize, 0);
    while index < lengths.len() {
        all = all.saturating_mul(lengths[index]);
        index += 1;
    }
    match all > MOST_ELEMENTS {
        true => Err(Text::new("a value has more numbers than any memory holds")),
        false => Ok(all),
    }
}

/// # Errors
/// Numbers that do not ascend, where `what` of `callee` do.
pub const fn ascending(callee: &str, what: &str, numbers: &[f64]) -> Result<(), Text> {
    let mut index = 1;
    while index < numbers.len() {
        if numbers[index - 1] >= numbers[index] {
            return Err(Text::new("the ")
                .str(what)
                .str(" of `")
                .str(callee)
                .str("` ascend, but ")
                .real(numbers[index])
                .str(" comes after ")
                .real(numbers[index - 1]));
        }
        index += 1;
    }
    Ok(())
}

/// Compares the number of elements of an input with the number of its named columns.
pub const fn columns(value: &Shape, named: usize) -> Result<Shape, Text> {
    let needed = value.elements();
    if value.is_list() {
        return columns_of_list(value, needed, named);
    }
    if needed.differs(Size::Known(named)) {
        return Err(Text::new("the type holds ")
            .size(needed)
            .str(" values, but `columns` names ")
            .number(named));
    }
    Ok(*value)
}

/// A list takes any number of items, each of `width` columns.
const fn columns_of_list(value: &Shape, width: Size, named: usize) -> Result<Shape, Text> {
    if named > 0 && !Size::Known(named).is_not_divided_by(width) {
        return Ok(*value);
    }
    Err(Text::new("each item of the list holds ")
        .size(width)
        .str(" values, but `columns` names ")
        .number(named))
}

/// Checks an integer argument `parameter` of a metric against the number of classes of the head.
pub const fn classes(
    metric: &str,
    parameter: &str,
    number: Size,
    head: &Shape,
) -> Result<Shape, Text> {
    match (number, head.last()) {
        (Size::Known(number), Size::Known(classes)) if number > classes => Err(Text::new("`")
            .str(parameter)
            .str("` of `")
            .str(metric)
            .str("` must be at most ")
            .number(classes)
            .str(", the number of classes, but is ")
            .number(number)
            .str("; write `")
            .str(metric)
            .str("(")
            .str(parameter)
            .str(" = ")
            .number(if classes > 2 { classes - 1 } else { 1 })
            .str(")`")),
        _ => Ok(*head),
    }
}

/// Checks the class that counts as true in an average of a metric against the number of classes.
pub const fn binary(metric: &str, class: Size, classes: &Shape) -> Result<Shape, Text> {
    match (class, classes.last()) {
        (Size::Known(class), Size::Known(count)) if class >= count => Err(Text::new("`binary(")
            .number(class)
            .str(")` of `")
            .str(metric)
            .str("` names none of the ")
            .number(count)
            .str(" classes, which are 0 to ")
            .number(count - 1)),
        _ => Ok(*classes),
    }
}

/// Compares a hidden node's declared shape with the output shape of its branch.
pub const fn declared(declared: &Shape, inferred: &Shape) -> Result<Shape, Text> {
    if declared.is_masked() && !inferred.is_masked() {
        return Err(Text::new("declared ").shape(declared).str(", but what comes out is ").shape(
            inferred,
        )
        .str(", without a mask: `pad(length)`, `Embedding(categories, width, mask)` or `Masking(value)` creates \
              one, and it ends where the steps do, or in a merge with what has none"));
    }
    if !declared.is_masked() && inferred.is_masked() {
        return Err(Text::new("declared ")
            .shape(declared)
            .str(", but what comes out is ")
            .shape(inferred)
            .str(
                "; write `Masked<...>` around the type, `_` to take what comes out, or end the \
                  branch in `DropMask`",
            ));
    }
    if declared.differs(inferred) {
        return Err(Text::new("declared ")
            .shape(declared)
            .str(", but what comes out is ")
            .shape(inferred)
            .str("; correct the type, or write `_` to take what comes out"));
    }
    Ok(*inferred)
}

/// Compares an output's target with its head. `needed` is one number for `f32` and `bool`, and one
/// per class for `Class<N>`.
pub const fn head(needed: &Shape, inferred: &Shape) -> Result<Shape, Text> {
    if inferred.is_masked() {
        return Err(Text::new("the loss would count the steps of padding in ")
            .shape(inferred)
            .str(
                "; end its branch in `DropMask`, so that all steps count on purpose, or make one \
                  vector of the steps that count, with `LSTM(units)` or `GlobalAveragePool1D`",
            ));
    }
    if needed.differs(inferred) {
        let text = Text::new("needs a head of ")
            .shape(needed)
            .str(" to predict its type, but what comes out is ")
            .shape(inferred)
            .str("; end its branch in `Dense(")
            .size(needed.elements());
        return Err(match needed.rank() {
            0 | 1 => text.str(")`"),
            _ => reshape(text.str("), Reshape("), needed).str(")`"),
        });
    }
    Ok(*inferred)
}

/// Appends the sizes of a shape.
const fn reshape(mut text: Text, shape: &Shape) -> Text {
    let mut axis = 0;
    while axis < shape.rank() {
        text = text.str(if axis == 0 { "" } else { ", " }).size(shape.dim(axis));
        axis += 1;
    }
    text
}

/// Compares the capacity of a step with that of the input `owner` whose vocabulary it shares.
pub const fn vocabulary(owner: &str, here: &Shape, there: &Shape) -> Result<Shape, Text> {
    if here.below.differs(there.below) {
        return Err(Text::new("the vocabulary of `")
            .str(owner)
            .str("` has room for ")
            .size(there.below)
            .str(", but here it is said to be ")
            .size(here.below));
    }
    Ok(*here)
}

/// Compares the input shape of a shared branch with that of its owner.
pub const fn shared(owner: &str, here: &Shape, there: &Shape) -> Result<Shape, Text> {
    if here.differs(there) {
        return Err(Text::new("shares the branch of `")
            .str(owner)
            .str("`, which takes ")
            .shape(there)
            .str(", but what flows in is ")
            .shape(here));
    }
    if here.below.differs(there.below) {
        return Err(Text::new("shares the branch of `")
            .str(owner)
            .str("`, which looks up categories below ")
            .size(there.below)
            .str(", but these are below ")
            .size(here.below));
    }
    Ok(*here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_many_as_numbers() {
        const TABLE: Shape = Shape::numbers(&[Size::Known(2), Size::Known(3)]);
        const WRONG: Result<Shape, Text> = columns(&TABLE, 5);
        let said = "the type holds 6 values, but `columns` names 5";
        assert_eq!(WRONG.unwrap_err().as_str(), said);
        assert!(columns(&TABLE, 6).is_ok() && columns(&Shape::numbers(&[]), 1).is_ok());
        assert!(columns(&Shape::numbers(&[Size::Unknown]), 5).is_ok(), "known to rustc alone");
    }

    #[test]
    fn a_value_fits_into_memory() {
        assert!(elements(&[1 << 32, 1 << 32]).is_err() && elements(&[1 << 61]).is_err());
        assert_eq!(elements(&[]).ok(), Some(1));
        assert_eq!(elements(&[3, 1 << 20]).ok(), Some(3 << 20));
    }

    #[test]
    fn numbers_ascend() {
        const WRONG: Result<(), Text> = ascending("quantile", "levels", &[0.1, 0.5, 0.5]);
        let said = "the levels of `quantile` ascend, but 0.5 comes after 0.5";
        assert_eq!(WRONG.unwrap_err().as_str(), said);
        assert!(ascending("quantile", "levels", &[0.1, 0.5]).is_ok());
    }

    #[test]
    fn a_metric_counts_among_the_classes() {
        const HEAD: Shape = Shape::numbers(&[Size::Known(3)]);
        const WRONG: Result<Shape, Text> = classes("top_k", "k", Size::Known(5), &HEAD);
        assert_eq!(
            WRONG.unwrap_err().as_str(),
            "`k` of `top_k` must be at most 3, the number of classes, but is 5; write \
             `top_k(k = 2)`"
        );
        assert!(classes("top_k", "k", Size::Known(3), &HEAD).is_ok());
        assert!(classes("top_k", "k", Size::Unknown, &HEAD).is_ok());
    }

    #[test]
    fn a_class_that_counts_as_true_is_one_of_them() {
        const HEAD: Shape = Shape::numbers(&[Size::Known(3)]);
        const WRONG: Result<Shape, Text> = binary("f1", Size::Known(3), &HEAD);
        assert_eq!(
            WRONG.unwrap_err().as_str(),
            "`binary(3)` of `f1` names none of the 3 classes, which are 0 to 2"
        );
        assert!(binary("f1", Size::Known(2), &HEAD).is_ok());
        assert!(binary("f1", Size::Unknown, &HEAD).is_ok());
    }
}
