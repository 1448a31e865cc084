//! Which groups are taken for which.

use std::{collections::BTreeMap, fmt};

/// How often each label was predicted for each.
#[derive(Default)]
pub struct Confusion {
    counts: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Confusion {
    /// Counts one prediction.
    pub fn count(&mut self, actual: &str, predicted: &str) {
        let row = self.counts.entry(actual.to_owned()).or_default();
        *row.entry(predicted.to_owned()).or_default() += 1;
    }
}

/// A row for each label, a column for each prediction.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut labels: Vec<&String> =
            self.counts.iter().flat_map(|(label, row)| row.keys().chain([label])).collect();
        labels.sort_unstable();
        labels.dedup();
        let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(6);
        write!(f, "{:width$}", "")?;
        labels.iter().try_for_each(|label| write!(f, "  {label:>width$}"))?;
        for actual in &labels {
            write!(f, "\n{actual:width$}")?;
            for predicted in &labels {
                let count = self.counts.get(*actual).and_then(|row| row.get(*predicted));
                write!(f, "  {:>width$}", count.copied().unwrap_or(0))?;
            }
        }
        Ok(())
    }
}
