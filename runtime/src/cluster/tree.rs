//! The order in which the shards of a batch are added up.

use std::ops::Range;

use multi_input_base::Result;

use super::{damaged, Reader, Writer};

/// A sum over the shards of a batch, which is added up along a fixed tree over their numbers:
/// `((0 + 1) + (2 + 3)) + (4 + 5)`. Floating-point sums depend on their order, and this one does
/// not depend on which rank holds which shards. A rank with neighbouring shards holds whole
/// subtrees, so that it sends one sum instead of all its shards.
pub(crate) struct TreeSum<T> {
    shards: usize,
    /// Neighbouring subtrees, from left to right, with their sums.
    parts: Vec<(Range<usize>, T)>,
}

impl<T> TreeSum<T> {
    /// An empty sum over `shards` shards.
    pub(crate) fn new(shards: usize) -> TreeSum<T> {
        TreeSum { shards, parts: Vec::new() }
    }

    /// The number of shards.
    pub(crate) fn shards(&self) -> usize {
        self.shards
    }

    /// Adds the sum of the subtree `range`, which follows those added before; `add` adds its second
    /// argument to the first.
    pub(crate) fn push(&mut self, range: Range<usize>, sum: T, mut add: impl FnMut(&mut T, T)) {
        self.parts.push((range, sum));
        while let [.., (left, _), (right, _)] = &self.parts[..] {
            let both = left.start..right.end;
            if left.end != right.start || !is_subtree(&both, self.shards) {
                return;
            }
            if let (Some((_, right)), Some((left, sum))) = (self.parts.pop(), self.parts.last_mut())
            {
                *left = both;
                add(sum, right);
            }
        }
    }

    /// Writes the subtrees that were added, as large as possible; `write` writes the sum of one.
    pub(crate) fn write(&self, to: &mut Writer, mut write: impl FnMut(&T, &mut Writer)) {
        to.number(self.parts.len());
        for (range, sum) in &self.parts {
            to.number(range.start);
            to.number(range.end);
            write(sum, to);
        }
    }

    /// Adds the subtrees that another rank has written, which follow those added before.
    pub(crate) fn read(
        &mut self,
        from: &mut Reader<'_>,
        mut read: impl FnMut(&mut Reader<'_>) -> Result<T>,
        mut add: impl FnMut(&mut T, T),
    ) -> Result<()> {
        for _ in 0..from.number()? {
            let range = from.number()?..from.number()?;
            self.push(range, read(from)?, &mut add);
        }
        Ok(())
    }

    /// The sum over all shards.
    ///
    /// # Errors
    /// If a shard is missing.
    pub(crate) fn total(mut self) -> Result<T> {
        match (self.parts.pop(), self.parts.is_empty()) {
            (Some((range, sum)), true) if range == (0..self.shards) => Ok(sum),
            _ => Err(damaged()),
        }
    }
}

impl TreeSum<Vec<f64>> {
    /// Adds lists of numbers of equal lengths.
    pub(crate) fn push_numbers(&mut self, range: Range<usize>, numbers: Vec<f64>) {
        self.push(range, numbers, add_numbers);
    }
}

/// Adds a list of numbers to one of equal length.
#[allow(clippy::ptr_arg)] // A sum that a tree holds is a `Vec`.
pub(crate) fn add_numbers(sum: &mut Vec<f64>, other: Vec<f64>) {
    sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
}

/// Whether a range is a node of the tree over `shards` leaves: the left child of a node of n leaves
/// has the largest power of two below n.
fn is_subtree(range: &Range<usize>, shards: usize) -> bool {
    let mut node = 0..shards;
    while node != *range {
        if node.len() < 2 {
            return false;
        }
        let middle = node.start + node.len().next_power_of_two() / 2;
        node = match (range.end <= middle, range.start >= middle) {
            (true, _) => node.start..middle,
            (_, true) => middle..node.end,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // Lists of one range are meant.
mod tests {
    use super::*;

    /// The subtrees of which a run of neighbouring shards consists.
    fn subtrees(of: Range<usize>, shards: usize) -> Vec<Range<usize>> {
        let mut sum = TreeSum::new(shards);
        of.for_each(|shard| sum.push(shard..shard + 1, (), |(), ()| ()));
        sum.parts.into_iter().map(|(range, ())| range).collect()
    }

    /// The sum of the subtrees `parts` in words.
    fn in_words(shards: usize, parts: &[Range<usize>]) -> Option<String> {
        let mut whole = TreeSum::new(shards);
        let join = |left: &mut String, right: String| *left = format!("({left}+{right})");
        for part in parts {
            let mut own = TreeSum::new(shards);
            part.clone().for_each(|shard| own.push(shard..shard + 1, shard.to_string(), join));
            own.parts.into_iter().for_each(|(range, sum)| whole.push(range, sum, join));
        }
        whole.total().ok()
    }

    #[test]
    fn the_order_is_that_of_one_tree_on_any_number_of_ranks() {
        assert_eq!(in_words(6, &[0..6]).unwrap(), "(((0+1)+(2+3))+(4+5))");
        assert_eq!(in_words(1, &[0..1]).unwrap(), "0");
        for shards in 1..20 {
            let whole = in_words(shards, &[0..shards]).unwrap();
            for ranks in 1..=shards {
                let bounds = |rank: usize| rank * shards / ranks..(rank + 1) * shards / ranks;
                let parts: Vec<_> = (0..ranks).map(bounds).collect();
                assert_eq!(in_words(shards, &parts).unwrap(), whole, "{shards} on {ranks}");
            }
        }
    }

    #[test]
    fn a_rank_sends_few_sums() {
        assert_eq!(subtrees(0..4, 8), [0..4]);
        assert_eq!(subtrees(4..8, 12), [4..8]);
        assert_eq!(subtrees(3..6, 12), [3..4, 4..6]);
        assert!(subtrees(2..2, 4).is_empty());
    }

    #[test]
    fn a_sum_that_lacks_a_shard_is_none() {
        assert_eq!(in_words(4, &[0..3]), None);
        assert_eq!(in_words(4, &[0..2, 3..4]), None);
        assert_eq!(in_words(4, &[]), None);
    }
}
