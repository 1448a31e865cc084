//! Simple predictors on the rows of a model: what the network has to beat.
//!
//! | method | numbers | classes, `bool` and `[bool; N]` |
//! |---|---|---|
//! | mean | mean target | frequencies of the classes |
//! | linear | ridge regression, penalty 1 | logistic regression, C = 1 (multinomial for several classes) |
//! | neighbours | mean of the 5 nearest rows | frequencies in the 5 nearest rows |
//!
//! All are fitted on the training rows and evaluated on the same rows as the model, by the root mean
//! squared and the mean absolute error or by accuracy and log loss, and by the metrics of the output.
//! Targets are in the user's unit.
//!
//! The features are the inputs after the model's preprocessing: numbers, one-hot vectors of
//! categories, whether an `Option` is present, and derived nodes; standardised by the training rows,
//! absent values at the mean. Texts, pictures and padded lists are left out, and so is an input with
//! more than 256 features, or with which there would be more than 256 in all;
//! [`BaselineFigures::left_out`] names them. The work is bounded: evenly spaced rows are taken where
//! training rows are too many for a method, and [`MethodFigures::training_rows`] says how many.
//!
//! scikit-learn, after a `StandardScaler`: `DummyRegressor`, `DummyClassifier(strategy="prior")`;
//! `Ridge(alpha=1)`, `LogisticRegression(C=1)`; `KNeighborsRegressor`, `KNeighborsClassifier`.

mod features;
mod logistic;
mod neighbours;
mod output;
mod ridge;
#[cfg(test)]
mod sklearn_tests;

use std::fmt;

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};

use self::{
    features::{Features, Matrix},
    output::OutputBaselines,
};

use crate::{
    definition::{Graph, Output},
    history::Phase,
    objective::{Rows, Scores},
    short::Short,
    text_table,
    untyped::{rows_at_once, UntypedModel},
};

/// A method of prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The model itself.
    Model,
    /// The mean target, or the frequencies of the classes.
    Mean,
    /// Ridge or logistic regression.
    Linear,
    /// The five nearest training rows.
    Neighbours,
}

impl Method {
    fn in_words(self, is_class: bool) -> &'static str {
        match (self, is_class) {
            (Method::Model, _) => "the model",
            (Method::Mean, false) => "mean",
            (Method::Mean, true) => "frequencies",
            (Method::Linear, false) => "linear regression",
            (Method::Linear, true) => "logistic regression",
            (Method::Neighbours, _) => "5 nearest neighbours",
        }
    }
}

/// Baselines fitted on the training rows of a model, independent of its type.
#[doc(hidden)] // For the operations on models.
pub struct FittedBaselines {
    features: Features,
    /// The fitted methods of every output with a known target.
    outputs: Vec<(usize, OutputBaselines)>,
}

impl FittedBaselines {
    /// Fits the baselines of every output on encoded rows.
    ///
    /// # Errors
    /// [`Error::NoTargets`] if no row has a known target.
    pub(crate) fn fit<E: Element, D: Backend<E>>(
        model: &UntypedModel<E, D>,
        rows: &Rows,
    ) -> Result<FittedBaselines> {
        let graph = model.graph();
        let (features, matrix) = Features::fit(graph, &rows.ready);
        let targets = rows.raw.columns.iter().skip(graph.inputs.len());
        let outputs = graph.outputs.iter().zip(targets).enumerate();
        let outputs = outputs.filter_map(|(index, (output, target))| {
            Some((index, OutputBaselines::fit(output, target, &matrix)?))
        });
        let outputs: Vec<_> = outputs.collect();
        match outputs.is_empty() {
            true => Err(Error::NoTargets("fit baselines on")),
            false => Ok(FittedBaselines { features, outputs }),
        }
    }

    /// The figures of the model and of the baselines on encoded rows.
    pub(crate) fn evaluate<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        rows: &Rows,
    ) -> Result<BaselineFigures> {
        let graph = model.graph();
        let matrix = self.features.of(&rows.ready);
        let all: Vec<usize> = (0..rows.len()).collect();
        let methods: &[Method] = match self.features.count() {
            0 => &[Method::Model, Method::Mean],
            _ => &[Method::Model, Method::Mean, Method::Linear, Method::Neighbours],
        };
        let outputs = self.outputs.iter().map(|(index, _)| OutputFigures::new(graph, *index));
        let mut outputs: Vec<OutputFigures> = outputs.collect();
        for &method in methods {
            let predicted: Vec<Vec<f64>> = match method {
                Method::Model => predictions(model, rows, &all)?,
                _ => self.predictions(method, graph.outputs, &matrix),
            };
            let mut scores = Scores::new(graph, model.preprocessing.as_ref())?;
            scores.predictions(&predicted, &rows.take(&all));
            let metrics = scores.figures(Phase::Training);
            for ((index, fitted), figures) in self.outputs.iter().zip(&mut outputs) {
                let (output, predicted) = (&graph.outputs[*index], &predicted[*index]);
                let target = &rows.raw.columns[graph.inputs.len() + index];
                let errors = output::errors(output, target, predicted);
                figures.rows = errors.rows;
                let own = metrics.entries().filter(|(figure, _)| {
                    figure.output.as_deref() == Some(output.name)
                        && figure.label.is_none()
                        && figure.quantity != "loss"
                });
                let mut values = errors.figures;
                for (figure, value) in own {
                    if !values.iter().any(|(name, _)| *name == figure.quantity) {
                        values.push((figure.quantity.clone(), value));
                    }
                }
                let training_rows = fitted.training_rows(method);
                figures.methods.push(MethodFigures { method, training_rows, values });
            }
        }
        Ok(BaselineFigures { outputs, left_out: self.features.left_out.clone() })
    }

    /// The predictions of a baseline for every output, as the model's.
    fn predictions(&self, method: Method, outputs: &[Output], matrix: &Matrix) -> Vec<Vec<f64>> {
        let none = outputs.iter().map(|output| vec![0.0; matrix.rows * output.predicted()]);
        let mut predicted: Vec<Vec<f64>> = none.collect();
        for (index, fitted) in &self.outputs {
            let parts = outputs[*index].predicted() / outputs[*index].width.max(1);
            let numbers = (0..matrix.rows).flat_map(|row| fitted.predict(method, matrix.row(row)));
            // Every part of a prediction, such as a quantile, is the same number.
            predicted[*index] =
                numbers.flat_map(|number| std::iter::repeat_n(number, parts)).collect();
        }
        predicted
    }
}

