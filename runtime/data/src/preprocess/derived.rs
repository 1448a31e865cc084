//! The columns of derived nodes.

use std::sync::Arc;

use multi_input_base::{quote::Quoted, Error, Result};
use multi_input_spec::Kind;

use super::{
    items::shape_mistake,
    stage::{SourceRow, Sources},
};
use crate::{
    schema::{Derived, Schema},
    Column, Content, Values,
};

/// Computes the column of a derived node for some rows, before its steps. `encoded` is the inputs
/// after their steps, where they are known. `first` is the index of the first row of the raw columns
/// among all rows, for errors.
///
/// # Errors
/// [`Error::Value`] for a row without a value, unless a step fills missing numbers.
pub(super) fn derive(
    derived: &Derived,
    raw: &[Column],
    encoded: Option<&[Column]>,
    (rows, first): (&[usize], usize),
) -> Result<Column> {
    let takes_encoded = derived.derivation.takes_encoded();
    let sources = derived.inputs.iter().filter_map(|&input| {
        let raw = raw.get(input)?;
        match encoded.and_then(|encoded| encoded.get(input)) {
            Some(encoded) if takes_encoded && !is_category(raw) => Some(encoded.clone()),
            _ => Some(raw.of_rows(rows)),
        }
    });
    let sources: Vec<Column> = sources.collect();
    let sources = Sources::new(&sources, rows.len());
    let refused = |row: usize, expected: String, found: String| Error::Value {
        row: first + rows.get(row).copied().unwrap_or_default(),
        field: derived.name.to_owned(),
        expected,
        found,
    };
    let values = derived.derivation.derive(derived, &sources);
    let values = values.map_err(|refusal| refused(refusal.row, refusal.expected, refusal.found))?;
    let fills = derived.steps.iter().any(|step| step.spec.form.fills);
    let width = derived.raw.elements().get();
    if let Some((row, expected, found)) = shape_mistake(&derived.raw, &values, rows.len()) {
        return Err(refused(row, format!("{expected} from `{derived:?}`"), found));
    }
    if let Some(index) = first_invalid(&values, fills) {
        let row = index / width.max(1);
        let found = sources.rows().nth(row).map(|row| operands(&sources, row));
        let expected = match fills {
            true => "a finite number, or a missing one".to_owned(),
            false => "a finite number, or `impute(...)` for a missing one".to_owned(),
        };
        return Err(refused(row, expected, found.unwrap_or_default()));
    }
    let content = match derived.raw.kind {
        Kind::Categories => Content::Categories { below: derived.raw.below.get() },
        _ => Content::Doubles { blanks: fills },
    };
    let values = Arc::new(values);
    Ok(Column { name: derived.name, content, width, values, present: None, lengths: None })
}

/// As [`derive`], for the fit of the node's steps, while those of the inputs are not fitted yet.
///
/// # Errors
/// [`Error::Settings`] for a derivation that takes what they make of an input.
pub(super) fn derive_to_fit(
    derived: &Derived,
    schema: &Schema,
    raw: &[Column],
    (rows, first): (&[usize], usize),
) -> Result<Column> {
    let inputs = derived.inputs.iter().filter(|_| derived.derivation.takes_encoded());
    let mut inputs = inputs.filter_map(|&input| Some((schema.inputs.get(input)?, raw.get(input)?)));
    match inputs.find(|(input, raw)| !input.steps.is_empty() && !is_category(raw)) {
        None => derive(derived, raw, None, (rows, first)),
        Some((input, _)) => Err(Error::Settings(vec![format!(
            "`{}`: its steps would learn from what is derived of `{}` after its steps, which are \
             fitted in the same passes: leave out the steps that learn",
            derived.name, input.name
        )])),
    }
}

/// Whether the raw values of an input are categories.
fn is_category(raw: &Column) -> bool {
    matches!(raw.content, Content::Categories { .. } | Content::Names | Content::Texts)
}

/// The error of a row among `rows`, as the error of that row among all.
pub(super) fn of_row(error: Error, rows: &[usize], first: usize) -> Error {
    match error {
        Error::Value { row, field, expected, found } => {
            let row = first + rows.get(row).copied().unwrap_or_default();
            Error::Value { row, field, expected, found }
        }
        other => other,
    }
}

/// The first number that is not finite, where a missing one may be left to a step.
fn first_invalid(values: &Values, may_be_missing: bool) -> Option<usize> {
    let is_invalid = |number: f64| match may_be_missing {
        true => number.is_infinite(),
        false => !number.is_finite(),
    };
    match values {
        Values::Numbers(numbers) => numbers.iter().position(|&number| is_invalid(number.into())),
        Values::Doubles(numbers) => numbers.iter().position(|&number| is_invalid(number)),
        _ => None,
    }
}

/// The raw values of a row: `none, of rooms = 3, households = 0`.
fn operands(sources: &Sources<'_>, row: SourceRow<'_>) -> String {
    let operands = sources.columns().iter().enumerate().map(|(input, column)| {
        let value = match (row.numbers(input), row.text(input), row.date(input)) {
            (Some(numbers), ..) => match &numbers[..] {
                [number] if number.is_nan() => "nothing".to_owned(),
                [number] => number.to_string(),
                numbers => format!("{numbers:?}"),
            },
            (_, Some(text), _) => Quoted(text).to_string(),
            (_, _, Some(date)) => date.to_string(),
            _ => "nothing".to_owned(),
        };
        format!("{} = {value}", column.name)
    });
    format!("none, of {}", operands.collect::<Vec<_>>().join(", "))
}
