//! How much a model needs each of its inputs.
//!
//! An input counts as a whole, whatever the number of its elements. By permutation, a trained model
//! is shown rows in which one input comes from another row; by leaving out, a model is trained
//! without the input. Both say by how much the loss grows; an input that is only noise is near zero,
//! or below it.

use std::{fmt, path::Path};

use multi_input_base::{Result, Seed, Stream};
use multi_input_data::{Column, Table};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::optim::Optimizer;

use crate::{
    callback::Progress,
    compute::Compute,
    definition::{Definition, Network},
    history::Short,
    model::{Model, UntypedModel},
    report,
    train::{encode, Trainer},
};

/// How much the loss grows without each input. Prints as a table, the most important input first.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// How it was measured.
    pub method: Method,
    /// The loss with all inputs.
    pub loss: f64,
    /// The inputs, the most important first.
    pub inputs: Vec<InputImportance>,
}

/// How importance is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The input's values are handed to other rows.
    Permutation,
    /// A model is trained without the input.
    LeftOut,
}

/// The importance of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputImportance {
    /// The field's name.
    pub input: &'static str,
    /// By how much the loss grows, on average over the repeats.
    pub increase: f64,
    /// The standard deviation over the repeats; 0 where there was one.
    pub deviation: f64,
}

impl Importance {
    /// Hands each input's values to other rows, `repeats` times, in orders that depend on `seed`.
    /// `sklearn.inspection.permutation_importance`, for whole inputs.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn by_permutation<M: Network<E, D>, E: Element, D: Compute<E>>(
        model: &Model<M, E, D>,
        rows: &[M::Sample],
        repeats: usize,
        seed: Seed,
    ) -> Result<Importance> {
        let raw = encode::<M>(rows, "measure importance on")?;
        D::core().importance(model.untyped(), &raw, repeats, seed)
    }

    /// The same for raw rows.
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

    /// Trains a model that `build` gives with a trainer that `trainer` gives, once with all inputs
    /// and once without each of them, and compares the losses on `test`. An input is left out by
    /// being absent from every row where it may be, and else by being the same in all of them.
    ///
    /// # Errors
    /// As [`Trainer::fit`] and [`Model::evaluate`].
    pub fn by_leaving_out<M: Network<E, D>, E: Element, D: Compute<E>, O: Optimizer>(
        build: impl Fn() -> Model<M, E, D>,
        trainer: impl Fn() -> Trainer<M, O>,
        train: &[M::Sample],
        test: &[M::Sample],
    ) -> Result<Importance> {
        let encode = |rows| encode::<M>(rows, "measure importance on");
        let first = encode(train)?.select(&[0]);
        let loss_without = |input: Option<usize>| -> Result<f64> {
            let left_out =
                input.map(|input| LeftOut { input, value: first.columns[input].clone() });
            let (mut model, mut raw) = (build(), encode(test)?);
            if let Some(left_out) = &left_out {
                left_out.apply(&mut raw);
            }
            trainer().leaving_out(left_out).fit(&mut model, train)?;
            Ok(D::core().evaluate(model.untyped(), raw)?.loss())
        };
        let loss = loss_without(None)?;
        let inputs = M::GRAPH.inputs.iter().enumerate();
        let increase = |(index, input): (usize, &crate::definition::Input)| {
            Ok(InputImportance::new(input.name, &[loss_without(Some(index))? - loss]))
        };
        let inputs = inputs.map(increase).collect::<Result<_>>()?;
        Ok(Importance::new(Method::LeftOut, loss, inputs))
    }

    fn new(method: Method, loss: f64, mut inputs: Vec<InputImportance>) -> Importance {
        inputs.sort_by(|a, b| b.increase.total_cmp(&a.increase));
        Importance { method, loss, inputs }
    }

    /// Draws the table as bars.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        report::write(path.as_ref(), &self.picture())
    }

    pub(crate) fn picture(&self) -> String {
        let bar = |input: &InputImportance| report::Bar {
            name: input.input.to_owned(),
            value: input.increase,
            deviation: input.deviation,
        };
        let title = format!(
            "increase of the loss ({} with all inputs), {}",
            Short(self.loss),
            self.method.in_words()
        );
        report::bars(&title, &self.inputs.iter().map(bar).collect::<Vec<_>>())
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
    fn new(input: &'static str, increases: &[f64]) -> InputImportance {
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

/// An input that says nothing: it is absent everywhere, or what the first training row has.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    input: usize,
    value: Column,
}

impl LeftOut {
    /// Lets the input say nothing in all rows.
    pub(crate) fn apply(&self, raw: &mut Table) {
        let rows = raw.rows;
        let Some(column) = raw.columns.get_mut(self.input) else { return };
        let one = Table { columns: vec![self.value.clone()], rows: 1 };
        let mut same = one.select(&vec![0; rows]);
        if let Some(same) = same.columns.pop() {
            *column = same;
        }
        if let Some(present) = &mut column.present {
            present.fill(false);
        }
    }
}

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// Trains without an input.
    fn leaving_out(mut self, left_out: Option<LeftOut>) -> Self {
        self.left_out = left_out;
        // The first run, with all inputs, has said what there is to say.
        if self.left_out.is_some() {
            return self.progress(Progress::mute());
        }
        self
    }
}
