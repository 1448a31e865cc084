//! The shards of a batch, and which rank has which.

use std::ops::Range;

/// The shards into which a batch is divided. Each of them goes through the model by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shards {
    pub(crate) count: usize,
    /// Those of this rank; empty where there are more ranks than shards.
    pub(crate) own: Range<usize>,
}

impl Shards {
    /// All `count` shards, of which rank `rank` of `ranks` has its own: neighbouring ones, as many
    /// as every other rank has, or one more or less.
    pub(crate) fn of_rank(count: usize, (rank, ranks): (usize, usize)) -> Shards {
        Shards { count, own: rank * count / ranks..(rank + 1) * count / ranks }
    }

    /// The positions in a batch of `rows` rows that belong to a shard.
    pub(crate) fn rows(&self, shard: usize, rows: usize) -> Range<usize> {
        shard * rows / self.count..(shard + 1) * rows / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_shard_and_every_shard_on_one_rank() {
        for count in 1..12 {
            for ranks in 1..14 {
                let own: Vec<usize> =
                    (0..ranks).flat_map(|rank| Shards::of_rank(count, (rank, ranks)).own).collect();
                assert_eq!(own, (0..count).collect::<Vec<_>>());
            }
            let shards = Shards::of_rank(count, (0, 1));
            for rows in 0..30 {
                let all: Vec<usize> =
                    (0..count).flat_map(|shard| shards.rows(shard, rows)).collect();
                assert_eq!(all, (0..rows).collect::<Vec<_>>());
            }
        }
    }
}