/// The predictions of a model for every output.
fn predictions<E: Element, D: Backend<E>>(
    model: &UntypedModel<E, D>,
    rows: &Rows,
    all: &[usize],
) -> Result<Vec<Vec<f64>>> {
    let mut predicted = vec![Vec::new(); model.graph().outputs.len()];
    for numbers in all.chunks(rows_at_once(model.graph())) {
        let of_chunk = model.predictions(&rows.take(numbers).batch())?;
        predicted.iter_mut().zip(of_chunk).for_each(|(all, chunk)| all.extend(chunk));
    }
    Ok(predicted)
}

/// The figures of a model beside those of the baselines. `Display` prints a table for every output.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineFigures {
    /// The outputs with a known target in the training rows.
    pub outputs: Vec<OutputFigures>,
    /// The inputs that the baselines do not use, with the reason.
    pub left_out: Vec<(&'static str, &'static str)>,
}

/// The figures of one output.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputFigures {
    /// The output.
    pub output: &'static str,
    /// The number of rows with a known target.
    pub rows: usize,
    /// The methods, the model first.
    pub methods: Vec<MethodFigures>,
    is_class: bool,
}

/// The figures of one method.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodFigures {
    /// The method.
    pub method: Method,
    /// The number of training rows that the method uses; `None` for the model.
    pub training_rows: Option<usize>,
    /// The figures by name: `rmse` and `mae`, or `accuracy` and `log_loss`, then the metrics of the
    /// output.
    pub values: Vec<(String, f64)>,
}

impl BaselineFigures {
    /// A figure of a method for an output: `get("price", Method::Linear, "rmse")`.
    pub fn get(&self, output: &str, method: Method, figure: &str) -> Option<f64> {
        let output = self.outputs.iter().find(|own| own.output == output)?;
        let method = output.methods.iter().find(|own| own.method == method)?;
        method.values.iter().find(|(name, _)| name == figure).map(|(_, value)| *value)
    }

    /// The inputs that are left out, in words; `None` if there are none.
    pub(crate) fn left_out_in_words(&self) -> Option<String> {
        let inputs = self.left_out.iter().map(|(input, reason)| format!("`{input}` ({reason})"));
        let inputs: Vec<String> = inputs.collect();
        (!inputs.is_empty()).then(|| format!("The baselines do not use {}.", inputs.join(", ")))
    }
}

impl OutputFigures {
    fn new(graph: &Graph, index: usize) -> OutputFigures {
        let output = &graph.outputs[index];
        let is_class = !output.target.kind.is_numbers();
        OutputFigures { output: output.name, rows: 0, methods: Vec::new(), is_class }
    }

    /// The head of the table.
    pub(crate) fn head(&self) -> Vec<&str> {
        let figures = self.methods.first().map_or(&[][..], |method| &method.values);
        let figures = figures.iter().map(|(name, _)| name.as_str());
        ["method", "training rows"].into_iter().chain(figures).collect()
    }

    /// The cells of the table, row by row.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let cells = self.methods.iter().map(|method| {
            let rows = method.training_rows.map_or(String::new(), |rows| rows.to_string());
            let values = method.values.iter().map(|(_, value)| Short(*value).to_string());
            let name = method.method.in_words(self.is_class).to_owned();
            [name, rows].into_iter().chain(values).collect()
        });
        cells.collect()
    }
}

impl fmt::Display for BaselineFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, output) in self.outputs.iter().enumerate() {
            let end = if number > 0 { "\n" } else { "" };
            writeln!(f, "{end}`{}` on {} rows", output.output, output.rows)?;
            text_table::write(f, 1, &output.head(), &output.cells())?;
        }
        match self.left_out_in_words() {
            Some(words) => write!(f, "\n{words}"),
            None => Ok(()),
        }
    }
}
