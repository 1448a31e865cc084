//! The figures of a training run and of an evaluation.

use std::{fmt, path::Path};

use multi_input_base::{quote::Quoted, Notice, Result};
use serde::{Deserialize, Serialize};

use crate::{definition::Graph, lossless, metric::LabelMetrics, plot, short::Short};

/// The rows that a figure is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The training rows, during training.
    Training,
    /// The validation rows.
    Validation,
}

/// The identity of a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The rows it is computed over.
    pub phase: Phase,
    /// The output; `None` for the total loss.
    pub output: Option<String>,
    /// `loss`, or the name of a metric.
    pub quantity: String,
    /// The label, from 0, of an output `[bool; N]`; `None` for the mean over its labels, and for
    /// other outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<usize>,
}

/// The figures of one epoch or evaluation. Figures of an output without known targets are NaN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Whether names include the name of the output.
    several_outputs: bool,
    entries: Vec<Entry>,
}

/// A figure and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    figure: Figure,
    #[serde(with = "lossless::number")]
    value: f64,
}

impl Figures {
    pub(crate) fn new(outputs: usize) -> Figures {
        Figures { several_outputs: outputs > 1, entries: Vec::new() }
    }

    pub(crate) fn push(&mut self, phase: Phase, output: Option<&str>, quantity: &str, value: f64) {
        let (output, quantity) = (output.map(str::to_owned), quantity.to_owned());
        self.entries.push(Entry { figure: Figure { phase, output, quantity, label: None }, value });
    }

    /// Adds the metric of one label.
    pub(crate) fn push_label(
        &mut self,
        phase: Phase,
        output: &str,
        quantity: &str,
        label: usize,
        value: f64,
    ) {
        let (output, quantity) = (Some(output.to_owned()), quantity.to_owned());
        let figure = Figure { phase, output, quantity, label: Some(label) };
        self.entries.push(Entry { figure, value });
    }

    pub(crate) fn extend(&mut self, other: Figures) {
        self.entries.extend(other.entries);
    }

    /// The figure under Keras's name: `loss`, `val_loss`, `mae`, and `price_mae` with several
    /// outputs. `f1` of an output `[bool; N]` is the mean over its labels, `f1_2` that of label 2.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The value of a figure.
    pub fn find(&self, figure: &Figure) -> Option<f64> {
        self.entries().find(|(own, _)| *own == figure).map(|(_, value)| value)
    }

    /// Figures and values, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&Figure, f64)> + '_ {
        self.entries.iter().map(|entry| (&entry.figure, entry.value))
    }

    /// The names of all figures of an epoch in a phase.
    pub(crate) fn names(graph: &Graph, phase: Phase) -> Vec<String> {
        let mut figures = Figures::new(graph.outputs.len());
        figures.push(phase, None, "loss", 0.0);
        if graph.outputs.len() > 1 {
            graph.outputs.iter().for_each(|o| figures.push(phase, Some(o.name), "loss", 0.0));
        }
        for output in graph.outputs {
            for (name, metric) in output.reported() {
                figures.push(phase, Some(output.name), &name, 0.0);
                (0..output.figures_by_label(metric))
                    .for_each(|label| figures.push_label(phase, output.name, &name, label, 0.0));
            }
        }
        figures.iter().map(|(name, _)| name).collect()
    }

    /// The mistakes in the names of metrics, which a model of a user's own metrics may have: two
    /// figures of one name, or a name that says something else.
    pub(crate) fn name_mistakes(graph: &Graph) -> Vec<String> {
        let mut mistakes = Vec::new();
        for output in graph.outputs {
            let names = output.metrics.iter().chain(output.weighted_metrics);
            for name in names.map(|metric| metric.name()) {
                let misleads = ["val_", "weighted_"].iter().find(|word| name.starts_with(**word));
                if let Some(word) = misleads {
                    mistakes.push(format!(
                        "the metric `{name}` of output `{}` begins with `{word}`, as other figures \
                         do: give it another name",
                        output.name
                    ));
                }
                if name.is_empty() || name.contains(char::is_control) {
                    mistakes.push(format!(
                        "a metric of output `{}` has the name {}, which is not a line of text",
                        output.name,
                        Quoted(&name)
                    ));
                }
            }
        }
        let names = Figures::names(graph, Phase::Training);
        let again = names.iter().enumerate().filter(|(index, name)| names[..*index].contains(name));
        mistakes.extend(again.map(|(_, name)| {
            format!("two figures are named `{name}`: a metric needs another name")
        }));
        mistakes
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        self.entries().map(|(figure, value)| (self.name(figure), value))
    }

    fn name(&self, figure: &Figure) -> String {
        let phase = if figure.phase == Phase::Validation { "val_" } else { "" };
        format!("{phase}{}", self.name_without_phase(figure))
    }

    /// The name without `val_`.
    pub(crate) fn name_without_phase(&self, figure: &Figure) -> String {
        match &figure.output {
            Some(output) if self.several_outputs => format!("{output}_{}", figure.name()),
            _ => figure.name(),
        }
    }

    /// Names and values without those of single labels, in order.
    pub(crate) fn means(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        let means = self.entries().filter(|(figure, _)| figure.label.is_none());
        means.map(|(figure, value)| (self.name(figure), value))
    }
}

