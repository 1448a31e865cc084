//! How much memory rows take, so that what waits can be bounded.

use std::ops::Range;

use super::{Column, Picture, Table, Values};
use crate::schema::Schema;

impl Values {
    /// The bytes of some of them, those behind a pointer included.
    fn bytes(&self, range: Range<usize>) -> usize {
        fn each<T>(all: &[T], range: Range<usize>, behind: impl Fn(&T) -> usize) -> usize {
            range.len() * size_of::<T>() + all[range].iter().map(behind).sum::<usize>()
        }
        match self {
            Values::Numbers(all) => size_of_val(&all[range]),
            Values::Doubles(all) => size_of_val(&all[range]),
            Values::Categories(all) => size_of_val(&all[range]),
            Values::Dates(all) => size_of_val(&all[range]),
            Values::Texts(all) => each(all, range, |text| text.len()),
            Values::Pictures(all) => each(all, range, Picture::bytes),
        }
    }
}

impl Column {
    fn bytes(&self, rows: &Range<usize>) -> usize {
        let present = self.present.as_ref().map_or(0, |_| rows.len());
        present + self.values.bytes(rows.start * self.width..rows.end * self.width)
    }
}

impl Table {
    /// The bytes that some rows take.
    pub fn bytes(&self, rows: Range<usize>) -> usize {
        self.columns.iter().map(|column| column.bytes(&rows)).sum()
    }
}

/// How many rows have inputs of so many bytes, as the model takes them; one at least.
pub fn rows_within(schema: &Schema, bytes: usize) -> usize {
    let numbers = schema.inputs.iter().map(|input| match input.steps.last() {
        Some(last) => last.output.elements().get(),
        None => input.shape.iter().product(),
    });
    let each = numbers.sum::<usize>().saturating_mul(size_of::<f32>());
    (bytes / each.max(1)).max(1)
}
