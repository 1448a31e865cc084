//! The importance of a model's inputs.
//!
//! The unit is a whole input, regardless of the number of its elements. By permutation, a trained
//! model is evaluated on rows in which the values of one input are permuted. By ablation, a model
//! is trained without the input. Both measure the increase of the loss; for an input that is only
//! noise it is near zero, or negative.

use std::{fmt, path::Path};

use multi_input_base::{Result, Seed, Stream};
use multi_input_data::Table;
use multi_input_kernel::{Backend, Element};

use crate::{plot, short::Short, untyped::UntypedModel};

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

/// The importance of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputImportance {
    /// The field's name.
    pub input: &'static str,
    /// The increase of the loss, averaged over the repeats.
    pub increase: f64,
    /// The standard deviation over the repeats; 0 for one repeat.
    pub deviation: f64,
}

impl Importance {
    /// Permutation importance: permutes each input's values over the rows, `repeats` times, in
    /// orders that depend on `seed`.
    pub(crate) fn of_permutations<E: Element, D: Backend<E>>(
        model: &UntypedModel<E, D>,
        raw: &Table,
        repeats: usize,
        seed: Seed,
    ) -> Result<Importance> {
        let loss = model.evaluate_table(raw.clone())?.loss();
        let mut inputs = Vec::new();
        for (index, input) in model.graph().inputs.iter().enumerate() {
            let mut increases = Vec::new();
            for repeat in 0..repeats.max(1) {
                let counter = (index * repeats.max(1) + repeat) as u64;
                let mut order: Vec<usize> = (0..raw.rows).collect();
                seed.generator(Stream::Permuting, counter).shuffle(&mut order);
                let mut permuted = raw.clone();
                permuted.columns[index] = raw.select(&order).columns.swap_remove(index);
                increases.push(model.evaluate_table(permuted)?.loss() - loss);
            }
            inputs.push(InputImportance::new(input.name, &increases));
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

    pub(crate) fn picture(&self) -> String {
        let bar = |input: &InputImportance| plot::Bar {
            name: input.input.to_owned(),
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
        InputImportance { input, increase, deviation: (squares.sum::<f64>() / count).sqrt() }
    }
}

impl fmt::Display for Importance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.inputs.iter().map(|input| input.input.len()).max().unwrap_or(0).max(5);
        write!(f, "{:<longest$}  {:>12}  {:>12}", "input", "increase", "deviation")?;
        for InputImportance { input, increase, deviation } in &self.inputs {
            let (increase, deviation) = (Short(*increase), Short(*deviation));
            let (increase, deviation) = (increase.to_string(), deviation.to_string());
            write!(f, "\n{input:<longest$}  {increase:>12}  {deviation:>12}")?;
        }
        write!(f, "\nloss with all inputs: {}", Short(self.loss))
    }
}
