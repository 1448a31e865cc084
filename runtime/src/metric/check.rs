//! A check of a metric's accumulator.

use super::{Metric, Running, TargetRow};

/// A row for [`check`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The prediction: a number for each element or class.
    pub prediction: &'a [f64],
    /// The target.
    pub target: TargetRow<'a>,
    /// The weight.
    pub weight: f64,
}

/// Checks the accumulator of a metric on rows, for the test of a metric of your own:
///
/// - its value before the first row is NaN;
/// - a state that is saved after any row and restored goes on to the same value, with the same bits;
/// - two accumulators of parts of the rows, [merged](Running::merge) in either order, give the value
///   over all rows, up to rounding.
///
/// ```
/// use multi_input::metric::{check, Mae, Row, TargetRow};
///
/// let rows: Vec<Row<'_>> = [(&[1.0], &[2.0]), (&[0.5], &[-1.0]), (&[3.0], &[3.0])]
///     .map(|(y, t)| Row { prediction: y, target: TargetRow::Doubles(t), weight: 1.0 })
///     .to_vec();
/// check(&Mae, &rows).unwrap();
/// ```
///
/// # Errors
/// What is wrong, with the number of the row, from 0.
pub fn check(metric: &impl Metric, rows: &[Row<'_>]) -> Result<(), String> {
    let before = metric.start().value();
    if !before.is_nan() {
        return Err(format!("before the first row the value is {before} instead of NaN"));
    }
    let whole = over(metric, rows);
    for cut in 0..=rows.len() {
        let (first, second) = (over(metric, &rows[..cut]), over(metric, &rows[cut..]));
        let mut restored = metric.start();
        restored.set_state(&first.state());
        if bits(&restored.state()) != bits(&first.state()) {
            return Err(format!("the state before row {cut} is not what is restored from it"));
        }
        add(&mut *restored, &rows[cut..]);
        same(restored.value(), whole.value(), 0.0)
            .map_err(|text| format!("restored before row {cut}, {text}"))?;
        for (one, other) in [(&first, &second), (&second, &first)] {
            let mut merged = metric.start();
            merged.merge(&one.state());
            merged.merge(&other.state());
            same(merged.value(), whole.value(), 1e-9).map_err(|text| {
                format!("merged from parts that are cut before row {cut}, {text}")
            })?;
        }
    }
    Ok(())
}

fn over(metric: &impl Metric, rows: &[Row<'_>]) -> Box<dyn Running> {
    let mut running = metric.start();
    add(&mut *running, rows);
    running
}

fn add(running: &mut dyn Running, rows: &[Row<'_>]) {
    rows.iter().for_each(|row| running.update(row.prediction, row.target, row.weight));
}

fn bits(state: &[f64]) -> Vec<u64> {
    state.iter().map(|number| number.to_bits()).collect()
}

/// Compares up to a share of the larger one.
fn same(found: f64, whole: f64, within: f64) -> Result<(), String> {
    let close = (found - whole).abs() <= within * found.abs().max(whole.abs()).max(1.0);
    match found == whole || close || found.is_nan() && whole.is_nan() {
        true => Ok(()),
        false => Err(format!("the value is {found} instead of {whole}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Direction, Target},
        *,
    };

    /// The largest error, with one of the mistakes that `check` finds.
    #[derive(Debug)]
    struct Largest {
        mistake: Mistake,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Mistake {
        None,
        StartsAtZero,
        SavesTooLittle,
        ForgetsWhatItMerges,
    }

    struct LargestSoFar {
        mistake: Mistake,
        largest: Option<f64>,
        rows: f64,
    }

    impl Metric for Largest {
        const NAME: &'static str = "largest";
        const TARGETS: &'static [Target] = &[Target::Numbers];

        fn direction(&self) -> Direction {
            Direction::Lower
        }
        fn start(&self) -> Box<dyn Running> {
            Box::new(LargestSoFar { mistake: self.mistake, largest: None, rows: 0.0 })
        }
    }

    impl Running for LargestSoFar {
        fn update(&mut self, prediction: &[f64], target: TargetRow<'_>, _weight: f64) {
            let error = (prediction[0] - target.at(0)).abs();
            self.largest = Some(self.largest.map_or(error, |largest| largest.max(error)));
            self.rows += 1.0;
        }
        fn value(&self) -> f64 {
            let start = if self.mistake == Mistake::StartsAtZero { 0.0 } else { f64::NAN };
            match self.mistake {
                Mistake::SavesTooLittle => {
                    self.largest.map_or(start, |largest| largest + self.rows)
                }
                _ => self.largest.unwrap_or(start),
            }
        }
        fn state(&self) -> Vec<f64> {
            self.largest.into_iter().collect()
        }
        fn set_state(&mut self, state: &[f64]) {
            self.largest = state.first().copied();
        }
        fn merge(&mut self, state: &[f64]) {
            let other = state.first().copied();
            self.largest = match self.mistake {
                Mistake::ForgetsWhatItMerges => self.largest.or(other),
                _ => self.largest.into_iter().chain(other).reduce(f64::max),
            };
        }
    }

    #[test]
    fn mistakes_are_found() {
        let rows = [(&[1.0], &[2.0]), (&[0.5], &[-1.0]), (&[3.0], &[3.0])];
        let rows = rows.map(|(prediction, target)| Row {
            prediction,
            target: TargetRow::Doubles(target),
            weight: 1.0,
        });
        let found = |mistake| check(&Largest { mistake }, &rows).err().unwrap_or_default();
        assert_eq!(found(Mistake::None), "");
        for (mistake, expected) in [
            (Mistake::StartsAtZero, "before the first row the value is 0 instead of NaN"),
            (
                Mistake::SavesTooLittle,
                "merged from parts that are cut before row 0, the value is 1.5 instead of 4.5",
            ),
            (
                Mistake::ForgetsWhatItMerges,
                "merged from parts that are cut before row 1, the value is 1 instead of 1.5",
            ),
        ] {
            assert_eq!(found(mistake), expected);
        }
    }
}
