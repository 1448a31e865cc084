//! Fitting of the preprocessing.

mod parts;

use multi_input_base::{Error, Result};

use super::{
    derived,
    pipeline::{PipelineFit, Plan},
    target::TargetFit,
    FittedFields, Preprocessing,
};
use crate::{schema::Schema, Column, Table};

/// Whether a row (second argument) counts for an output (first argument): its weight is not 0.
pub type Counts<'a> = &'a dyn Fn(usize, usize) -> bool;

/// The rows that count for at least one output.
pub(super) fn rows_that_count(
    targets: &[Column],
    rows: &[usize],
    counts: Counts<'_>,
) -> Vec<usize> {
    let counts_for_any = |row: &usize| {
        let mut outputs = targets.iter().enumerate();
        targets.is_empty()
            || outputs.any(|(output, target)| target.is_present(*row) && counts(output, *row))
    };
    rows.iter().copied().filter(counts_for_any).collect()
}

/// The preprocessing of a model during fitting. It passes over all training rows, table by table,
/// until [`is_done`](Fitting::is_done).
///
/// A row counts for the outputs with a known target and a nonzero weight. The steps and labels of a
/// target are fitted on the rows that count for its output; the steps of the inputs are fitted on
/// the rows that count for at least one output.
pub struct Fitting {
    schema: &'static Schema,
    inputs: Vec<PipelineFit>,
    derived: Vec<PipelineFit>,
    targets: Vec<TargetFit>,
    /// Whether the current pass fits only the labels.
    labels_only: bool,
    /// Whether the values of the inputs are recorded, which takes one pass.
    observed: bool,
}

impl Fitting {
    /// Starts fitting the preprocessing of a schema.
    pub fn new(schema: &'static Schema) -> Fitting {
        Fitting::keeping(schema, &FittedFields::default())
    }

    /// Starts fitting the preprocessing of a schema, except for the fields that are `kept`.
    pub fn keeping(schema: &'static Schema, kept: &FittedFields) -> Fitting {
        let inputs = schema.inputs.iter().map(|input| match kept.inputs.get(input.name) {
            Some(fitted) => PipelineFit::fitted(fitted.clone()),
            None => PipelineFit::of_input(input),
        });
        let targets = schema.targets.iter().map(|target| match kept.targets.get(target.name) {
            Some(fitted) => TargetFit::fitted(fitted.clone()),
            None => TargetFit::new(target),
        });
        let derived = schema.derived.iter().map(|node| match kept.derived.get(node.name) {
            Some(fitted) => PipelineFit::fitted(fitted.clone()),
            None => PipelineFit::new(Plan::of_derived(node)),
        });
        let (inputs, derived, targets) = (inputs.collect(), derived.collect(), targets.collect());
        let observed = schema.inputs.is_empty();
        Fitting { schema, inputs, derived, targets, labels_only: false, observed }
    }

    /// Makes the first pass fit only the labels, so that class weights are known in the following
    /// passes.
    pub fn with_labels_first(mut self) -> Fitting {
        self.labels_only = true;
        self
    }

    /// Whether all steps are fitted, or one of them cannot be fitted.
    pub fn is_done(&self) -> bool {
        let mut inputs = self.inputs.iter().chain(&self.derived);
        let mut targets = self.targets.iter();
        // After an error, an input may wait forever for the vocabulary of another one.
        self.has_failed()
            || self.observed && targets.all(TargetFit::is_done) && inputs.all(PipelineFit::is_done)
    }

    fn has_failed(&self) -> bool {
        let inputs = self.inputs.iter().chain(&self.derived).any(PipelineFit::has_failed);
        inputs || self.targets.iter().any(TargetFit::has_failed)
    }

    /// Returns the error of the first row that [`update`](Fitting::update) would refuse, independent of
    /// other rows, without updating the statistics.
    pub fn check(&self, table: &Table) -> Result<()> {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        self.inputs.iter().zip(inputs).try_for_each(|(input, column)| input.check(column))?;
        let all: Vec<usize> = (0..table.rows).collect();
        let mut derived = self.schema.derived.iter().zip(&self.derived);
        derived.try_for_each(|(node, fit)| match fit.is_done() {
            true => Ok(()),
            false => fit.check(&derived::derive_to_fit(node, self.schema, inputs, (&all, 0))?),
        })?;
        self.targets.iter().zip(targets).try_for_each(|(target, column)| target.check(column))
    }

