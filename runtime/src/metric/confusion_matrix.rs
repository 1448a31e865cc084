//! The confusion matrix.

use std::{fmt, path::Path};

use multi_input_base::Result;
use multi_input_data::schema::{Target, TargetKind};

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
    /// The name of the label, where the `columns(...)` of the output name its labels.
    pub label_name: Option<&'static str>,
    /// The names of the classes: the labels of the training rows for an output that is marked
    /// `categories`, `false` and `true` for flags, and otherwise the numbers of the classes.
    pub classes: Vec<String>,
    /// The counts: `counts[target][predicted]`.
    pub counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// The matrix of an output with this target; of its label number `label` if it has several.
    /// `labels` are those of the classes, if they have any.
    pub(crate) fn new(
        target: Target,
        label: Option<usize>,
        labels: &[String],
        confusion: &Confusion,
    ) -> ConfusionMatrix {
        let rows = confusion.counts.chunks(confusion.classes.max(1));
        let counts = rows.map(|row| row.iter().map(|count| *count as u64).collect()).collect();
        let name = |class: usize| match target.kind {
            TargetKind::Flag | TargetKind::Flags => (class == 1).to_string(),
            _ => labels.get(class).cloned().unwrap_or_else(|| class.to_string()),
        };
        ConfusionMatrix {
            output: target.name,
            label,
            label_name: label.and_then(|label| target.columns.get(label)).copied(),
            classes: (0..confusion.classes).map(name).collect(),
            counts,
        }
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
        plot::matrix(&title, &self.classes, &self.counts)
    }

    /// The output, and its label if it has several.
    fn name(&self) -> String {
        match self.label_in_words() {
            Some(label) => format!("{}[{label}]", self.output),
            None => self.output.to_owned(),
        }
    }

    /// The name of the label, or its number.
    pub(crate) fn label_in_words(&self) -> Option<String> {
        let name = self.label_name.map(str::to_owned);
        name.or_else(|| self.label.map(|label| label.to_string()))
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
        let name = self.name();
        let length = |text: &str| text.chars().count();
        let longest = self.classes.iter().map(|class| length(class)).max().unwrap_or(0);
        let largest = self.counts.iter().flatten().max().copied().unwrap_or(0);
        let width = largest.to_string().len().max(longest) + 2;
        let first = length(&name).max(longest).max(8);
        write!(f, "{name:>first$}")?;
        self.classes.iter().try_for_each(|class| write!(f, "{class:>width$}"))?;
        for (class, row) in self.classes.iter().zip(&self.counts) {
            write!(f, "\n{class:>first$}")?;
            row.iter().try_for_each(|count| write!(f, "{count:>width$}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_rows_and_columns_are_headed_by_the_names_of_the_classes() {
        let matrix = ConfusionMatrix {
            output: "animal",
            label: None,
            label_name: None,
            classes: ["cat", "elephant"].map(String::from).to_vec(),
            counts: vec![vec![31, 4], vec![0, 57]],
        };
        let table = "  animal       cat  elephant\n     cat        31         4\nelephant         0        57";
        assert_eq!(matrix.to_string(), table);
        let label = ConfusionMatrix { label: Some(1), label_name: Some("war"), ..matrix };
        assert!(label.to_string().starts_with("animal[war]"), "{label}");
        let unnamed = ConfusionMatrix { label_name: None, ..label };
        assert!(unnamed.to_string().starts_with("animal[1]"), "{unnamed}");
        assert!(unnamed.picture().contains(">elephant<"));
    }
}
