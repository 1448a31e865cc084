//! Category indices of the training rows.

use std::collections::BTreeSet;

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use serde::{Deserialize, Serialize};

use super::merging::Mergeable;
use crate::Values;

/// The category indices of the training rows; empty before fitting, when no index counts as unseen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenIndices(BTreeSet<u32>);

impl SeenIndices {
    /// Adds indices. Indices that are not below `size` are ignored, because their rows are refused
    /// when encoded.
    pub(super) fn update(&mut self, values: &Values, size: usize) {
        if let Values::Categories(indices) = values {
            self.0.extend(indices.iter().filter(|index| (**index as usize) < size));
        }
    }

    /// Whether the step is fitted and no training row has this index.
    pub(super) fn is_unseen(&self, index: u32) -> bool {
        !self.0.is_empty() && !self.0.contains(&index)
    }

    /// Sets 1 / n at each of the n indices of the training rows.
    pub(super) fn fill_equally(&self, row: &mut [f32]) {
        let value = 1.0 / self.0.len() as f32;
        self.0.iter().for_each(|&index| row[index as usize] = value);
    }

    /// A vector with 1 at each index of the training rows, and one with their equal parts; `None` if no
    /// index below `size` is unseen.
    #[cfg(feature = "onnx")]
    pub(super) fn to_onnx(
        &self,
        graph: &mut onnx::Graph,
        size: usize,
    ) -> Option<(onnx::Value, onnx::Value)> {
        let is_seen = |index: u32| !self.is_unseen(index);
        if (0..size as u32).all(is_seen) {
            return None;
        }
        let flags = (0..size as u32).map(|index| f32::from(u8::from(is_seen(index))));
        let flags = graph.constant(onnx::Tensor::floats(&[size], flags));
        let mut parts = vec![0.0; size];
        self.fill_equally(&mut parts);
        Some((flags, graph.constant(onnx::Tensor::floats(&[size], parts))))
    }

    /// Returns an error if an index is not below `size`.
    pub(super) fn check(&self, size: usize) -> Result<(), String> {
        match self.0.last().is_none_or(|&last| (last as usize) < size) {
            true => Ok(()),
            false => Err(format!("expected indices below {size}")),
        }
    }
}

impl Mergeable for SeenIndices {
    fn merge(&mut self, later: SeenIndices) -> Result<(), String> {
        self.0.extend(later.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_was_not_seen_is_shared_out_among_the_others() {
        let mut seen = SeenIndices::default();
        assert!(!seen.is_unseen(1), "before the first row all are known");
        seen.update(&Values::Categories(vec![2, 3, 2, 4, 5, 6]), 6);
        assert!(seen.is_unseen(1) && !seen.is_unseen(3));
        let mut row = [0.0; 6];
        seen.fill_equally(&mut row);
        assert_eq!(row, [0.0, 0.0, 0.25, 0.25, 0.25, 0.25]);
        assert!(seen.check(6).is_ok() && seen.check(5).is_err());
    }
}
