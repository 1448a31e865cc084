//! Preprocessing while it is fitted.

use multi_input_base::{Error, Result};

use super::{
    pipeline::{PipelineFit, Plan},
    target::TargetFit,
    Preprocessing,
};
use crate::{schema::Schema, Column, Table};

/// Whether a row (the second number) counts for an output (the first): its weight is not 0.
pub type Counts<'a> = &'a dyn Fn(usize, usize) -> bool;

/// Preprocessing while it is fitted: it is shown all training rows, a table at a time, and again
/// until it is done.
///
/// What a row teaches follows from the outputs that it counts for: those whose targets it knows, and
/// for which its weight is not 0. Of these it teaches the targets' steps and labels. It teaches the
/// inputs' steps where it counts for some output.
pub struct Fitting {
    schema: &'static Schema,
    inputs: Vec<PipelineFit>,
    targets: Vec<TargetFit>,
    /// The pass under way is for the labels alone.
    labels_only: bool,
}

impl Fitting {
    /// Of which nothing is fitted yet.
    pub fn new(schema: &'static Schema) -> Fitting {
        let inputs = schema.inputs.iter().map(|input| PipelineFit::new(Plan::of_input(input)));
        let targets = schema.targets.iter().map(TargetFit::new);
        let (inputs, targets) = (inputs.collect(), targets.collect());
        Fitting { schema, inputs, targets, labels_only: false }
    }

    /// Has the first pass learn nothing but labels, so that the weights of their classes are known in
    /// those that follow.
    pub fn with_labels_first(mut self) -> Fitting {
        self.labels_only = true;
        self
    }

    /// Whether there is nothing to learn any more.
    pub fn is_done(&self) -> bool {
        let (mut inputs, mut targets) = (self.inputs.iter(), self.targets.iter());
        // An input may wait for the vocabulary of one that never gets any.
        self.has_failed() || targets.all(TargetFit::is_done) && inputs.all(PipelineFit::is_done)
    }

    fn has_failed(&self) -> bool {
        let inputs = self.inputs.iter().any(PipelineFit::has_failed);
        inputs || self.targets.iter().any(TargetFit::has_failed)
    }

    /// Looks for a row with a value that [`look`](Fitting::look) does not take, whatever rows stand
    /// beside it; nothing is learned.
    pub fn check(&self, table: &Table) -> Result<()> {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        self.inputs.iter().zip(inputs).try_for_each(|(input, column)| input.check(column))?;
        self.targets.iter().zip(targets).try_for_each(|(target, column)| target.check(column))
    }

    /// The rows of a table but for those with one label too many, of which `refuse` is told; nothing is
    /// learned.
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

    /// Whether the pass under way is for the labels alone.
    pub fn is_for_labels(&self) -> bool {
        self.labels_only
    }

    /// Takes a look at some rows of a table, the first of which has the number `first`.
    pub fn look(
        &mut self,
        table: &Table,
        rows: &[usize],
        counts: Counts<'_>,
        first: usize,
    ) -> Result<()> {
        let (inputs, targets) = table.columns.split_at(self.inputs.len().min(table.columns.len()));
        let teaches =
            |output: usize, row: usize| targets[output].is_present(row) && counts(output, row);
        if !self.labels_only {
            let some = |row: &usize| {
                targets.is_empty() || (0..targets.len()).any(|output| teaches(output, *row))
            };
            let rows: Vec<usize> = rows.iter().copied().filter(some).collect();
            self.look_at_inputs(inputs, &rows, first)?;
        }
        for (output, (target, column)) in self.targets.iter_mut().zip(targets).enumerate() {
            let own = rows.iter().copied().filter(|&row| teaches(output, row));
            let own: Vec<usize> = own.collect();
            match self.labels_only {
                true => target.look_for_labels(column, &own, first)?,
                false => target.look(column, &own, first)?,
            }
        }
        Ok(())
    }

    fn look_at_inputs(&mut self, inputs: &[Column], rows: &[usize], first: usize) -> Result<()> {
        for (place, column) in inputs.iter().enumerate() {
            self.inputs[place].look(column, rows, first)?;
            if let Some(owner) = self.inputs[place].waits_for() {
                self.inputs[owner].look_at_another(column, rows);
            }
        }
        Ok(())
    }

    /// A table with the classes of the labels that have been learned, in the place of the labels.
    pub fn classes(&self, table: &Table) -> Table {
        let mut table = table.clone();
        let columns = table.columns.iter_mut().skip(self.inputs.len());
        for (target, column) in self.targets.iter().zip(columns) {
            *column = target.classes(column);
        }
        table
    }

    /// Ends a pass over the training rows.
    pub fn end_pass(&mut self) {
        if std::mem::take(&mut self.labels_only) {
            self.targets.iter_mut().for_each(TargetFit::end_labels);
            return;
        }
        self.inputs.iter_mut().for_each(PipelineFit::end_pass);
        for place in 0..self.inputs.len() {
            let owner = self.inputs[place].waits_for();
            if let Some(step) = owner.and_then(|owner| self.inputs[owner].first()) {
                self.inputs[place].take(step);
            }
        }
        self.targets.iter_mut().for_each(TargetFit::end_pass);
    }

    /// What was learned.
    ///
    /// # Errors
    /// [`Error::Settings`] for a step that no rows can fit: a bound that is not a number, for
    /// instance.
    pub fn finish(self) -> Result<Preprocessing> {
        let refused = |reason| Error::Settings(vec![reason]);
        let inputs = self.inputs.into_iter().map(PipelineFit::finish);
        let inputs = inputs.collect::<std::result::Result<_, _>>().map_err(refused)?;
        let targets = self.targets.into_iter().map(TargetFit::finish);
        let targets = targets.collect::<std::result::Result<_, _>>().map_err(refused)?;
        Ok(Preprocessing { schema: self.schema, inputs, targets })
    }
}
