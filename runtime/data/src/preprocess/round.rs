//! What becomes of `f64` when the last step is done: `f32`, in which layers compute.

use std::sync::Arc;

use multi_input_base::{Error, Result};

use crate::{
    of_float,
    schema::{Input, Missing},
    Column, Content, Values,
};

/// An encoded input in `f32`. `place` gives a row's number among all rows, for errors.
///
/// What steps have computed is rounded. Without a step, a whole number stays as it is or is refused:
/// rounded, moments a minute apart would be the same.
///
/// # Errors
/// [`Error::Value`] for a number that `f32` cannot hold.
pub(super) fn rounded(
    column: Column,
    input: &Input,
    place: impl Fn(usize) -> usize,
) -> Result<Column> {
    let Values::Doubles(numbers) = &*column.values else { return Ok(column) };
    let computed = !input.steps.is_empty() || input.missing == Some(Missing::Mean);
    let nearest = |number: f64| Some(number as f32).filter(|nearest| !nearest.is_infinite());
    let round = |(index, &number): (usize, &f64)| {
        let rounded = if computed { nearest(number) } else { of_float(number) };
        rounded.ok_or_else(|| Error::Value {
            row: place(index / column.width.max(1)),
            field: column.name.to_owned(),
            expected: EXPECTED.to_owned(),
            found: number.to_string(),
        })
    };
    let rounded = numbers.iter().enumerate().map(round).collect::<Result<_>>()?;
    let content = Content::Numbers { blanks: false };
    Ok(Column { content, values: Arc::new(Values::Numbers(rounded)), ..column })
}

const EXPECTED: &str =
    "a number that `f32` holds, in which layers compute: whole ones exactly, as all up \
                        to 16777216 (`standardize` computes in `f64`)";
