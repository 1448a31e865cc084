//! The rows with the largest loss.

use multi_input_base::Result;
use multi_input_data::{Column, Table};
use multi_input_kernel::{Backend, Element};

use crate::{
    cell_text::{cell_text, list},
    objective::Rows,
    row_losses::row_losses,
    untyped::UntypedModel,
};

/// A row with its targets, predictions and loss.
pub(super) struct WorstRow {
    pub(super) row: usize,
    /// The sum over the outputs of weight * loss, as in the total loss of an evaluation.
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
    let mut losses: Vec<Option<f64>> = vec![None; rows.len()];
    for (output, of_rows) in model.graph().outputs.iter().zip(row_losses(model, rows)?) {
        for (row, loss) in of_rows {
            *losses[row].get_or_insert(0.0) += output.weight * loss;
        }
    }
    // A row without targets has no loss.
    let losses = losses.into_iter().enumerate();
    let mut losses: Vec<_> = losses.filter_map(|(row, loss)| Some((loss?, row))).collect();
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
            .map(|(column, numbers)| (cell_text(column, row, None), list(&numbers)))
            .collect(),
        inputs: inputs.iter().map(|column| cell_text(column, row, None)).collect(),
    })
}

fn columns(raw: &Table, inputs: usize) -> (&[Column], &[Column]) {
    raw.columns.split_at(inputs)
}
