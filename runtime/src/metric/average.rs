//! Averages over classes and labels.

use std::{borrow::Cow, fmt};

use super::{Direction, Labels, Metric, Running, Target, Targets};

/// How the values of a metric for each class of `Class<N>`, or for each label of `[bool; N]`,
/// become one. The parameter `average` of scikit-learn. For a `bool` the classes are false and true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The unweighted mean over the classes.
    Macro,
    /// The metric of all decisions together: each class of each row counts as a row of its own.
    Micro,
    /// The mean over the classes, weighted by the number of their rows.
    Weighted,
    /// The metric of one class, which counts as true, against all others.
    Binary(Label),
}

/// A class, or a label of `[bool; N]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Its number, from 0.
    Index(usize),
    /// Its label among those of the training rows, for an output that is marked `categories`.
    Text(&'static str),
}

impl Average {
    /// The average with the number of its class.
    ///
    /// # Errors
    /// The label is none of `labels`, the labels in class order.
    fn resolved(self, labels: &[String]) -> Result<Average, String> {
        let Average::Binary(Label::Text(label)) = self else { return Ok(self) };
        let class = labels.iter().position(|known| known == label);
        class.map(|class| Average::Binary(Label::Index(class))).ok_or_else(|| {
            const NAMED: usize = 10;
            let known: Vec<String> =
                labels.iter().take(NAMED).map(|known| format!("`{known}`")).collect();
            let more = match labels.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            format!("no training row has the label `{label}`; the labels are {known}{more}")
        })
    }
}

/// `macro`, `micro`, `weighted`, `binary_2`, `binary_cat`.
impl fmt::Display for Average {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Average::Macro => f.write_str("macro"),
            Average::Micro => f.write_str("micro"),
            Average::Weighted => f.write_str("weighted"),
            Average::Binary(Label::Index(class)) => write!(f, "binary_{class}"),
            Average::Binary(Label::Text(label)) => write!(f, "binary_{label}"),
        }
    }
}

/// A metric that has a value for each class, so that it can be averaged.
pub trait ByClass: Metric {
    /// The accumulator of an average over the classes, before the first row. A `Binary` average has
    /// the number of a class; without one its value is NaN.
    fn start_average(&self, average: Average) -> Box<dyn Running>;
}

/// A metric by class with a given average: `metrics(f1(average = micro))`. Its figure is named after
/// both, `f1_micro`.
///
/// For an output `[bool; N]` the average is over the labels, and the only figure.
#[derive(Clone, Copy, Debug)]
pub struct Averaged<M> {
    /// The metric.
    pub metric: M,
    /// The average.
    pub average: Average,
}

impl<M: ByClass> Metric for Averaged<M> {
    const NAME: &'static str = M::NAME;
    const TARGETS: &'static [Target] = M::TARGETS;

    fn name(&self) -> Cow<'static, str> {
        format!("{}_{}", self.metric.name(), self.average).into()
    }

    fn direction(&self) -> Direction {
        self.metric.direction()
    }

    fn start(&self) -> Box<dyn Running> {
        self.metric.start_average(self.average)
    }

    fn start_for(&self, labels: &[String]) -> Result<Box<dyn Running>, String> {
        Ok(self.metric.start_average(self.average.resolved(labels)?))
    }

    fn start_labels(&self, labels: usize) -> Labels {
        match self.average {
            Average::Micro => Labels::Micro(self.metric.start()),
            Average::Binary(Label::Index(label)) => Labels::Only(label, self.metric.start()),
            Average::Binary(Label::Text(_)) => Labels::Macro(Vec::new()),
            Average::Macro => Labels::Macro(self.each(labels)),
            Average::Weighted => Labels::Weighted(self.each(labels)),
        }
    }

    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        match self.average {
            Average::Binary(Label::Index(class)) if targets.classes.get(class) == Some(&0) => {
                Some(format!("no row is of class {class}"))
            }
            _ => self.metric.undefined_for(targets),
        }
    }
}

impl<M: ByClass> Averaged<M> {
    /// An accumulator for each label.
    fn each(&self, labels: usize) -> Vec<Box<dyn Running>> {
        match self.metric.start_labels(labels) {
            Labels::Each(each) => each,
            _ => (0..labels).map(|_| self.metric.start()).collect(),
        }
    }
}
