//! The metrics of an output of several labels as a table.

use std::fmt;

use crate::short::Short;

/// The metrics of an output `[bool; N]` by label, from
/// `Evaluation::by_label`. `Display` prints a table with a
/// row for each label and one for the mean.
///
/// `average=None` and `average="macro"` in scikit-learn.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelMetrics {
    /// The name of the output.
    pub output: String,
    /// The names of the metrics.
    pub metrics: Vec<String>,
    /// The values: `labels[label][metric]`.
    pub labels: Vec<Vec<f64>>,
    /// The mean of each metric over the labels.
    pub mean: Vec<f64>,
}

impl LabelMetrics {
    /// The cells of the table: the head, a row for each label, and the mean.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let row = |name: String, values: &[f64]| {
            let values = values.iter().map(|value| Short(*value).to_string());
            std::iter::once(name).chain(values).collect::<Vec<_>>()
        };
        let head = std::iter::once(self.output.clone()).chain(self.metrics.iter().cloned());
        let labels = self.labels.iter().enumerate();
        let labels = labels.map(|(label, values)| row(label.to_string(), values));
        let mean = row("mean".to_owned(), &self.mean);
        std::iter::once(head.collect()).chain(labels).chain([mean]).collect()
    }
}

impl fmt::Display for LabelMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells();
        let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..=self.metrics.len()).map(width).collect();
        for (index, row) in cells.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let gap = if column > 0 { "  " } else { "" };
                write!(f, "{gap}{cell:>width$}")?;
            }
        }
        Ok(())
    }
}
