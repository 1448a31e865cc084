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

    /// An average is undefined where all its parts are, for undefined ones are left out of it or count
    /// as 0.
    fn undefined_for(&self, targets: &Targets) -> Option<String> {
        let of_flags = !targets.flags.is_empty();
        match self.average {
            Average::Binary(label) => self.undefined_for_one(label, targets),
            Average::Micro if of_flags => {
                let counts = [0, 1].map(|flag| targets.flags.iter().map(|own| own[flag]).sum());
                self.metric.undefined_for(&Targets::of_flag(counts))
            }
            Average::Macro | Average::Weighted if of_flags => {
                let each = targets.by_label().map(|label| self.metric.undefined_for(&label));
                let undefined: Option<Vec<String>> = each.collect();
                Some(format!("of every label {}", undefined?.first()?))
            }
            // Of several classes, each row decides for one and against all others.
            Average::Micro if !targets.is_flag => None,
            // The classes of a flag are false and true.
            _ => self.metric.undefined_for(&Targets { is_flag: false, ..targets.clone() }),
        }
    }
}

impl<M: ByClass> Averaged<M> {
    /// Why the metric of one class or label against all others is undefined.
    fn undefined_for_one(&self, label: Label, targets: &Targets) -> Option<String> {
        let class = match label {
            Label::Index(class) => class,
            Label::Text(label) => targets.names.iter().position(|name| name == label)?,
        };
        let counts = match targets.flags.get(class) {
            Some(counts) => *counts,
            None => {
                let own = *targets.classes.get(class)?;
                [targets.classes.iter().sum::<u64>() - own, own]
            }
        };
        let reason = self.metric.undefined_for(&Targets::of_flag(counts))?;
        Some(match (counts, label) {
            ([_, 0], _) if !targets.flags.is_empty() => format!("no row has label {class}"),
            ([_, 0], Label::Text(label)) => format!("no row is of class `{label}`"),
            ([_, 0], Label::Index(_)) => format!("no row is of class {class}"),
            _ => reason,
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Auc, F1};

    fn undefined(metric: &impl Metric, targets: &Targets) -> Option<String> {
        metric.undefined_for(targets)
    }

    fn classes(counts: &[u64]) -> Targets {
        let names = ["ant", "cat", "dog"].map(String::from).to_vec();
        Targets { classes: counts.to_vec(), names, ..Targets::default() }
    }

    fn f1(average: Average) -> Averaged<F1> {
        Averaged { metric: F1, average }
    }

    fn auc(average: Average) -> Averaged<Auc> {
        Averaged { metric: Auc, average }
    }

    const EACH: [Average; 3] = [Average::Macro, Average::Micro, Average::Weighted];

    #[test]
    fn one_class_is_undefined_without_its_own_rows() {
        let of = |class| Average::Binary(Label::Index(class));
        // All rows of the first class of two.
        let two = classes(&[5, 0]);
        assert_eq!(undefined(&f1(of(0)), &two), None);
        assert_eq!(undefined(&f1(of(1)), &two).unwrap(), "no row is of class 1");
        assert_eq!(undefined(&auc(of(0)), &two).unwrap(), "all rows are of one class");
        let flag = Targets::of_flag([5, 0]);
        assert_eq!(undefined(&f1(of(0)), &flag), None);
        assert!(undefined(&f1(of(1)), &flag).is_some());
        let by_name = Average::Binary(Label::Text("cat"));
        assert_eq!(
            undefined(&f1(by_name), &classes(&[3, 0, 4])).unwrap(),
            "no row is of class `cat`"
        );
        assert_eq!(undefined(&f1(by_name), &classes(&[3, 1, 4])), None);
        let labels = Targets { flags: vec![[4, 0], [0, 4], [1, 3]], ..Targets::default() };
        assert_eq!(undefined(&f1(of(0)), &labels).unwrap(), "no row has label 0");
        assert_eq!(undefined(&f1(of(1)), &labels), None);
        assert_eq!(undefined(&auc(of(1)), &labels).unwrap(), "all rows are of one class");
    }

    #[test]
    fn an_average_is_undefined_where_all_its_parts_are() {
        for average in EACH {
            assert_eq!(undefined(&f1(average), &classes(&[5, 0])), None);
            assert_eq!(undefined(&f1(average), &Targets::of_flag([5, 0])), None);
            assert!(undefined(&auc(average), &Targets::of_flag([5, 0])).is_some());
            let is_micro = average == Average::Micro;
            assert_eq!(undefined(&auc(average), &classes(&[5, 0, 0])).is_none(), is_micro);
            let one = Targets { flags: vec![[4, 0], [1, 3]], ..Targets::default() };
            assert_eq!(undefined(&f1(average), &one), None);
            assert_eq!(undefined(&auc(average), &one), None);
            let none = Targets { flags: vec![[4, 0], [4, 0]], ..Targets::default() };
            assert!(undefined(&f1(average), &none).unwrap().ends_with("no row is true"));
        }
        assert_eq!(undefined(&F1, &classes(&[5, 0])), None);
        assert_eq!(undefined(&F1, &Targets::of_flag([5, 0])).unwrap(), "no row is true");
    }
}
