//! The rows of a run, behind what the loop asks of them: how many there are, and the rows of one
//! batch.

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::{push_sample, Preprocessing},
    Column, Table, Values,
};
use multi_input_nn::{layer::RngKey, loss::Units};

use super::RowWeights;
use crate::{
    data::Batch,
    definition::{Definition, Graph, Output},
};

/// Rows with their targets: as the user gave them, and as the model takes them.
pub(crate) struct Rows {
    /// In the user's unit, for the metrics.
    pub(crate) raw: Table,
    /// Preprocessed, for the model and the losses.
    pub(crate) ready: Table,
    /// How much each counts.
    pub(crate) weights: RowWeights,
    /// For each output, what its target's steps have made of the target's unit; empty where it has none.
    units: Vec<Vec<f64>>,
}

/// The rows of one batch.
pub(crate) struct RowBatch<'a> {
    all: &'a Rows,
    weights: &'a RowWeights,
    /// The numbers of the rows in `all`.
    rows: &'a [usize],
    /// The inputs, where some of them were dropped: a table of these rows alone.
    dropped: Option<(Table, Vec<usize>)>,
}

impl Rows {
    /// Preprocesses rows whose labels have become classes.
    pub(crate) fn new(raw: Table, fitted: &Preprocessing, weights: RowWeights) -> Result<Rows> {
        Rows::numbered(raw, fitted, weights, (0, None))
    }

    /// The same for rows of which the first has the number `first`, for errors; with a draw they are
    /// a batch to train on, which some steps change at random.
    pub(crate) fn numbered(
        raw: Table,
        fitted: &Preprocessing,
        weights: RowWeights,
        (first, key): (usize, Option<RngKey>),
    ) -> Result<Rows> {
        let all: Vec<usize> = (0..raw.rows).collect();
        let ready = fitted.encode_batch(&raw, &all, (first, key))?;
        Ok(Rows { raw, ready, weights, units: fitted.units() })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.raw.rows
    }

    /// The rows of these numbers, in this order.
    pub(crate) fn take<'a>(&'a self, rows: &'a [usize]) -> RowBatch<'a> {
        self.take_weighing(rows, &self.weights)
    }

    /// The same rows with other weights.
    pub(crate) fn take_weighing<'a>(
        &'a self,
        rows: &'a [usize],
        weights: &'a RowWeights,
    ) -> RowBatch<'a> {
        RowBatch { all: self, weights, rows, dropped: None }
    }

    /// The same with some of the inputs dropped or changed at random.
    pub(crate) fn take_dropping<'a>(
        &'a self,
        rows: &'a [usize],
        dropping: &Dropping,
        fitted: &Preprocessing,
        (key, augmentation): (RngKey, RngKey),
    ) -> Result<RowBatch<'a>> {
        let mut table = self.raw.select(rows);
        dropping.apply(&mut table, key);
        let all: Vec<usize> = (0..rows.len()).collect();
        let ready = fitted.encode_batch(&table, &all, (0, Some(augmentation)))?;
        let dropped = Some((ready, all));
        Ok(RowBatch { all: self, weights: &self.weights, rows, dropped })
    }
}

impl RowBatch<'_> {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the row at a place counts in the loss of some output.
    pub(crate) fn counts(&self, outputs: usize, place: usize) -> bool {
        (0..outputs).any(|output| self.counts_for(output, outputs, place))
    }

    /// Whether it counts in the loss of one of so many: it knows the target, and weighs more than 0.
    pub(crate) fn counts_for(&self, output: usize, outputs: usize, place: usize) -> bool {
        let (row, columns) = (self.rows[place], &self.all.raw.columns);
        let known = columns[columns.len() - outputs + output].is_present(row);
        known && self.weights.counts(output, row)
    }

    /// What the model takes.
    pub(crate) fn batch(&self) -> Batch<'_> {
        match &self.dropped {
            Some((table, rows)) => Batch::new(table, rows),
            None => Batch::new(&self.all.ready, self.rows),
        }
    }

    /// The preprocessed targets, for the losses: a table, and these rows' numbers in it.
    pub(crate) fn targets(&self) -> (&Table, &[usize]) {
        (&self.all.ready, self.rows)
    }

    /// The targets in the user's unit, for the metrics.
    pub(crate) fn raw_targets(&self) -> (&Table, &[usize]) {
        (&self.all.raw, self.rows)
    }

    /// What the steps of an output's target have made of its unit.
    pub(crate) fn units(&self, output: usize) -> Units<'_> {
        Units::new(self.all.units.get(output).map_or(&[], Vec::as_slice))
    }

    /// How much the rows count.
    pub(crate) fn weights(&self) -> &RowWeights {
        self.weights
    }
}

