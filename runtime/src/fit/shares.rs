//! How many rows of each batch are those of each shard of a source.

/// The rows of the shards of a source, which end together: a shard with twice the rows has twice the
/// rows in every batch.
///
/// Row i of a shard of n rows lies at (i + 1/2) / n of the pass. A pass takes the rows in the order
/// of these positions, those of earlier shards first, and a batch the next ones.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    /// The rows of each shard.
    rows: Vec<usize>,
    batch_size: usize,
}

impl Shares {
    pub(super) fn new(rows: Vec<usize>, batch_size: usize) -> Shares {
        Shares { rows, batch_size }
    }

    /// The number of rows of a shard.
    pub(super) fn rows(&self, shard: usize) -> usize {
        self.rows[shard]
    }

    /// The number of rows of a pass.
    pub(super) fn total(&self) -> usize {
        self.rows.iter().sum()
    }

    /// The number of batches of a pass; at least 1.
    pub(super) fn batches(&self) -> u64 {
        self.total().div_ceil(self.batch_size.max(1)).max(1) as u64
    }

    /// The numbers of rows of batch `batch` of a pass, by shard.
    pub(super) fn of_batch(&self, batch: u64) -> Vec<usize> {
        let before = |batch: u64| {
            let rows = batch as usize * self.batch_size;
            self.first(rows.min(self.total()))
        };
        before(batch + 1).iter().zip(before(batch)).map(|(end, start)| end - start).collect()
    }

    /// How many of the first `count` rows of a pass are those of each shard.
    fn first(&self, count: usize) -> Vec<usize> {
        if let [_] = self.rows[..] {
            return vec![count];
        }
        // The rows before a position, which bisection narrows down to where they exceed the count.
        let before = |position: f64| -> Vec<usize> {
            let rows = self.rows.iter();
            rows.map(|&rows| ((rows as f64 * position + 0.5) as usize).min(rows)).collect()
        };
        let sum = |rows: &[usize]| rows.iter().sum::<usize>();
        let (mut low, mut high) = (0.0, 1.0);
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            match sum(&before(middle)) <= count {
                true => low = middle,
                false => high = middle,
            }
        }
        let mut first = before(low);
        // Rows at the same position, those of earlier shards first.
        let (mut left, above) = (count - sum(&first), before(high));
        for (own, above) in first.iter_mut().zip(above) {
            let more = left.min(above - *own);
            *own += more;
            left -= more;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_take_all_rows_of_all_shards_in_proportion() {
        for rows in
            [vec![7], vec![7, 7], vec![3, 0, 10], vec![1, 1, 1, 1], vec![100, 1], vec![0, 5]]
        {
            for batch_size in [1, 2, 3, 5, 11, 200] {
                let shares = Shares::new(rows.clone(), batch_size);
                let mut taken = vec![0; rows.len()];
                for batch in 0..shares.batches() {
                    let own = shares.of_batch(batch);
                    taken.iter_mut().zip(&own).for_each(|(taken, own)| *taken += own);
                    let full = batch + 1 < shares.batches();
                    let total = shares.total();
                    let expected =
                        if full { batch_size } else { total - batch as usize * batch_size };
                    assert_eq!(own.iter().sum::<usize>(), expected, "{rows:?} {batch_size}");
                    let done = taken.iter().sum::<usize>() as f64 / total as f64;
                    for (taken, rows) in taken.iter().zip(&rows) {
                        assert!(
                            (*taken as f64 - *rows as f64 * done).abs() <= 1.0,
                            "{rows:?} {taken:?}"
                        );
                    }
                }
                assert_eq!(taken, rows);
            }
        }
    }

    #[test]
    fn equal_shards_have_equal_parts() {
        let shares = Shares::new(vec![50; 4], 8);
        assert_eq!(shares.of_batch(3), [2; 4]);
        assert_eq!(Shares::new(vec![2, 2], 1).of_batch(0), [1, 0]);
        assert_eq!(Shares::new(vec![0, 0], 4).of_batch(0), [0, 0]);
    }
}
