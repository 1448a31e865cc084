//! The rows with the largest loss.

use std::ops::Range;

use multi_input_base::Result;
use multi_input_data::{Column, Picture, Table, Values};
use multi_input_kernel::{Backend, Element};

use crate::{
    objective::{Objective, Rows},
    short::Short,
    untyped::UntypedModel,
};

/// A row with its targets, predictions and loss.
pub(super) struct WorstRow {
    pub(super) row: usize,
    /// The total loss of the row.
    pub(super) loss: f64,
    /// For each output: the target and the prediction, as text.
    pub(super) outputs: Vec<(String, String)>,
    /// For each input: its raw value, as text.
    pub(super) inputs: Vec<String>,
}

/// The `count` rows with the largest loss, in descending order.
pub(super) fn worst<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    rows: &Rows,
    count: usize,
) -> Result<Vec<WorstRow>> {
    let mut losses = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let numbers = [row];
        let chunk = rows.take(&numbers);
        let heads = model.heads(&chunk.batch())?;
        let objective = Objective::new(model.graph(), &heads, &chunk);
        // A row without targets has no loss.
        if objective.known.iter().any(|known| *known > 0) {
            losses.push((objective.total, row));
        }
    }
    // NaN sorts as the largest loss.
    losses.sort_by(|(a, _), (b, _)| b.is_nan().cmp(&a.is_nan()).then(b.total_cmp(a)));
    losses.truncate(count);
    losses.into_iter().map(|(loss, row)| describe(model, rows, row, loss)).collect()
}

fn describe<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    rows: &Rows,
    row: usize,
    loss: f64,
) -> Result<WorstRow> {
    let predicted = model.predictions(&rows.take(&[row]).batch())?;
    let (inputs, targets) = columns(&rows.raw, model.graph().inputs.len());
    let outputs = targets.iter().zip(predicted);
    Ok(WorstRow {
        row,
        loss,
        outputs: outputs
            .map(|(column, numbers)| (cell_text(column, row), list(&numbers)))
            .collect(),
        inputs: inputs.iter().map(|column| cell_text(column, row)).collect(),
    })
}

fn columns(raw: &Table, inputs: usize) -> (&[Column], &[Column]) {
    raw.columns.split_at(inputs)
}

/// The value of a field in a row, as text.
fn cell_text(column: &Column, row: usize) -> String {
    if !column.is_present(row) {
        return "absent".to_owned();
    }
    values_text(&column.values, row * column.width..(row + 1) * column.width)
}

/// A range of values as text.
fn values_text(values: &Values, range: Range<usize>) -> String {
    match values {
        Values::Numbers(numbers) => {
            list(&numbers[range].iter().map(|n| f64::from(*n)).collect::<Vec<_>>())
        }
        Values::Doubles(numbers) => list(&numbers[range]),
        Values::Categories(indices) => {
            list(&indices[range].iter().map(|i| f64::from(*i)).collect::<Vec<_>>())
        }
        Values::Texts(texts) => texts[range].join(", "),
        Values::Dates(dates) => {
            dates[range].iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Values::Pictures(pictures) => {
            let size = |picture: &Picture| {
                let [height, width] = picture.original_size();
                format!("picture of {width} by {height}")
            };
            pictures[range].iter().map(size).collect::<Vec<_>>().join(", ")
        }
        Values::Lists(lists) => {
            let texts = lists[range].iter().map(|list| values_text(list, 0..list.len()));
            texts.map(|text| format!("[{text}]")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Up to twelve numbers, abbreviated.
fn list(numbers: &[f64]) -> String {
    let shown = numbers.iter().take(12).map(|number| match number.fract() == 0.0 {
        true => format!("{number}"),
        // All integer digits, as for an integer target in the column beside it (such as a time in
        // seconds).
        false if (1e6..1e15).contains(&number.abs()) => format!("{number:.0}"),
        false => Short(*number).to_string(),
    });
    let shown: Vec<String> = shown.collect();
    let more = if numbers.len() > 12 {
        format!(", ... ({} in all)", numbers.len())
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