impl Figure {
    /// The quantity, with the number of the label: `f1`, `f1_2`.
    pub(crate) fn name(&self) -> String {
        match self.label {
            Some(label) => format!("{}_{label}", self.quantity),
            None => self.quantity.clone(),
        }
    }
}

/// One line. Of several labels it has the means; [`Evaluation::by_label`] has the others.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.means().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{name} {}", Short(value))?;
        }
        Ok(())
    }
}

/// The figures of every epoch. `Display` prints a table, without the metrics of single labels, of
/// which it has the mean; [`History::curve`] has them all. `keras.callbacks.History`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// One entry per epoch.
    pub epochs: Vec<Figures>,
    /// The learning rate at the end of each epoch.
    #[serde(with = "lossless::list")]
    pub learning_rates: Vec<f64>,
    /// Why training ended.
    pub end: End,
    /// The reason a callback gave for stopping or pausing training; `None` without a reason.
    #[serde(default)]
    pub end_reason: Option<String>,
    /// The notices of the run, in the order in which they arose.
    #[serde(default)]
    pub notices: Vec<Notice>,
}

/// Why training ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It has not ended.
    #[default]
    Running,
    /// After its last epoch.
    Completed,
    /// A callback stopped it.
    Stopped,
    /// A callback paused it; a later run may resume from its checkpoint.
    Paused,
}

impl History {
    /// Gives outputs, and the fields that notices are about, other names.
    pub(crate) fn rename_nodes(&mut self, name: impl Fn(&str) -> String) {
        let entries = self.epochs.iter_mut().flat_map(|figures| &mut figures.entries);
        let outputs = entries.filter_map(|entry| entry.figure.output.as_mut());
        let fields = self.notices.iter_mut().filter_map(|notice| notice.field.as_mut());
        outputs.chain(fields).for_each(|node| *node = name(node));
    }

    /// The values of a figure over the epochs that have it; empty for an unknown name.
    pub fn curve(&self, name: &str) -> Vec<f64> {
        self.points(name).into_iter().map(|(_, value)| value).collect()
    }

    /// The values of a figure with the numbers of the epochs, from 0.
    pub fn points(&self, name: &str) -> Vec<(usize, f64)> {
        let values = self.epochs.iter().map(|figures| figures.get(name)).enumerate();
        values.filter_map(|(epoch, value)| Some((epoch, value?))).collect()
    }