/// Inputs that are taken away at random in training, each as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropping {
    /// The place among the inputs, and how likely it is dropped.
    pub(crate) inputs: Vec<(usize, f64)>,
}

impl Dropping {
    pub(crate) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Marks values as absent. The draw of an input depends on the input's place alone, so that
    /// dropping one more changes nothing for the others.
    fn apply(&self, table: &mut Table, key: RngKey) {
        for (input, probability) in &self.inputs {
            // Below this share of all 64-bit numbers, a row's value is dropped.
            let limit = (probability * 2f64.powi(64)) as u64;
            let numbers = key.layer(*input as u64).numbers();
            let Some(present) = table.columns[*input].present.as_mut() else { continue };
            for (row, present) in present.iter_mut().enumerate() {
                *present &= numbers(row as u64) >= limit;
            }
        }
    }
}

/// Rows as a table of raw values.
pub(crate) fn encode<M: Definition>(rows: &[M::Sample], purpose: &'static str) -> Result<Table> {
    if rows.is_empty() {
        return Err(Error::NoRows(purpose));
    }
    let mut table = Table::of_samples(&M::GRAPH);
    table.reserve(rows.len());
    for row in rows {
        push_sample::<M>(&mut table, row)?;
    }
    check_ranges(&M::GRAPH, &table)?;
    Ok(table)
}

/// [`check_ranges`] for rows of a model.
pub(crate) fn check_targets<M: Definition>(table: &Table) -> Result<()> {
    check_ranges(&M::GRAPH, table)
}

/// Whether the losses can compare with the targets of a table.
pub(crate) fn check_ranges(graph: &Graph, table: &Table) -> Result<()> {
    let targets = table.columns.iter().skip(graph.inputs.len());
    graph.outputs.iter().zip(targets).try_for_each(|(output, column)| check_range(output, column))
}

/// Whether a loss can compare with all of an output's targets that are known.
fn check_range(output: &Output, column: &Column) -> Result<()> {
    let Some((least, most)) = output.loss.target_range() else { return Ok(()) };
    let outside = match &*column.values {
        Values::Numbers(numbers) => first_outside(numbers, column, (least, most)),
        Values::Doubles(numbers) => first_outside(numbers, column, (least, most)),
        _ => None,
    };
    let width = column.width.max(1);
    let Some((place, found)) = outside else { return Ok(()) };
    let loss = output.loss.name();
    let range = match most.is_finite() {
        true => format!("from {least} to {most}"),
        false => format!("of at least {least}"),
    };
    Err(Error::Value {
        row: place / width,
        field: output.name.to_owned(),
        expected: format!("a number {range}, which `{loss}` compares with"),
        found,
    })
}

/// The first number that is known and lies outside of a range, and where it stands.
fn first_outside<N: Copy + Into<f64> + std::fmt::Display>(
    numbers: &[N],
    column: &Column,
    (least, most): (f32, f32),
) -> Option<(usize, String)> {
    let range = f64::from(least)..=f64::from(most);
    let is_known = |place: usize| column.is_present(place / column.width.max(1));
    let mut numbers = numbers.iter().enumerate();
    let (place, number) =
        numbers.find(|(place, number)| !range.contains(&(**number).into()) && is_known(*place))?;
    Some((place, number.to_string()))
}
