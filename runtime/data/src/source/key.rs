//! Queries whose rows are divided among shards by an integer key.

use std::ops::RangeInclusive;

use multi_input_base::Result;

use super::{
    blocks::by_rows,
    shard::{by_number, count_by_number, Shard, ShardCache},
    BlockRequest, Blocks,
};

/// The keys of the rows of a shard; `None` where it has no rows.
type KeyRange = Option<RangeInclusive<i64>>;

/// A query, and the column by which its rows are in order and are divided among shards.
#[derive(Clone, Debug)]
pub(super) struct Query {
    text: String,
    key: Option<String>,
    /// The keys of each shard.
    ranges: ShardCache<Vec<KeyRange>>,
}

impl Query {
    pub(super) fn new(text: impl Into<String>) -> Query {
        Query { text: text.into(), key: None, ranges: ShardCache::default() }
    }

    pub(super) fn with_key(self, column: impl Into<String>) -> Query {
        Query { key: Some(column.into()), ..Query::new(self.text) }
    }

    /// The query of all rows, in the order of the key.
    pub(super) fn all(&self) -> String {
        match self.keyed() {
            Some(keyed) => keyed.all(),
            None => self.text.clone(),
        }
    }

    pub(super) fn keyed(&self) -> Option<KeyedQuery<'_>> {
        Some(KeyedQuery { query: &self.text, key: self.key.as_deref()? })
    }
}

/// A database that answers a [`Query`].
pub(super) trait Database {
    type Row;

    fn query(&self) -> &Query;

    /// The rows of a query; `first` is the index of the first one.
    fn read(&self, query: String, first: usize) -> Result<impl Iterator<Item = Result<Self::Row>>>;

    /// The answer to a query of one number.
    fn number(&self, query: &str) -> Result<i64>;

    /// The least and the greatest key; `None` where there are no rows.
    ///
    /// # Errors
    /// If some key is not an integer.
    fn key_bounds(&self, query: KeyedQuery<'_>) -> Result<Option<(i64, i64)>>;
}

/// See [`Source::blocks`](super::Source::blocks).
pub(super) fn blocks<'a, D: Database>(
    database: &'a D,
    request: &'a BlockRequest,
) -> Result<Blocks<'a, D::Row>> {
    match database.query().keyed().filter(|_| !request.shard().is_all()) {
        Some(keyed) => {
            let query = keyed.within(&key_range(database, keyed, request.shard())?);
            Ok(by_rows(database.read(query, request.first_row(0))?, request))
        }
        None => by_number(request, || all_blocks(database, request)),
    }
}

/// See [`Source::count_rows`](super::Source::count_rows).
pub(super) fn count_rows<D: Database>(database: &D, request: &BlockRequest) -> Result<usize> {
    let Some(keyed) = database.query().keyed() else {
        return count_by_number(request, || all_blocks(database, request));
    };
    let range = key_range(database, keyed, request.shard())?;
    let count = database.number(&keyed.count_within(&range))?;
    Ok(count.try_into().unwrap_or(0))
}

fn all_blocks<'a, D: Database>(
    database: &'a D,
    request: &'a BlockRequest,
) -> Result<Blocks<'a, D::Row>> {
    Ok(by_rows(database.read(database.query().all(), 0)?, request))
}

/// The keys of a shard.
fn key_range(database: &impl Database, query: KeyedQuery<'_>, shard: Shard) -> Result<KeyRange> {
    let ranges = database
        .query()
        .ranges
        .get(shard.count, || Ok(key_ranges(database.key_bounds(query)?, shard.count)))?;
    Ok(ranges.get(shard.index).cloned().flatten())
}

/// A query with a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyedQuery<'a> {
    query: &'a str,
    pub(super) key: &'a str,
}

