//! The report of a trained model as one HTML page, independent of the model's type.

mod comparison;
mod html;
mod worst;

use std::path::Path;

use multi_input_base::{Notice, Result};
use multi_input_data::{
    columns::RowSpec,
    preprocess::{Overflow, Preprocessing},
};
use multi_input_kernel::{Backend, Element};

use self::{
    html::Html,
    worst::{worst, WorstRow},
};
use crate::{
    attribution::{self, ShapleySettings},
    definition::{diagram, TargetKind},
    history::History,
    importance::Importance,
    metric::ConfusionMatrix,
    objective::Rows,
    plot,
    short::Short,
    uncertainty::{PrecisionRecallCurve, Reliability, RocCurve, Saved},
    untyped::{Summary, UntypedModel},
};

/// The contents of a report besides the model.
#[doc(hidden)]
#[derive(Default)]
pub struct Page<'a> {
    pub(crate) history: Option<&'a History>,
    pub(crate) rows: Option<Rows>,
    /// The rows that the baselines are fitted on.
    pub(crate) training: Option<Rows>,
    pub(crate) importance: Vec<Importance>,
    /// The columns of the model's rows in data files.
    pub(crate) row: Option<&'static RowSpec>,
}

/// Number of worst predictions shown.
const WORST: usize = 12;
/// Number of classes or labels whose curves are shown.
const CURVES: usize = 5;

/// Number of worst predictions that are explained.
const EXPLAINED: usize = 3;

impl Page<'_> {
    /// Writes the report of a model.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File) where the file cannot be written, and the
    /// errors of evaluation.
    pub(crate) fn write<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        path: &Path,
    ) -> Result<()> {
        let mut page = Html::new(&format!("{}: report", model.graph().name));
        if let Some(rows) = &self.rows {
            figures(model, &mut page, rows)?;
            if let Some(training) = &self.training {
                comparison::baselines(model, &mut page, (training, rows))?;
            }
        }
        if let Some(history) = self.history {
            page.heading("Training");
            page.paragraph(&format!("{} epochs; {:?}.", history.epochs.len(), history.end));
            history.end_reason.iter().for_each(|reason| page.paragraph(reason));
            notices(&mut page, &history.notices);
            page.picture(&history.picture());
        }
        page.heading("Model");
        page.picture(&diagram(model.graph()));
        page.verbatim(&Summary::of_model(model).to_string());
        overflow(model.preprocessing.as_ref(), &mut page);
        kept(&model.uncertainty, &mut page);
        for importance in &self.importance {
            let of = if importance.is_by_column() { "columns" } else { "inputs" };
            page.heading(&format!("Importance of the {of}, {}", importance.method.in_words()));
            page.picture(&importance.picture());
            page.verbatim(&importance.to_string());
        }
        if let Some(rows) = &self.rows {
            confusion(model, &mut page, rows)?;
            probabilities(model, &mut page, rows)?;
            comparison::slices(model, &mut page, rows, self.row)?;
            comparison::unknown(model, &mut page, rows, self.row)?;
            let worst = worst(model, rows, WORST)?;
            let numbers: Vec<usize> = worst.iter().take(EXPLAINED).map(|row| row.row).collect();
            worst_predictions(model, &mut page, worst);
            explanations(model, &mut page, rows, (&numbers, self.row))?;
        }
        plot::write(path, &page.finish())
    }
}

/// Vocabulary overflow: entries of the training rows that are unknown to the model.
fn overflow(fitted: Option<&Preprocessing>, page: &mut Html) {
    let overflow = fitted.map(Preprocessing::overflow).unwrap_or_default();
    if overflow.is_empty() {
        return;
    }
    page.heading("Unknown to the model");
    let rows = overflow.iter().map(|(input, step, overflow_of_step)| {
        let Overflow { entries, occurrences, of, approximate, .. } = overflow_of_step;
        let at_least = |number: &u64| match approximate {
            true => format!("at least {number}"),
            false => number.to_string(),
        };
        let numbers = [at_least(occurrences), of.to_string(), at_least(entries)];
        [(*input).to_owned(), (*step).to_owned()].into_iter().chain(numbers).collect()
    });
    let head = ["input", "step", "unknown entries", "of", "different ones"];
    page.table(&head, &rows.collect::<Vec<_>>());
}

/// Losses and metrics.
fn figures<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    rows: &Rows,
) -> Result<()> {
    let figures = model.evaluate_rows(rows)?;
    page.heading(&format!("On {} rows", rows.len()));
    let cells = figures.0.means().map(|(name, value)| vec![name, Short(value).to_string()]);
    page.table(&["figure", "value"], &cells.collect::<Vec<_>>());
    for labels in figures.by_label() {
        page.heading(&format!("Labels of `{}`", labels.output));
        let mut cells = labels.cells();
        let output = model.graph().outputs.iter().find(|output| output.name == labels.output);
        let names = output.map_or(&[][..], |output| output.columns);
        cells.iter_mut().skip(1).zip(names).for_each(|(row, name)| row[0] = (*name).to_owned());
        let [head, rows @ ..] = &cells[..] else { continue };
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        page.table(&head, rows);
    }
    Ok(())
}

