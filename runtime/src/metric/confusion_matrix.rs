//! The confusion matrix.

use std::{fmt, path::Path};

use multi_input_base::Result;

use super::confusion::Confusion;
use crate::plot;

/// Counts of rows by target class and predicted class. `Display` prints a table with a row per
/// target class and a column per predicted class.
///
/// `sklearn.metrics.confusion_matrix`; for the labels of `[bool; N]`
/// `sklearn.metrics.multilabel_confusion_matrix`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    /// The name of the output.
    pub output: &'static str,
    /// The label, from 0, of an output `[bool; N]`; `None` for other outputs.
    pub label: Option<usize>,
    /// The counts: `counts[target][predicted]`.
    pub counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    pub(crate) fn new(
        output: &'static str,
        label: Option<usize>,
        confusion: &Confusion,
    ) -> ConfusionMatrix {
        let rows = confusion.counts.chunks(confusion.classes.max(1));
        let counts = rows.map(|row| row.iter().map(|count| *count as u64).collect()).collect();
        ConfusionMatrix { output, label, counts }
    }

    /// Draws the matrix.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(path.as_ref(), &self.picture())
    }

    pub(crate) fn picture(&self) -> String {
        let title = format!("{}: accuracy {:.3}", self.name(), self.accuracy());
        plot::matrix(&title, &self.counts)
    }

    /// The output, and its label if it has several.
    fn name(&self) -> String {
        match self.label {
            Some(label) => format!("{}[{label}]", self.output),
            None => self.output.to_owned(),
        }
    }

    /// The fraction of rows on the diagonal.
    pub fn accuracy(&self) -> f64 {
        let diagonal: u64 = self.counts.iter().enumerate().map(|(class, row)| row[class]).sum();
        let all: u64 = self.counts.iter().flatten().sum();
        diagonal as f64 / all as f64
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.counts.iter().flatten().max().copied().unwrap_or(0);
        let width = largest.to_string().len().max(self.counts.len().to_string().len()) + 2;
        write!(f, "{:>8}", self.name())?;
        (0..self.counts.len()).try_for_each(|class| write!(f, "{class:>width$}"))?;
        for (class, row) in self.counts.iter().enumerate() {
            write!(f, "\n{class:>8}")?;
            row.iter().try_for_each(|count| write!(f, "{count:>width$}"))?;
        }
        Ok(())
    }
}
