//! A random part of the rows.

use std::ops::Range;

use multi_input_base::{Result, Seed, Stream};

use super::{Block, BlockRequest, Blocks, SkipRefused, Source};

/// See [`Source::part`].
#[derive(Clone, Debug)]
pub struct Part<S> {
    source: S,
    shares: Range<f64>,
    seed: Seed,
}

impl<S: Source> Part<S> {
    pub(super) fn new(source: S, shares: Range<f64>, seed: Seed) -> Part<S> {
        Part { source, shares, seed }
    }

    /// Whether the row at this place is one of them.
    fn has(&self, place: usize) -> bool {
        const PLACES: usize = 1 << 53;
        let drawn = self.seed.generator(Stream::Splitting, place as u64 + 1).below(PLACES);
        self.shares.contains(&(drawn as f64 / PLACES as f64))
    }
}

impl<S: Source> Source for Part<S> {
    type Row = S::Row;

    fn rows(&self) -> Result<impl Iterator<Item = Result<S::Row>>> {
        let rows = self.source.rows()?.enumerate();
        Ok(rows.filter(|(place, _)| self.has(*place)).map(|(_, row)| row))
    }

    fn skips(&self) -> Option<&dyn SkipRefused> {
        self.source.skips()
    }

    fn blocks<'a>(&'a self, wanted: &'a BlockRequest) -> Result<Blocks<'a, S::Row>> {
        let mut places = 0..;
        Ok(Box::new(self.source.blocks(wanted)?.map(move |block| match block {
            Block::Rows(mut rows) => {
                rows.retain(|_| places.next().is_some_and(|place| self.has(place)));
                Block::Rows(rows)
            }
            Block::Table(table) => {
                let places = places.by_ref().take(table.rows).enumerate();
                let own = places.filter(|(_, place)| self.has(*place)).map(|(row, _)| row);
                Block::Table(table.select(&own.collect::<Vec<_>>()))
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
        let part = |shares| rows.part(shares, Seed(3)).read_all().unwrap();
        let (train, test) = (part(0.0..0.8), part(0.8..1.0));
        assert!((1540..1660).contains(&train.len()), "{}", train.len());
        let mut all = [train.clone(), test].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        assert_eq!(train, part(0.0..0.8), "the same again");
        assert_ne!(train, rows.part(0.0..0.8, Seed(4)).read_all().unwrap());
    }
}