/// The confusion matrices.
fn confusion<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    rows: &Rows,
) -> Result<()> {
    for (index, output) in model.graph().outputs.iter().enumerate() {
        if output.target.kind.is_numbers() {
            continue;
        }
        let matrices = model.confusion(output, index, rows)?;
        if matrices.is_empty() {
            continue;
        }
        page.heading(&format!("Confusion of `{}`", output.name));
        match output.label_count() {
            0 => matrices.iter().for_each(|matrix| page.picture(&matrix.picture())),
            _ => label_counts(&matrices, page),
        }
    }
    Ok(())
}

/// Reliability, ROC and precision over recall of every output of classes or flags.
fn probabilities<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    rows: &Rows,
) -> Result<()> {
    for observed in model.observed(rows)? {
        if observed.output.target.kind.is_numbers() || observed.rows == 0 {
            continue;
        }
        let name = observed.output.name;
        page.heading(&format!("Probabilities of `{name}`"));
        if let Some(reason) = observed.unfit() {
            page.paragraph(&format!("There are no curves: {reason}."));
            continue;
        }
        page.paragraph(
            "A calibrated model follows the dashed line. Numbers beside the curves are areas under the \
             ROC and average precisions, by class or label.",
        );
        let mut panels: Vec<_> =
            Reliability::of(&observed).iter().map(Reliability::panel).collect();
        panels.truncate(CURVES);
        let mut curves = RocCurve::of(&observed);
        curves.truncate(CURVES);
        panels.push(RocCurve::panel(name, &curves));
        let mut curves = PrecisionRecallCurve::of(&observed);
        curves.truncate(CURVES);
        panels.push(PrecisionRecallCurve::panel(name, &curves));
        page.picture(&plot::curves(&panels));
    }
    Ok(())
}

/// The intervals and calibrations that the model keeps.
fn kept(kept: &Saved, page: &mut Html) {
    if let Some(conformal) = &kept.conformal {
        page.heading(&format!("Intervals and sets, coverage {}", conformal.coverage()));
        page.paragraph(
            "An interval is the prediction and a bound on both sides; a set has all values whose \
             probability is at least 1 less a bound.",
        );
        page.table(&["output", "calibration rows", "bounds"], &conformal.cells());
    }
    if let Some(calibration) = &kept.calibration {
        page.heading("Calibration");
        page.table(&["output", "error before", "error after"], &calibration.cells());
    }
}

/// The confusion matrices of several labels, a row of a table each.
fn label_counts(matrices: &[ConfusionMatrix], page: &mut Html) {
    let rows = matrices.iter().map(|matrix| {
        let counts = matrix.counts.iter().flatten().map(ToString::to_string);
        std::iter::once(matrix.label_in_words().unwrap_or_default()).chain(counts).collect()
    });
    let head = ["label", "true negatives", "false positives", "false negatives", "true positives"];
    page.table(&head, &rows.collect::<Vec<_>>());
}

/// The rows with the largest loss.
fn worst_predictions<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    worst: Vec<WorstRow>,
) {
    page.heading("Worst predictions");
    let mut head = vec!["row".to_owned(), "loss".to_owned()];
    for output in model.graph().outputs {
        head.push(output.name.to_owned());
        head.push(format!("predicted {}", output.name));
    }
    head.extend(model.graph().inputs.iter().map(|input| input.name.to_owned()));
    let cells = worst.into_iter().map(|row| {
        let outputs = row.outputs.into_iter().flat_map(|(target, found)| [target, found]);
        let mut cells = vec![row.row.to_string(), Short(row.loss).to_string()];
        cells.extend(outputs.chain(row.inputs));
        cells
    });
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    page.table(&head, &cells.collect::<Vec<_>>());
}

/// The shares of the inputs in the predictions for rows, one picture for each output and row. An
/// output with several numbers is explained for its predicted class, or else for the first number that metrics compare with
/// the target.
fn explanations<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    page: &mut Html,
    rows: &Rows,
    (numbers, row): (&[usize], Option<&'static RowSpec>),
) -> Result<()> {
    if numbers.is_empty() || model.graph().inputs.is_empty() {
        return Ok(());
    }
    let explained = rows.raw.select(numbers);
    page.heading("Explanations of the worst predictions");
    page.paragraph(
        "Shapley values: the share of every input in the difference to the mean prediction for other \
         rows.",
    );
    for (index, output) in model.graph().outputs.iter().enumerate() {
        let is_class = output.target.kind == TargetKind::Class;
        let element = (!is_class && output.predicted() > 1).then(|| output.loss.point());
        let settings = ShapleySettings::for_report(model.graph(), (index, element), &rows.raw, row);
        let found = attribution::shapley(model, &settings, &explained)?;
        for (number, attribution) in numbers.iter().zip(found) {
            page.paragraph(&format!("Row {number}"));
            page.picture(&attribution.picture());
        }
    }
    Ok(())
}

/// The notices of the run.
fn notices(page: &mut Html, notices: &[Notice]) {
    if notices.is_empty() {
        return;
    }
    let cell = |part: &Option<String>| part.clone().unwrap_or_default();
    let rows = notices
        .iter()
        .map(|Notice { field, by, message, .. }| vec![cell(field), cell(by), message.clone()]);
    page.table(&["field", "by", "notice"], &rows.collect::<Vec<_>>());
}
