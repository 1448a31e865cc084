//! Converts `f64` to `f32`, the type of layers, after the last step.

use std::sync::Arc;

use multi_input_base::{Error, Result};
use multi_input_cells::of_float;

use crate::{schema::Step, Column, Content, Values};

/// Converts an encoded column to `f32`. `is_computed` says whether its values were computed before
/// the steps. `row_number` converts a row of the column to its index among
/// all rows, for errors.
///
/// Results of steps are rounded. Without a step, a whole number that `f32` does not represent
/// exactly is an error: rounded timestamps, for instance, that differ by a minute would be equal.
///
/// # Errors
/// [`Error::Value`] for a number that `f32` cannot represent.
pub(super) fn rounded(
    column: Column,
    steps: &[Step],
    is_computed: bool,
    row_number: impl Fn(usize) -> usize,
) -> Result<Column> {
    let Values::Doubles(numbers) = &*column.values else { return Ok(column) };
    let computes = |step: &Step| !step.spec.form.keeps_values;
    let computed = is_computed || steps.iter().any(computes);
    let nearest = |number: f64| Some(number as f32).filter(|nearest| !nearest.is_infinite());
    let round = |(index, &number): (usize, &f64)| {
        let rounded = if computed { nearest(number) } else { of_float(number) };
        rounded.ok_or_else(|| Error::Value {
            row: row_number(index / column.width.max(1)),
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
