//! One page with all that there is to see of a trained model.

use std::path::Path;

use super::{diagram, html::Html, matrix, worst::worst};
use crate::{
    definition::Network,
    history::{History, Short},
    importance::Importance,
    kernel::{Backend, Element},
    model::Model,
    preprocess::{Overflow, Preprocessing},
    train::{encode, Rows},
    Notice, Result,
};

/// A page on a model and its training: figures on some rows, curves, summary, diagram, confusion
/// matrices, the worst predictions, importance. One HTML file without scripts, which opens from disk
/// without a network.
///
/// ```no_run
/// # use multi_input::{importance::Importance, prelude::*, report::Report};
/// # #[multi_input_model]
/// # struct House {
/// #     #[input]
/// #     rooms: f32,
/// #     #[from(rooms)]
/// #     #[branch(Dense(1))]
/// #     #[output(loss = mse)]
/// #     price: f32,
/// # }
/// # fn main() -> multi_input::Result<()> {
/// # let (train, test): (Vec<HouseSample>, Vec<HouseSample>) = (vec![], vec![]);
/// let mut model = House::build(&Cpu::default(), Seed(7));
/// let history = Trainer::new(Adam::new(1e-3)).epochs(20).fit(&mut model, &train)?;
/// Report::new(&model)
///     .history(&history)
///     .rows(&test)?
///     .importance(&Importance::by_permutation(&model, &test, 5, Seed(7))?)
///     .write("report.html")
/// # }
/// ```
pub struct Report<'a, M: Network<E, D>, E: Element, D: Backend<E>> {
    model: &'a Model<M, E, D>,
    history: Option<&'a History>,
    rows: Option<Rows>,
    importance: Vec<Importance>,
}

/// How many of the worst rows are shown.
const WORST: usize = 12;

impl<'a, M: Network<E, D>, E: Element, D: Backend<E>> Report<'a, M, E, D> {
    /// A page with summary and diagram.
    pub fn new(model: &'a Model<M, E, D>) -> Self {
        Report { model, history: None, rows: None, importance: Vec::new() }
    }

    /// Adds the curves of a run.
    #[must_use]
    pub fn history(mut self, history: &'a History) -> Self {
        self.history = Some(history);
        self
    }

    /// Adds figures, confusion matrices and the worst predictions on some rows.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn rows(mut self, rows: &[M::Sample]) -> Result<Self> {
        self.rows = Some(self.model.rows(encode::<M>(rows, "report on")?)?);
        Ok(self)
    }

    /// Adds how much the inputs matter.
    #[must_use]
    pub fn importance(mut self, importance: &Importance) -> Self {
        self.importance.push(importance.clone());
        self
    }

    /// Writes the page.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File), and those of predicting.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut page = Html::new(&format!("{}: report", M::GRAPH.name));
        if let Some(rows) = &self.rows {
            self.figures(&mut page, rows)?;
        }
        if let Some(history) = self.history {
            page.heading("Training");
            page.paragraph(&format!("{} epochs; {:?}.", history.epochs.len(), history.end));
            history.end_reason.iter().for_each(|reason| page.paragraph(reason));
            notices(&mut page, &history.notices);
            page.picture(&history.picture());
        }
        page.heading("Model");
        page.picture(&diagram(&M::GRAPH));
        page.verbatim(&self.model.summary().to_string());
        self.overflow(&mut page);
        for importance in &self.importance {
            page.heading(&format!("Importance of the inputs, {}", importance.method.in_words()));
            page.picture(&importance.picture());
            page.verbatim(&importance.to_string());
        }
        if let Some(rows) = &self.rows {
            self.confusion(&mut page, rows)?;
            self.worst(&mut page, rows)?;
        }
        super::write(path.as_ref(), &page.finish())
    }

    /// What the training rows held that no vocabulary has a place for.
    fn overflow(&self, page: &mut Html) {
        let overflow = self.model.preprocessing().map(Preprocessing::overflow).unwrap_or_default();
        if overflow.is_empty() {
            return;
        }
        page.heading("Unknown to the model");
        let rows = overflow.iter().map(|(input, step, rest)| {
            let Overflow { entries, occurrences, of } = rest;
            let numbers = [occurrences, of, entries].map(u64::to_string);
            [(*input).to_owned(), (*step).to_owned()].into_iter().chain(numbers).collect()
        });
        let head = ["input", "step", "unknown entries", "of", "different ones"];
        page.table(&head, &rows.collect::<Vec<_>>());
    }

    fn figures(&self, page: &mut Html, rows: &Rows) -> Result<()> {
        let figures = self.model.evaluate_rows(rows)?;
        page.heading(&format!("On {} rows", rows.len()));
        let cells = figures.iter().map(|(name, value)| vec![name, Short(value).to_string()]);
        page.table(&["figure", "value"], &cells.collect::<Vec<_>>());
        Ok(())
    }

    fn confusion(&self, page: &mut Html, rows: &Rows) -> Result<()> {
        for (place, output) in M::GRAPH.outputs.iter().enumerate() {
            if !output.target.is_numbers() {
                page.heading(&format!("Confusion of `{}`", output.name));
                page.picture(&matrix(&self.model.confusion(output, place, rows)?));
            }
        }
        Ok(())
    }

    fn worst(&self, page: &mut Html, rows: &Rows) -> Result<()> {
        let worst = worst(self.model, rows, WORST)?;
        page.heading("Worst predictions");
        let mut head = vec!["row".to_owned(), "loss".to_owned()];
        for output in M::GRAPH.outputs {
            head.push(output.name.to_owned());
            head.push(format!("predicted {}", output.name));
        }
        head.extend(M::GRAPH.inputs.iter().map(|input| input.name.to_owned()));
        let cells = worst.into_iter().map(|row| {
            let outputs = row.outputs.into_iter().flat_map(|(target, found)| [target, found]);
            let mut cells = vec![row.row.to_string(), Short(row.loss).to_string()];
            cells.extend(outputs.chain(row.inputs));
            cells
        });
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        page.table(&head, &cells.collect::<Vec<_>>());
        Ok(())
    }
}

/// What was worth knowing about the run.
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
