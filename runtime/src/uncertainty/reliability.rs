//! Predicted probabilities against frequencies.

use std::path::Path;

use multi_input_base::Result;
use multi_input_data::schema::TargetKind;

use super::Observed;
use crate::{plot, short::Short};

/// The predicted probabilities of an output in 15 bins of equal width, each with the frequency of what
/// was predicted. For a flag the probability is that of true; for a class that of the most likely one,
/// and the frequency is how often it is the right one.
///
/// `sklearn.calibration.calibration_curve(n_bins=15)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// The name of the output, with the number of the label in `[bool; N]`.
    pub name: String,
    /// The bins that have rows, in increasing order.
    pub bins: Vec<ReliabilityBin>,
}

/// The rows whose predicted probability lies in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The mean of the predicted probabilities.
    pub predicted: f64,
    /// The fraction of the rows for which the prediction is right.
    pub frequency: f64,
    /// The number of rows.
    pub rows: u64,
}

/// The number of bins.
const BINS: usize = 15;

impl Reliability {
    /// The bins of a flag or class, or of each of several labels.
    pub(crate) fn of(observed: &Observed) -> Vec<Reliability> {
        let name = observed.output.name;
        match observed.output.target.kind {
            TargetKind::Class => {
                vec![Reliability::new(name.to_owned(), most_likely(observed))]
            }
            TargetKind::Flags => {
                let label =
                    |label| Reliability::new(format!("{name}[{label}]"), observed.label(label));
                (0..observed.width()).map(label).collect()
            }
            _ => vec![Reliability::new(name.to_owned(), observed.label(0))],
        }
    }

    fn new(name: String, rows: impl Iterator<Item = (f64, bool)>) -> Reliability {
        let mut sums = [(0.0, 0_u64, 0_u64); BINS];
        for (probability, is_right) in rows {
            let bin = (probability * BINS as f64) as usize;
            let (sum, right, rows) = &mut sums[bin.min(BINS - 1)];
            *sum += probability;
            *right += u64::from(is_right);
            *rows += 1;
        }
        let bin = |(sum, right, rows): (f64, u64, u64)| ReliabilityBin {
            predicted: sum / rows as f64,
            frequency: right as f64 / rows as f64,
            rows,
        };
        let bins = sums.into_iter().filter(|(_, _, rows)| *rows > 0).map(bin).collect();
        Reliability { name, bins }
    }

    /// The expected calibration error: the mean of |frequency - predicted| over the bins, weighted by
    /// their rows. `torchmetrics.CalibrationError(n_bins=15, norm="l1")`; Naeini et al. (2015).
    pub fn error(&self) -> f64 {
        let rows: u64 = self.bins.iter().map(|bin| bin.rows).sum();
        let gap = |bin: &ReliabilityBin| bin.rows as f64 * (bin.frequency - bin.predicted).abs();
        self.bins.iter().map(gap).sum::<f64>() / rows as f64
    }

    /// Draws frequencies over predicted probabilities.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        plot::write(path.as_ref(), &plot::panel(&self.panel()))
    }

    pub(crate) fn panel(&self) -> plot::Panel {
        let points = self.bins.iter().map(|bin| (bin.predicted, bin.frequency)).collect();
        plot::Panel {
            title: format!("{}: calibration error {}", self.name, Short(self.error())),
            x_title: "predicted probability",
            x_scale: plot::XScale::Linear,
            series: vec![
                plot::Series { name: "frequency".to_owned(), points, dashed: false },
                plot::Series::diagonal("calibrated"),
            ],
        }
    }
}

/// The calibration error of an output, the mean of those of its labels.
pub(super) fn error_of(observed: &Observed) -> f64 {
    let all = Reliability::of(observed);
    all.iter().map(Reliability::error).sum::<f64>() / all.len() as f64
}

/// The probability of the most likely class of each row, and whether it is right.
fn most_likely(observed: &Observed) -> impl Iterator<Item = (f64, bool)> + '_ {
    observed.iter().map(|(prediction, class)| {
        let better = |best, index| if prediction[index] > prediction[best] { index } else { best };
        let most = (1..prediction.len()).fold(0, better);
        (prediction[most], most == class[0] as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_and_error_have_their_literal_values() {
        let rows = [(0.0, false), (0.05, true), (0.5, true), (1.0, true), (0.99, false)];
        let found = Reliability::new("late".to_owned(), rows.into_iter());
        let bin = |predicted, frequency, rows| ReliabilityBin { predicted, frequency, rows };
        assert_eq!(found.bins, [bin(0.025, 0.5, 2), bin(0.5, 1.0, 1), bin(0.995, 0.5, 2)]);
        assert!((found.error() - (2.0 * 0.475 + 0.5 + 2.0 * 0.495) / 5.0).abs() < 1e-12);
        let picture = plot::panel(&found.panel());
        for words in ["late: calibration error 0.4880", "predicted probability", "calibrated"] {
            assert!(picture.contains(words), "{words}");
        }
    }
}
