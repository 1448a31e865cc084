//! Parts of the report that compare: the model with baselines, groups of rows with the others, and
//! rows with those that the model was trained on.

use multi_input_base::Result;
use multi_input_data::columns::RowSpec;
use multi_input_kernel::{Backend, Element};

use super::html::Html;
use crate::{
    baselines::FittedBaselines,
    objective::Rows,
    slices::{SliceFinder, Slices},
    unknown::{Margin, UnknownValues},
    untyped::UntypedModel,
};

/// The figures of the model and of baselines that are fitted on the training rows.
pub(super) fn baselines<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    (training, rows): (&Rows, &Rows),
) -> Result<()> {
    let figures = FittedBaselines::fit(model, training)?.evaluate(model, rows)?;
    page.heading("Baselines");
    page.paragraph("Simple predictors, fitted on the training rows.");
    for output in &figures.outputs {
        page.paragraph(&format!("{} on {} rows", output.output, output.rows));
        page.table(&output.head(), &output.cells());
    }
    figures.left_out_in_words().iter().for_each(|words| page.paragraph(words));
    Ok(())
}

/// The groups of rows in which the model is worse than in the others.
pub(super) fn slices<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    rows: &Rows,
    row: Option<&RowSpec>,
) -> Result<()> {
    let slices = SliceFinder::default().find_in_rows(model, rows, row)?;
    if slices.comparisons == 0 {
        return Ok(());
    }
    page.heading("Where the model is worse");
    page.paragraph(&slices.method());
    match slices.slices.is_empty() {
        true => page.paragraph("In no group is the loss larger than in the others."),
        false => page.table(&Slices::HEAD, &slices.cells()),
    }
    Ok(())
}

/// The values of the rows that training has not seen, by input or column.
pub(super) fn unknown<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    rows: &Rows,
    row: Option<&'static RowSpec>,
) -> Result<()> {
    let fitted = model.fitted()?;
    let unknown = UnknownValues::of((model.graph(), row), &fitted, &rows.raw, Margin::default())?;
    let (with, unrecorded) = (unknown.rows_with_unknown(), &unknown.unrecorded);
    if with == 0 && unrecorded.is_empty() {
        return Ok(());
    }
    page.heading("Values that training has not seen");
    page.paragraph(&format!("{with} of {} rows have such a value.", unknown.rows.len()));
    let cells = unknown.by_feature().into_iter().map(|(feature, count)| {
        let mut all = unknown.rows.iter().flatten();
        let example = all.find(|unknown| unknown.feature == *feature);
        let (found, seen) =
            example.map_or_else(Default::default, |own| (own.found.clone(), own.seen.clone()));
        vec![feature.name.clone(), count.to_string(), found, seen]
    });
    if with > 0 {
        let head = ["input", "rows", "for example", "training rows had"];
        page.table(&head, &cells.collect::<Vec<_>>());
    }
    if !unrecorded.is_empty() {
        page.paragraph(&format!("Not recorded: {}.", unrecorded.join(", ")));
    }
    Ok(())
}
