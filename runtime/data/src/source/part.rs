//! A random subset of the rows of a source.

use std::ops::Range;

use multi_input_base::{Result, Seed, Stream};

use super::{Block, BlockRequest, Blocks, SkipRefused, Source};

/// See [`Source::part`].
#[derive(Clone, Debug)]
pub struct Part<S> {
    source: S,
    range: Range<f64>,
    seed: Seed,
}

impl<S: Source> Part<S> {
    pub(super) fn new(source: S, range: Range<f64>, seed: Seed) -> Part<S> {
        Part { source, range, seed }
    }

    /// Whether the row at an index is in the subset.
    fn contains(&self, index: usize) -> bool {
        const RESOLUTION: usize = 1 << 53;
        let number = self.seed.generator(Stream::Splitting, index as u64 + 1).below(RESOLUTION);
        self.range.contains(&(number as f64 / RESOLUTION as f64))
    }
}

impl<S: Source> Source for Part<S> {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        let rows = self.source.rows()?.enumerate();
        Ok(rows.filter(|(index, _)| self.contains(*index)).map(|(_, row)| row))
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        self.source.skips()
    }

    fn levels(&self) -> usize {
        self.source.levels() + 1
    }

    fn count_rows(&self, request: &BlockRequest) -> Result<usize> {
        match request.rows_at(self.source.levels() - 1) {
            Some(rows) => Ok(rows.filter(|index| self.contains(*index)).count()),
            None => self.source.count_rows(request),
        }
    }

    fn blocks<'a>(&'a self, request: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        let mut indices = request.first_row(self.source.levels() - 1)..;
        Ok(Box::new(self.source.blocks(request)?.map(move |block| match block {
            Block::Rows(mut rows) => {
                rows.retain(|_| indices.next().is_some_and(|index| self.contains(index)));
                Block::Rows(rows)
            }
            Block::Table(table) => {
                let indices = indices.by_ref().take(table.rows).enumerate();
                let selected =
                    indices.filter(|(_, index)| self.contains(*index)).map(|(row, _)| row);
                Block::Table(table.select(&selected.collect::<Vec<_>>()))
            }
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_no_row_and_leave_none_out() {
        let rows: Vec<u32> = (0..2000).collect();
        let part = |range| rows.part(range, Seed(3)).read_all().unwrap();
        let (train, test) = (part(0.0..0.8), part(0.8..1.0));
        assert!((1540..1660).contains(&train.len()), "{}", train.len());
        let mut all = [train.clone(), test].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        assert_eq!(train, part(0.0..0.8), "the same again");
        assert_ne!(train, rows.part(0.0..0.8, Seed(4)).read_all().unwrap());
    }
}