    /// The rows of a table without those whose labels exceed the number of classes; `refuse` gets
    /// their errors. The statistics are not updated.
    pub fn without_surplus_labels(
        &self,
        table: &Table,
        mut refuse: impl FnMut(Error),
    ) -> Vec<usize> {
        let mut rows = (0..table.rows).collect();
        let columns = table.columns.iter().skip(self.inputs.len());
        for (target, column) in self.targets.iter().zip(columns) {
            target.retain_labels(column, &mut rows, &mut refuse);
        }
        rows
    }

    /// Whether the current pass fits only the labels.
    pub fn is_for_labels(&self) -> bool {
        self.labels_only
    }

    /// Updates the statistics with some rows of a table; `first` is the index of its first row
    /// among all rows, for errors.
    pub fn update(
        &mut self,
        table: &Table,
        rows: &[usize],
        counts: Counts<'_>,
        first: usize,
    ) -> Result<()> {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let counts_for =
            |output: usize, row: usize| targets[output].is_present(row) && counts(output, row);
        if !self.labels_only {
            let rows = rows_that_count(targets, rows, counts);
            self.update_inputs(inputs, &rows, first)?;
            self.update_derived(inputs, &rows, first)?;
        }
        for (output, (target, column)) in self.targets.iter_mut().zip(targets).enumerate() {
            let counting = rows.iter().copied().filter(|&row| counts_for(output, row));
            let counting: Vec<usize> = counting.collect();
            match self.labels_only {
                true => target.update_labels(column, &counting, first)?,
                false => target.update(column, &counting, first)?,
            }
        }
        Ok(())
    }

    fn update_inputs(&mut self, inputs: &[Column], rows: &[usize], first: usize) -> Result<()> {
        for (index, column) in inputs.iter().enumerate() {
            self.inputs[index].update(column, rows, first)?;
            if let Some(owner) = self.inputs[index].waits_for() {
                let values = self.inputs[index].waiting(column, rows, first)?;
                self.inputs[owner].update_from_shared(&values);
            }
        }
        Ok(())
    }

    fn update_derived(&mut self, inputs: &[Column], rows: &[usize], first: usize) -> Result<()> {
        for (node, fit) in self.schema.derived.iter().zip(&mut self.derived) {
            if fit.is_done() {
                continue;
            }
            let column = derived::derive_to_fit(node, self.schema, inputs, (rows, first))?;
            let all: Vec<usize> = (0..rows.len()).collect();
            let updated = fit.update(&column, &all, 0);
            updated.map_err(|error| derived::of_row(error, rows, first))?;
        }
        Ok(())
    }

    /// Converts labels to classes, for outputs whose labels are fitted.
    pub fn classes(&self, table: &Table) -> Table {
        let mut table = table.clone();
        let columns = table.columns.iter_mut().skip(self.inputs.len());
        for (target, column) in self.targets.iter().zip(columns) {
            *column = target.classes(column);
        }
        table
    }

    /// Finishes a pass over the training rows.
    pub fn end_pass(&mut self) {
        if std::mem::take(&mut self.labels_only) {
            self.targets.iter_mut().for_each(TargetFit::finish_labels);
            return;
        }
        self.observed = true;
        self.inputs.iter_mut().for_each(PipelineFit::end_pass);
        self.derived.iter_mut().for_each(PipelineFit::end_pass);
        for index in 0..self.inputs.len() {
            let owner = self.inputs[index].waits_for();
            if let Some(step) = owner.and_then(|owner| self.inputs[owner].vocabulary_step()) {
                self.inputs[index].set_shared_step(step);
            }
        }
        self.targets.iter_mut().for_each(TargetFit::end_pass);
    }

    /// The fitted preprocessing.
    ///
    /// # Errors
    /// [`Error::Settings`] for a step that cannot be fitted on any rows, for instance because of a
    /// bound that is NaN.
    pub fn finish(self) -> Result<Preprocessing> {
        let refused = |reason| Error::Settings(vec![reason]);
        let inputs = self.inputs.into_iter().map(PipelineFit::finish);
        let inputs = inputs.collect::<std::result::Result<_, _>>().map_err(refused)?;
        let derived = self.derived.into_iter().map(PipelineFit::finish);
        let derived = derived.collect::<std::result::Result<_, _>>().map_err(refused)?;
        let targets = self.targets.into_iter().map(TargetFit::finish);
        let targets = targets.collect::<std::result::Result<_, _>>().map_err(refused)?;
        Ok(Preprocessing { schema: self.schema, inputs, derived, targets })
    }
}
