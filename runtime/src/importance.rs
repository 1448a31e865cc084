//! The importance of a model's inputs.
//!
//! By permutation, a trained model is evaluated on rows in which the values of one input, or of one
//! column of it, are permuted. By ablation, a model is trained without the input. Both measure the
//! increase of the loss; for an input that is only noise it is near zero, or negative.
//!
//! Columns that hold the same information share it: each of them seems unimportant, because the
//! others are still there, while their field as a whole is important.

use std::{fmt, path::Path};

use multi_input_base::{Result, Seed, Stream};
use multi_input_data::{Column, Table};
use multi_input_kernel::{Backend, Element};

use crate::{feature::Feature, plot, short::Short, untyped::UntypedModel};

/// The increase of the loss without each input. `Display` prints a table, most important input
/// first.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The method.
    pub method: Method,
    /// The loss with all inputs.
    pub loss: f64,
    /// The inputs, most important first.
    pub inputs: Vec<InputImportance>,
}

/// A method of measuring importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The input's values are permuted over the rows.
    Permutation,
    /// A model is trained without the input.
    LeftOut,
}

/// The importance of one input, or of one of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct InputImportance {
    /// The field's name.
    pub input: &'static str,
    /// The name of the column: the one in `columns("rooms", ..)`, or else `measurements[3]`. `None`
    /// for a whole input.
    pub column: Option<String>,
    /// The increase of the loss, averaged over the repeats.
    pub increase: f64,
    /// The standard deviation over the repeats; 0 for one repeat.
    pub deviation: f64,
}

impl Importance {
    /// Permutation importance: permutes the values of each feature over the rows, `repeats` times,
    /// in orders that depend on `seed`.
    pub(crate) fn of_permutations<E: Element, D: Backend<E>>(
        model: &UntypedModel<E, D>,
        raw: &Table,
        features: &[Feature],
        repeats: usize,
        seed: Seed,
    ) -> Result<Importance> {
        let loss = model.evaluate_table(raw.clone())?.loss();
        let mut inputs = Vec::new();
        for (number, feature) in features.iter().enumerate() {
            let mut increases = Vec::new();
            for repeat in 0..repeats.max(1) {
                let counter = (number * repeats.max(1) + repeat) as u64;
                let mut permuted = raw.clone();
                let column = &mut permuted.columns[feature.index];
                *column = permuted_column(column, raw.rows, feature, (seed, counter));
                increases.push(model.evaluate_table(permuted)?.loss() - loss);
            }
            let importance = InputImportance::new(feature.input, &increases);
            let column = feature.column.is_some().then(|| feature.name.clone());
            inputs.push(InputImportance { column, ..importance });
        }
        Ok(Importance::new(Method::Permutation, loss, inputs))
    }

    pub(crate) fn new(method: Method, loss: f64, mut inputs: Vec<InputImportance>) -> Importance {
        inputs.sort_by(|a, b| b.increase.total_cmp(&a.increase));
        Importance { method, loss, inputs }
    }

    /// Draws a bar chart.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(path.as_ref(), &self.picture())
    }

    /// Whether a column has an importance of its own.
    pub(crate) fn is_by_column(&self) -> bool {
        self.inputs.iter().any(|input| input.column.is_some())
    }

    pub(crate) fn picture(&self) -> String {
        let bar = |input: &InputImportance| plot::Bar {
            name: input.name().to_owned(),
            value: input.increase,
            deviation: input.deviation,
        };
        let title = format!(
            "increase of the loss ({} with all inputs), {}",
            Short(self.loss),
            self.method.in_words()
        );
        plot::bars(&title, &self.inputs.iter().map(bar).collect::<Vec<_>>())
    }
}

impl Method {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Method::Permutation => "by permutation",
            Method::LeftOut => "trained without the input",
        }
    }
}

impl InputImportance {
    pub(crate) fn new(input: &'static str, increases: &[f64]) -> InputImportance {
        let count = increases.len() as f64;
        let increase = increases.iter().sum::<f64>() / count;
        let squares = increases.iter().map(|one| (one - increase) * (one - increase));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        InputImportance { input, column: None, increase, deviation }
    }

    /// The name of the column, or of the whole input.
    pub fn name(&self) -> &str {
        self.column.as_deref().unwrap_or(self.input)
    }
}

/// The values of a feature in random order. Those of a column are permuted among the rows in which
/// the field is present.
fn permuted_column(
    column: &Column,
    rows: usize,
    feature: &Feature,
    (seed, counter): (Seed, u64),
) -> Column {
    let whole = feature.column.is_none();
    let rows_of_column: Vec<usize> =
        (0..rows).filter(|row| whole || column.is_present(*row)).collect();
    let mut order = rows_of_column.clone();
    seed.generator(Stream::Permuting, counter).shuffle(&mut order);
    let mut sources: Vec<usize> = (0..rows).collect();
    rows_of_column.iter().zip(order).for_each(|(row, source)| sources[*row] = source);
    column.of_elements(rows, &|row, element| match feature.includes(feature.index, element) {
        true => sources[row],
        false => row,
    })
}

impl fmt::Display for Importance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.inputs.iter().map(|input| input.name().chars().count());
        let longest = lengths.max().unwrap_or(0).max(5);
        write!(f, "{:<longest$}  {:>12}  {:>12}", "input", "increase", "deviation")?;
        for input in &self.inputs {
            let (increase, deviation) = (Short(input.increase), Short(input.deviation));
            let (increase, deviation) = (increase.to_string(), deviation.to_string());
            write!(f, "\n{:<longest$}  {increase:>12}  {deviation:>12}", input.name())?;
        }
        write!(f, "\nloss with all inputs: {}", Short(self.loss))
    }
}
