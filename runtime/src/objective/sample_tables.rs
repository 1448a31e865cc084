//! The samples of a source as evaluation and validation read them.

use multi_input_base::Result;
use multi_input_data::{
    preprocess::Preprocessing,
    reading::{cut, read_ahead, samples, NumberedTable, RowFilter, ShardRows},
    BlockRequest, Source, Table,
};

use super::check_targets;
use crate::definition::Definition;

/// Raw rows in tables, each with the number of its first row.
pub(crate) type RawTables<'a> = &'a mut dyn Iterator<Item = Result<(Table, usize)>>;

/// Reads the samples of a shard of a source in tables of `at_once` rows, ahead of `take`. A source that skips
/// rows also skips those that the preprocessing does not accept.
///
/// # Errors
/// Those of `take`. The tables end after the first error of the source.
pub(crate) fn sample_tables<M: Definition, S: Source<Row = M::Sample>, T>(
    source: &S,
    fitted: &Preprocessing,
    (shard, at_once): (&ShardRows, usize),
    take: impl FnOnce(RawTables<'_>) -> Result<T>,
) -> Result<T> {
    let request = BlockRequest::samples::<M>(at_once, false).with_shard(shard.clone());
    let filter = RowFilter::of(source, |table| fitted.check_samples(table));
    read_ahead(
        || samples::<M, S>(source, &request, &[], filter, check_targets::<M>),
        |tables| {
            let tables = cut(tables, at_once);
            take(&mut tables.map(|numbered| numbered.map(NumberedTable::with_first_row)))
        },
    )
}
