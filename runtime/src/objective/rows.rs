//! The rows of a run: raw and encoded, with their targets and weights.

use multi_input_base::{Error, Result};
use multi_input_data::{
    preprocess::{push_sample, Preprocessing},
    Column, Table, Values,
};
use multi_input_nn::{layer::RngKey, loss::Units};

use super::RowWeights;
use crate::{
    data::Batch,
    definition::{Definition, Output},
};

/// Rows with their targets, raw and encoded.
#[doc(hidden)]
pub struct Rows {
    /// In the user's unit, for the metrics.
    pub(crate) raw: Table,
    /// Encoded, for the model and the losses.
    pub(crate) ready: Table,
    /// The row weights.
    pub(crate) weights: RowWeights,
    /// For each output, the target's units after its preprocessing steps; empty without steps.
    units: Vec<Vec<f64>>,
}

/// The rows of one batch.
pub(crate) struct RowBatch<'a> {
    all: &'a Rows,
    weights: &'a RowWeights,
    /// The row numbers in `all`.
    rows: &'a [usize],
    /// The inputs after dropping or augmentation: a table of these rows only, and its row numbers.
    dropped: Option<(Table, Vec<usize>)>,
}

impl Rows {
    /// Encodes rows whose labels are already classes.
    pub(crate) fn new(raw: Table, fitted: &Preprocessing, weights: RowWeights) -> Result<Rows> {
        Rows::numbered(raw, fitted, weights, (0, None))
    }

    /// Encodes rows; `first` is the number of the first row in error messages. With a random key
    /// the rows are a training batch, which some steps augment.
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

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.raw.rows
    }

    /// The rows with the given numbers, in this order.
    pub(crate) fn take<'a>(&'a self, rows: &'a [usize]) -> RowBatch<'a> {
        self.take_weighted(rows, &self.weights)
    }

    /// The rows with the given numbers, and other row weights.
    pub(crate) fn take_weighted<'a>(
        &'a self,
        rows: &'a [usize],
        weights: &'a RowWeights,
    ) -> RowBatch<'a> {
        RowBatch { all: self, weights, rows, dropped: None }
    }

    /// The rows with the given numbers, with inputs dropped or augmented at random.
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
    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the row at `index` counts in the loss of at least one output.
    pub(crate) fn counts(&self, outputs: usize, index: usize) -> bool {
        (0..outputs).any(|output| self.counts_for(output, outputs, index))
    }

    /// Whether the row at `index` counts in the loss of `output`: its target is known and its
    /// weight above 0.
    pub(crate) fn counts_for(&self, output: usize, outputs: usize, index: usize) -> bool {
        let (row, columns) = (self.rows[index], &self.all.raw.columns);
        let known = columns[columns.len() - outputs + output].is_present(row);
        known && self.weights.counts(output, row)
    }

    /// The encoded inputs.
    pub(crate) fn batch(&self) -> Batch<'_> {
        match &self.dropped {
            Some((table, rows)) => Batch::new(table, rows),
            None => Batch::new(&self.all.ready, self.rows),
        }
    }

    /// The encoded targets, for the losses: a table, and the batch's row numbers in it.
    pub(crate) fn targets(&self) -> (&Table, &[usize]) {
        (&self.all.ready, self.rows)
    }

    /// The targets in the user's unit, for the metrics: a table, and the batch's row numbers in it.
    pub(crate) fn raw_targets(&self) -> (&Table, &[usize]) {
        (&self.all.raw, self.rows)
    }

    /// The units of an output's encoded target.
    pub(crate) fn units(&self, output: usize) -> Units<'_> {
        Units::new(self.all.units.get(output).map_or(&[], Vec::as_slice))
    }

    /// The row weights.
    pub(crate) fn weights(&self) -> &RowWeights {
        self.weights
    }
}

/// Input dropout: inputs that are dropped as a whole at random in training.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropping {
    /// The index of an input, and the probability of dropping it.
    pub(crate) inputs: Vec<(usize, f64)>,
}