    /// Draws every quantity over the epochs, with training and validation in one panel. Of several
    /// labels it draws the means.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(path.as_ref(), &self.picture())
    }

    pub(crate) fn picture(&self) -> String {
        let names = self.shown();
        let quantities = names.iter().filter(|name| !name.starts_with("val_"));
        let series = |name: &str, label: &str, dashed: bool| plot::Series {
            name: label.to_owned(),
            points: self.points(name).into_iter().map(|(e, v)| (e as f64 + 1.0, v)).collect(),
            dashed,
        };
        let panels = quantities.map(|name| {
            let validation = format!("val_{name}");
            let mut lines = vec![series(name, "training", false)];
            if names.contains(&validation) {
                lines.push(series(&validation, "validation", true));
            }
            plot::Panel {
                title: name.clone(),
                x_title: "epoch",
                x_scale: plot::XScale::Linear,
                series: lines,
            }
        });
        plot::curves(&panels.collect::<Vec<_>>())
    }

    /// The names of all figures, in the order in which they appear.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(Figures::iter) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The names of the figures in a table: all but those of single labels.
    fn shown(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(Figures::means) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epochs.is_empty() {
            return f.write_str("no epochs");
        }
        let names = self.shown();
        write!(f, "epoch")?;
        names.iter().try_for_each(|name| write!(f, "  {name:>10}"))?;
        for (epoch, figures) in self.epochs.iter().enumerate() {
            write!(f, "\n{:>5}", epoch + 1)?;
            for name in &names {
                // An epoch that was not validated has no validation figures.
                let value = figures.get(name).map_or("-".to_owned(), |v| Short(v).to_string());
                write!(f, "  {value:>width$}", width = name.len().max(10))?;
            }
        }
        Ok(())
    }
}

/// Loss and metrics on a set of rows. `Display` prints `loss 0.12, mae 0.3`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation(pub(crate) Figures);

impl Evaluation {
    /// The figure under Keras's name: `loss`, `mae`, and `price_mae` with several outputs; `f1` is
    /// the mean over the labels of `[bool; N]`, `f1_2` that of label 2.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name)
    }

    /// The metrics of every output `[bool; N]` by label, one table for each of these outputs.
    pub fn by_label(&self) -> Vec<LabelMetrics> {
        let mut tables: Vec<LabelMetrics> = Vec::new();
        for (figure, value) in self.0.entries() {
            let (Some(label), Some(output)) = (figure.label, &figure.output) else { continue };
            if tables.last().is_none_or(|table| table.output != *output) {
                let (metrics, labels, mean) = (Vec::new(), Vec::new(), Vec::new());
                tables.push(LabelMetrics { output: output.clone(), metrics, labels, mean });
            }
            let Some(table) = tables.last_mut() else { continue };
            if table.metrics.last() != Some(&figure.quantity) {
                let mean = self.0.find(&Figure { label: None, ..figure.clone() });
                table.metrics.push(figure.quantity.clone());
                table.mean.push(mean.unwrap_or(f64::NAN));
            }
            if table.labels.len() <= label {
                table.labels.resize(label + 1, Vec::new());
            }
            table.labels[label].push(value);
        }
        tables
    }

    /// The total loss.
    pub fn loss(&self) -> f64 {
        self.get("loss").unwrap_or(f64::NAN)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        self.0.iter()
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keras() {
        let mut one = Figures::new(1);
        one.push(Phase::Training, None, "loss", 0.123_45);
        one.push(Phase::Validation, Some("price"), "mae", 1234.5);
        assert_eq!(one.to_string(), "loss 0.1235, val_mae 1234");
        let mut two = Figures::new(2);
        two.push(Phase::Validation, Some("price"), "mae", 0.000_012);
        assert_eq!(two.to_string(), "val_price_mae 1.200e-5");
        assert_eq!(two.get("val_price_mae"), Some(0.000_012));
        assert_eq!(two.get("val_mae"), None);
    }

    #[test]
    fn figures_come_back_from_json_with_the_same_bits() {
        let mut figures = Figures::new(2);
        for value in [0.1 + 0.2, f64::INFINITY, -0.0] {
            figures.push(Phase::Validation, Some("price"), "mae", value);
        }
        let text = serde_json::to_string(&figures).unwrap();
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
        figures.push(Phase::Training, None, "loss", f64::NAN);
        let text = serde_json::to_string(&figures).unwrap();
        assert!(serde_json::from_str::<Figures>(&text).unwrap().get("loss").unwrap().is_nan());
    }

    #[test]
    fn a_history_is_a_table() {
        let mut figures = Figures::new(1);
        figures.push(Phase::Training, None, "loss", 2.0);
        let history = History { epochs: vec![figures.clone(), figures], ..History::default() };
        assert_eq!(history.curve("loss"), [2.0, 2.0]);
        assert_eq!(history.to_string(), "epoch        loss\n    1       2.000\n    2       2.000");
    }
}
