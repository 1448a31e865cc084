//! The figures of a training run and of an evaluation.

use std::fmt;

/// Which rows a figure is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The rows that were trained on, while they were.
    Training,
    /// Rows set apart.
    Validation,
}

/// What a number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Which rows it is over.
    pub phase: Phase,
    /// The output it belongs to; `None` for the total loss.
    pub output: Option<String>,
    /// `loss`, or the metric's name.
    pub quantity: String,
}

/// Figures of one epoch or evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Whether names need the output's to be told apart.
    several_outputs: bool,
    entries: Vec<(Figure, f64)>,
}

impl Figures {
    pub(crate) fn new(outputs: usize) -> Figures {
        Figures { several_outputs: outputs > 1, entries: Vec::new() }
    }

    pub(crate) fn push(&mut self, phase: Phase, output: Option<&str>, quantity: &str, value: f64) {
        let (output, quantity) = (output.map(str::to_owned), quantity.to_owned());
        self.entries.push((Figure { phase, output, quantity }, value));
    }

    pub(crate) fn extend(&mut self, other: Figures) {
        self.entries.extend(other.entries);
    }

    /// The figure with Keras's name: `loss`, `val_loss`, `mae`, and `price_mae` where there are
    /// several outputs.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The figure described.
    pub fn find(&self, figure: &Figure) -> Option<f64> {
        self.entries.iter().find(|(own, _)| own == figure).map(|(_, value)| *value)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        self.entries.iter().map(|(figure, value)| (self.name(figure), *value))
    }

    fn name(&self, figure: &Figure) -> String {
        let phase = if figure.phase == Phase::Validation { "val_" } else { "" };
        match &figure.output {
            Some(output) if self.several_outputs => format!("{phase}{output}_{}", figure.quantity),
            _ => format!("{phase}{}", figure.quantity),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{name} {}", Short(value))?;
        }
        Ok(())
    }
}

/// Every figure of every epoch. Prints as a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// One entry an epoch.
    pub epochs: Vec<Figures>,
}

impl History {
    /// One figure over the epochs; empty where there is none of that name.
    pub fn curve(&self, name: &str) -> Vec<f64> {
        self.epochs.iter().filter_map(|figures| figures.get(name)).collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.epochs.first() else { return f.write_str("no epochs") };
        write!(f, "epoch")?;
        first.iter().try_for_each(|(name, _)| write!(f, "  {name:>10}"))?;
        for (epoch, figures) in self.epochs.iter().enumerate() {
            write!(f, "\n{:>5}", epoch + 1)?;
            for (name, value) in figures.iter() {
                write!(f, "  {:>width$}", Short(value).to_string(), width = name.len().max(10))?;
            }
        }
        Ok(())
    }
}

/// How good a model is on some rows. Prints as `loss 0.12, mae 0.3`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation(pub(crate) Figures);

impl Evaluation {
    /// The figure with Keras's name: `loss`, `mae`, and `price_mae` where there are several
    /// outputs.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name)
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

/// About four digits of a number.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if self.0 == 0.0 || !self.0.is_finite() {
            write!(f, "{}", self.0)
        } else if !(1e-3..1e6).contains(&size) {
            write!(f, "{:.3e}", self.0)
        } else {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
            write!(f, "{:.digits$}", self.0)
        }
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
    fn a_history_is_a_table() {
        let mut figures = Figures::new(1);
        figures.push(Phase::Training, None, "loss", 2.0);
        let history = History { epochs: vec![figures.clone(), figures] };
        assert_eq!(history.curve("loss"), [2.0, 2.0]);
        assert_eq!(history.to_string(), "epoch        loss\n    1       2.000\n    2       2.000");
    }
}