impl Dropping {
    pub(crate) fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Marks values as absent. The random numbers of an input depend only on the input's index, so
    /// dropping another input does not change them.
    fn apply(&self, table: &mut Table, key: RngKey) {
        for (input, probability) in &self.inputs {
            // A value is dropped if its 64-bit random number is below this limit.
            let limit = (probability * 2f64.powi(64)) as u64;
            let numbers = key.layer(*input as u64).numbers_of_rows(1);
            let Some(present) = table.columns[*input].present.as_mut() else { continue };
            for (row, present) in present.iter_mut().enumerate() {
                *present &= numbers(row as u64) >= limit;
            }
        }
    }
}

/// Rows as a table of raw values.
///
/// # Errors
/// [`Error::NoLoss`] without an output that has a loss, [`Error::NoRows`] without rows, and [`Error::Value`] for invalid values.
pub(crate) fn encode<M: Definition>(rows: &[M::Sample], purpose: &'static str) -> Result<Table> {
    M::GRAPH.check_loss(purpose)?;
    if rows.is_empty() {
        return Err(Error::NoRows(purpose));
    }
    let mut table = Table::of_samples(&M::GRAPH);
    table.reserve(rows.len());
    for row in rows {
        push_sample::<M>(&mut table, row)?;
    }
    check_targets::<M>(&table)?;
    Ok(table)
}

/// # Errors
/// [`Error::Value`] for a target outside the range of its loss.
pub(crate) fn check_targets<M: Definition>(table: &Table) -> Result<()> {
    let targets = table.columns.iter().skip(M::GRAPH.inputs.len());
    let mut outputs = M::GRAPH.outputs.iter().zip(targets);
    outputs.try_for_each(|(output, column)| check_range(output, column))
}

/// # Errors
/// [`Error::Value`] for a known target outside the range of the output's loss.
fn check_range(output: &Output, column: &Column) -> Result<()> {
    let Some((least, most)) = output.loss.target_range() else { return Ok(()) };
    let outside = match &*column.values {
        Values::Numbers(numbers) => first_outside(numbers, column, (least, most)),
        Values::Doubles(numbers) => first_outside(numbers, column, (least, most)),
        _ => None,
    };
    let width = column.width.max(1);
    let Some((index, found)) = outside else { return Ok(()) };
    let loss = output.loss.name();
    let range = match most.is_finite() {
        true => format!("from {least} to {most}"),
        false => format!("of at least {least}"),
    };
    Err(Error::Value {
        row: index / width,
        field: output.name.to_owned(),
        expected: format!("a number {range}, which `{loss}` compares with"),
        found,
    })
}

/// The first known number outside a range, with its element index.
fn first_outside<N: Copy + Into<f64> + std::fmt::Display>(
    numbers: &[N],
    column: &Column,
    (least, most): (f32, f32),
) -> Option<(usize, String)> {
    let range = f64::from(least)..=f64::from(most);
    let is_known = |index: usize| column.is_present(index / column.width.max(1));
    let mut numbers = numbers.iter().enumerate();
    let (index, number) =
        numbers.find(|(index, number)| !range.contains(&(**number).into()) && is_known(*index))?;
    Some((index, number.to_string()))
}

#[cfg(test)]
mod tests {
    use multi_input_data::{Content, Values};

    use super::*;

    #[test]
    fn inputs_of_a_shard_are_dropped_as_in_the_whole_batch() {
        let dropped = |first_row: usize, rows: usize| {
            let column = Column {
                name: "rooms",
                content: Content::Numbers { blanks: false },
                width: 2,
                values: std::sync::Arc::new(Values::Numbers(vec![0.0; rows * 2])),
                present: Some(vec![true; rows]),
                lengths: None,
            };
            let mut table = Table { columns: vec![column.clone(), column], rows };
            let key = RngKey { seed: 5, first_row: first_row as u64, ..RngKey::default() };
            Dropping { inputs: vec![(0, 0.3), (1, 0.6)] }.apply(&mut table, key);
            table.columns.into_iter().map(|column| column.present.unwrap()).collect::<Vec<_>>()
        };
        let whole = dropped(0, 7);
        assert!(whole.iter().all(|present| present.contains(&true) && present.contains(&false)));
        for shards in [[3, 0, 4], [0, 1, 6]] {
            let mut first = 0;
            for rows in shards {
                let expected: Vec<_> =
                    whole.iter().map(|present| present[first..first + rows].to_vec()).collect();
                assert_eq!(dropped(first, rows), expected);
                first += rows;
            }
        }
    }
}
