//! Which category indices training rows have.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Values;

/// The indices that occurred in training rows; empty before any was seen, when all are taken for
/// known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenIndices(BTreeSet<u32>);

impl SeenIndices {
    /// Takes note of indices; those that are not below `size` have no place, and their rows are
    /// refused when they are encoded.
    pub(super) fn look(&mut self, values: &Values, size: usize) {
        if let Values::Categories(indices) = values {
            self.0.extend(indices.iter().filter(|index| (**index as usize) < size));
        }
    }

    /// Whether training rows were seen, and none had this index.
    pub(super) fn lacks(&self, index: u32) -> bool {
        !self.0.is_empty() && !self.0.contains(&index)
    }

    /// Gives each index that was seen an equal share of 1.
    pub(super) fn share_out(&self, row: &mut [f32]) {
        let share = 1.0 / self.0.len() as f32;
        self.0.iter().for_each(|&index| row[index as usize] = share);
    }

    /// Why it cannot be of a step for indices below `size`.
    pub(super) fn check(&self, size: usize) -> Result<(), String> {
        match self.0.last().is_none_or(|&last| (last as usize) < size) {
            true => Ok(()),
            false => Err(format!("expected indices below {size}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_was_not_seen_is_shared_out_among_the_others() {
        let mut seen = SeenIndices::default();
        assert!(!seen.lacks(1), "before the first row all are known");
        seen.look(&Values::Categories(vec![2, 3, 2, 4, 5, 6]), 6);
        assert!(seen.lacks(1) && !seen.lacks(3));
        let mut row = [0.0; 6];
        seen.share_out(&mut row);
        assert_eq!(row, [0.0, 0.0, 0.25, 0.25, 0.25, 0.25]);
        assert!(seen.check(6).is_ok() && seen.check(5).is_err());
    }
}
