//! Plots of models and runs, and a page with all of them, as SVG and HTML without scripts, fonts or
//! other files.
//!
//! | plot | method |
//! |---|---|
//! | figures over the epochs | [`History::plot`](crate::history::History::plot) |
//! | a model's graph | [`Definition::diagram`](crate::definition::Definition::diagram) |
//! | confusion matrix | [`ConfusionMatrix::plot`](crate::metric::ConfusionMatrix::plot) |
//! | predicted probabilities against frequencies | [`Reliability::plot`](crate::uncertainty::Reliability::plot) |
//! | ROC, precision over recall | [`RocCurve::plot`](crate::uncertainty::RocCurve::plot), [`PrecisionRecallCurve::plot`](crate::uncertainty::PrecisionRecallCurve::plot) |
//! | loss by learning rate | [`LearningRateCurve::plot`](crate::train::LearningRateCurve::plot) |
//! | input importance | [`Importance::plot`](crate::importance::Importance::plot) |
//! | shares of inputs in a prediction | [`Attribution::waterfall`](crate::attribution::Attribution::waterfall) |
//! | mean prediction by one or two inputs | [`PartialDependence::plot`](crate::partial_dependence::PartialDependence::plot) |
//! | all of them | [`Report`] |

use std::path::Path;

use multi_input_base::Result;
use multi_input_data::RowSlice;
use multi_input_kernel::Element;

use crate::{
    compute::Compute, definition::Network, history::History, importance::Importance, model::Model,
    objective::encode, page::Page,
};

/// A report on a model and its training: figures, curves, summary, diagram, confusion matrices,
/// worst predictions with the shares of the inputs in them, importance, and the intervals and
/// calibrations that the model keeps. It is one HTML file without scripts that works offline.
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
///     .training_rows(&train)?
///     .importance(&Importance::by_permutation(&model, &test, 5, Seed(7))?)
///     .write("report.html")
/// # }
/// ```
pub struct Report<'a, M: Network<E, D>, E: Element, D: Compute<E>> {
    model: &'a Model<M, E, D>,
    page: Page<'a>,
}

impl<'a, M: Network<E, D>, E: Element, D: Compute<E>> Report<'a, M, E, D> {
    /// A page with summary and diagram.
    pub fn new(model: &'a Model<M, E, D>) -> Self {
        Report { model, page: Page { row: M::SAMPLE_ROW, ..Page::default() } }
    }

    /// Adds the curves of a run.
    #[must_use]
    pub fn history(mut self, history: &'a History) -> Self {
        self.page.history = Some(history);
        self
    }

    /// Adds figures, confusion matrices, reliability and ROC curves, [slices](crate::slices) in which
    /// the model is worse, values that [training has not seen](crate::unknown), and the worst
    /// predictions on rows. The three worst are explained by Shapley values, which take about a
    /// thousand predictions for each of them and each output.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn rows(mut self, rows: impl RowSlice<M::Sample>) -> Result<Self> {
        self.page.rows = Some(self.model.untyped().rows(encode::<M>(rows.rows(), "report on")?)?);
        Ok(self)
    }

    /// Adds figures of simple predictors, fitted on the rows that the model was trained on, beside
    /// those of the model, on the rows of [`rows`](Report::rows): see
    /// [`baselines`](crate::baselines).
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn training_rows(mut self, rows: impl RowSlice<M::Sample>) -> Result<Self> {
        let raw = encode::<M>(rows.rows(), "fit baselines on")?;
        self.page.training = Some(self.model.untyped().rows(raw)?);
        Ok(self)
    }

    /// Adds the importance of the inputs.
    #[must_use]
    pub fn importance(mut self, importance: &Importance) -> Self {
        self.page.importance.push(importance.clone());
        self
    }

    /// Writes the page.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File), and those of [`Model::predict`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        D::core().report(self.model.untyped(), &self.page, path.as_ref())
    }
}
