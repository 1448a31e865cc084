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
//! training rows are too many for a method, and [`MethodFigures::training_rows`] says how many; and
//! the neighbours are sought for at most 5,000 of the evaluated rows ([`MethodFigures::rows`]).
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
    neighbours::Neighbours,
    output::{evenly, Errors, OutputBaselines},
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
    /// The neighbours of all outputs, which share them where they have the same rows.
    neighbours: Vec<Neighbours>,
}

/// Upper bound of the number of evaluated rows whose neighbours are sought.
const MOST_SOUGHT: usize = 5_000;

/// What a method has predicted so far.
struct Evaluated {
    method: Method,
    scores: Scores,
    /// One for each output that is compared.
    errors: Vec<Errors>,
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
        let features = Features::fit(graph, &rows.ready);
        let mut neighbours = Vec::new();
        let targets = rows.raw.columns.iter().skip(graph.inputs.len());
        let outputs = graph.outputs.iter().zip(targets).enumerate();
        let outputs = outputs.filter_map(|(index, (output, target))| {
            let encoded = (&features, &rows.ready);
            Some((index, OutputBaselines::fit(output, target, encoded, &mut neighbours)?))
        });
        let outputs: Vec<_> = outputs.collect();
        match outputs.is_empty() {
            true => Err(Error::NoTargets("fit baselines on")),
            false => Ok(FittedBaselines { features, outputs, neighbours }),
        }
    }

    /// The figures of the model and of the baselines on encoded rows.
    pub(crate) fn evaluate<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        rows: &Rows,
    ) -> Result<BaselineFigures> {
        let graph = model.graph();
        let methods: &[Method] = match self.features.count() {
            0 => &[Method::Model, Method::Mean],
            _ => &[Method::Model, Method::Mean, Method::Linear, Method::Neighbours],
        };
        let start = |method: &Method| {
            let scores = Scores::new(graph, model.preprocessing.as_ref())?;
            let errors = vec![Errors::default(); self.outputs.len()];
            Ok(Evaluated { method: *method, scores, errors })
        };
        let mut methods = methods.iter().map(start).collect::<Result<Vec<_>>>()?;
        let all: Vec<usize> = (0..rows.len()).collect();
        let mut sought = &evenly(&all, MOST_SOUGHT)[..];
        for numbers in all.chunks(rows_at_once(graph)) {
            let count = sought.partition_point(|row| numbers.last() >= Some(row));
            let (own, later) = sought.split_at(count);
            sought = later;
            for evaluated in &mut methods {
                let numbers = if evaluated.method == Method::Neighbours { own } else { numbers };
                self.add(evaluated, model, (rows, numbers))?;
            }
        }
        Ok(self.figures(graph, &methods))
    }

    /// Adds the predictions for some rows.
    fn add<E: Element, D: Backend<E>>(
        &self,
        evaluated: &mut Evaluated,
        model: &UntypedModel<E, D>,
        (rows, numbers): (&Rows, &[usize]),
    ) -> Result<()> {
        if numbers.is_empty() {
            return Ok(());
        }
        let (graph, taken) = (model.graph(), rows.take(numbers));
        let predicted = match evaluated.method {
            Method::Model => model.predictions(&taken.batch())?,
            method => {
                let matrix = self.features.of(&rows.ready, numbers);
                self.predictions(method, graph.outputs, &matrix)
            }
        };
        evaluated.scores.predictions(&predicted, &taken);
        for ((index, _), errors) in self.outputs.iter().zip(&mut evaluated.errors) {
            let target = &rows.raw.columns[graph.inputs.len() + index];
            errors.add(&graph.outputs[*index], (target, numbers), &predicted[*index]);
        }
        Ok(())
    }

    fn figures(&self, graph: &Graph, methods: &[Evaluated]) -> BaselineFigures {
        let outputs = self.outputs.iter().enumerate().map(|(place, (index, fitted))| {
            let output = &graph.outputs[*index];
            let of_method = |Evaluated { method, scores, errors }: &Evaluated| {
                let mut values = errors[place].figures(output);
                for (figure, value) in scores.figures(Phase::Training).entries() {
                    let is_own = figure.output.as_deref() == Some(output.name)
                        && figure.label.is_none()
                        && figure.quantity != "loss";
                    if is_own && !values.iter().any(|(name, _)| *name == figure.quantity) {
                        values.push((figure.quantity.clone(), value));
                    }
                }
                let (rows, training_rows) = (errors[place].rows, fitted.training_rows(*method));
                MethodFigures { method: *method, training_rows, rows, values }
            };
            let mut figures = OutputFigures::new(output);
            figures.methods = methods.iter().map(of_method).collect();
            figures.rows = figures.methods.first().map_or(0, |model| model.rows);
            figures
        });
        BaselineFigures { outputs: outputs.collect(), left_out: self.features.left_out.clone() }
    }

    /// The predictions of a baseline for every output, as the model's.
    fn predictions(&self, method: Method, outputs: &[Output], matrix: &Matrix) -> Vec<Vec<f64>> {
        let none = outputs.iter().map(|output| vec![0.0; matrix.rows * output.predicted()]);
        let mut predicted: Vec<Vec<f64>> = none.collect();
        self.outputs.iter().for_each(|(index, _)| predicted[*index].clear());
        for row in (0..matrix.rows).map(|row| matrix.row(row)) {
            let nearest: Vec<Vec<usize>> = match method {
                Method::Neighbours => self.neighbours.iter().map(|own| own.nearest(row)).collect(),
                _ => Vec::new(),
            };
            for (index, fitted) in &self.outputs {
                let parts = outputs[*index].predicted() / outputs[*index].width.max(1);
                let numbers = fitted.predict(method, row, &nearest).into_iter();
                // Every part of a prediction, such as a quantile, is the same number.
                let numbers = numbers.flat_map(|number| std::iter::repeat_n(number, parts));
                predicted[*index].extend(numbers);
            }
        }
        predicted
    }
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
    /// The number of evaluated rows with a known target.
    pub rows: usize,
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
    fn new(output: &Output) -> OutputFigures {
        let is_class = !output.target.kind.is_numbers();
        OutputFigures { output: output.name, rows: 0, methods: Vec::new(), is_class }
    }

    /// The head of the table.
    pub(crate) fn head(&self) -> Vec<&str> {
        let figures = self.methods.first().map_or(&[][..], |method| &method.values);
        let figures = figures.iter().map(|(name, _)| name.as_str());
        ["method", "training rows", "rows"].into_iter().chain(figures).collect()
    }

    /// The cells of the table, row by row.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let cells = self.methods.iter().map(|method| {
            let rows = method.training_rows.map_or(String::new(), |rows| rows.to_string());
            let values = method.values.iter().map(|(_, value)| Short(*value).to_string());
            let name = method.method.in_words(self.is_class).to_owned();
            [name, rows, method.rows.to_string()].into_iter().chain(values).collect()
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