impl KeyedQuery<'_> {
    /// All rows in the order of the key.
    fn all(&self) -> String {
        format!("SELECT * FROM {} ORDER BY {}", self.table(), self.column())
    }

    /// The rows of a shard in the order of the key.
    fn within(&self, range: &KeyRange) -> String {
        let (table, column, condition) = (self.table(), self.column(), self.condition(range));
        format!("SELECT * FROM {table} WHERE {condition} ORDER BY {column}")
    }

    /// The number of rows of a shard.
    fn count_within(&self, range: &KeyRange) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", self.table(), self.condition(range))
    }

    /// `of`, with `{key}` for the key, of all rows.
    pub(super) fn aggregate(&self, of: &str) -> String {
        format!("SELECT {} FROM {}", of.replace("{key}", &self.column()), self.table())
    }

    /// The query may end with a semicolon, or with a comment, which ends with its line.
    fn table(&self) -> String {
        let query = self.query.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        format!("(\n{query}\n) AS source_rows")
    }

    /// SQLite takes an unknown name in quotes for a text, unless it is that of a table's column.
    fn column(&self) -> String {
        format!("source_rows.\"{}\"", self.key.replace('"', "\"\""))
    }

    fn condition(&self, range: &KeyRange) -> String {
        match range {
            Some(range) => {
                format!("{} BETWEEN {} AND {}", self.column(), range.start(), range.end())
            }
            None => "1 = 0".to_owned(),
        }
    }
}

/// The error for keys that are not integers.
pub(super) fn not_integers(key: &str, count: i64, found: &str) -> String {
    let rows = if count == 1 { "row" } else { "rows" };
    format!(
        "expected an integer in the key `{key}` of every row, found {count} {rows} with {found}"
    )
}

/// The keys of each of `count` shards, for keys from the least to the greatest one.
fn key_ranges(bounds: Option<(i64, i64)>, count: usize) -> Vec<KeyRange> {
    let Some((least, greatest)) = bounds else { return vec![None; count] };
    let least = i128::from(least);
    let width = i128::from(greatest) - least + 1;
    let start = |index: usize| least + width * index as i128 / count.max(1) as i128;
    let range = |index: usize| {
        let (start, end) = (start(index), start(index + 1) - 1);
        let bounds = i64::try_from(start).ok().zip(i64::try_from(end).ok());
        bounds.filter(|(start, end)| start <= end).map(|(start, end)| start..=end)
    };
    (0..count).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_wrapped_with_its_key() {
        let query = Query::new("SELECT * FROM trips -- all\n; ");
        assert_eq!(query.all(), "SELECT * FROM trips -- all\n; ");
        let query = query.with_key("the \"id\"");
        let query = query.keyed().unwrap();
        let table = "(\nSELECT * FROM trips -- all\n) AS source_rows";
        let column = "source_rows.\"the \"\"id\"\"\"";
        assert_eq!(query.all(), format!("SELECT * FROM {table} ORDER BY {column}"));
        assert_eq!(
            query.within(&Some(-3..=5)),
            format!("SELECT * FROM {table} WHERE {column} BETWEEN -3 AND 5 ORDER BY {column}")
        );
        assert_eq!(query.count_within(&None), format!("SELECT count(*) FROM {table} WHERE 1 = 0"));
        assert_eq!(
            query.aggregate("min({key}), max({key})"),
            format!("SELECT min({column}), max({column}) FROM {table}")
        );
    }

    #[test]
    fn key_ranges_follow_one_another() {
        assert_eq!(key_ranges(Some((1, 10)), 3), [Some(1..=3), Some(4..=6), Some(7..=10)]);
        assert_eq!(key_ranges(Some((7, 8)), 3), [None, Some(7..=7), Some(8..=8)]);
        assert_eq!(key_ranges(Some((i64::MIN, i64::MIN)), 2), [None, Some(i64::MIN..=i64::MIN)]);
        let whole = [Some(i64::MIN..=-1), Some(0..=i64::MAX)];
        assert_eq!(key_ranges(Some((i64::MIN, i64::MAX)), 2), whole);
        assert_eq!(key_ranges(None, 2), [None, None]);
    }
}
