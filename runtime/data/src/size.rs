//! Memory usage of rows, which bounds read-ahead queues.

use std::ops::Range;

use super::{Column, Picture, Table, Values};
use crate::schema::Schema;

impl Values {
    /// Size of a range of values in bytes, including heap data.
    fn bytes(&self, range: Range<usize>) -> usize {
        fn with_heap<T>(all: &[T], range: Range<usize>, heap: impl Fn(&T) -> usize) -> usize {
            range.len() * size_of::<T>() + all[range].iter().map(heap).sum::<usize>()
        }
        match self {
            Values::Numbers(all) => size_of_val(&all[range]),
            Values::Doubles(all) => size_of_val(&all[range]),
            Values::Categories(all) => size_of_val(&all[range]),
            Values::Dates(all) => size_of_val(&all[range]),
            Values::Texts(all) => with_heap(all, range, |text| text.len()),
            Values::Pictures(all) => with_heap(all, range, Picture::bytes),
            Values::Lists(all) => {
                with_heap(all, range, |list| size_of::<Values>() + list.bytes(0..list.len()))
            }
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
    /// Size of a range of rows in bytes.
    pub fn bytes(&self, rows: Range<usize>) -> usize {
        self.columns.iter().map(|column| column.bytes(&rows)).sum()
    }
}

/// The number of rows whose encoded inputs fit into `bytes`; at least 1.
pub fn rows_within(schema: &Schema, bytes: usize) -> usize {
    let numbers = schema.inputs.iter().map(|input| match input.steps.last() {
        Some(last) => last.output.elements().get(),
        None => input.shape.iter().product(),
    });
    let row_bytes = numbers.sum::<usize>().saturating_mul(size_of::<f32>());
    (bytes / row_bytes.max(1)).max(1)
}
