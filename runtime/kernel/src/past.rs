//! The steps that were taken while rows rested.

/// What a step does to a weight whose gradient is zero, besides what the optimizer's own settings
/// say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// How far the step goes, as the rule has it: Adam's learning rate corrected for the bias.
    pub rate: f64,
    /// The share of the weight that goes, before anything else.
    pub decay: f64,
}

/// The steps of a table since it first rested.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The number of steps that were taken before.
    pub since: u64,
    paces: Vec<Pace>,
    /// The logarithms of what the decays leave of a weight, summed up; empty where nothing decays.
    logarithms: Vec<f64>,
    /// The largest rate.
    fastest: f64,
}

impl Past {
    /// No steps yet, of a table that has taken `since`.
    pub fn new(since: u64) -> Past {
        Past { since, ..Past::default() }
    }

    /// The number of the last step.
    pub fn now(&self) -> u64 {
        self.since + self.paces.len() as u64
    }

    /// All of them.
    pub fn paces(&self) -> &[Pace] {
        &self.paces
    }

    /// How many steps there are.
    pub fn count(&self) -> usize {
        self.paces.len()
    }

    /// Whether a row that never moved changes nevertheless.
    pub fn decays(&self) -> bool {
        !self.logarithms.is_empty()
    }

    /// Takes note of one more step.
    pub fn push(&mut self, pace: Pace) {
        if pace.decay != 0.0 || self.decays() {
            self.logarithms.resize(self.paces.len(), 0.0);
            let before = self.logarithms.last().copied().unwrap_or(0.0);
            self.logarithms.push(before + (-pace.decay).ln_1p());
        }
        self.fastest = self.fastest.max(pace.rate.abs());
        self.paces.push(pace);
    }

    /// The steps after number `stands`.
    pub fn after(&self, stands: u64) -> Steps<'_> {
        let first = usize::try_from(stands.saturating_sub(self.since)).unwrap_or(usize::MAX);
        let first = first.min(self.paces.len());
        Steps { past: self, first }
    }
}

/// What each row of some rows owes.
#[derive(Clone, Copy, Debug)]
pub struct Owed<'a> {
    /// The steps of the table.
    pub past: &'a Past,
    /// For each row the number of the last step that it took.
    pub stand: &'a [u64],
}

impl<'a> Owed<'a> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.stand.len()
    }

    /// The steps that a row owes.
    pub fn of(&self, row: usize) -> Steps<'a> {
        self.past.after(self.stand[row])
    }
}

/// Steps in a row, each with a gradient of zero.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    past: &'a Past,
    first: usize,
}

impl Steps<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.past.paces.len() - self.first
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each of them, from the oldest.
    pub fn paces(&self) -> &[Pace] {
        &self.past.paces[self.first..]
    }

    /// The largest rate of any step of the run.
    pub fn fastest(&self) -> f64 {
        self.past.fastest
    }

    /// What the decays leave of a weight after the first `taken` of the steps.
    pub fn left_after(&self, taken: usize) -> f64 {
        let from = (self.first + taken).min(self.past.paces.len());
        let Some(last) = self.past.logarithms.last() else { return 1.0 };
        let before = if from == 0 { 0.0 } else { self.past.logarithms[from - 1] };
        let left = (last - before).exp();
        // No logarithm where a step takes more than there is.
        match last.is_finite() {
            true => left,
            false => self.past.paces[from..].iter().map(|pace| 1.0 - pace.decay).product(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(decays: &[f64]) -> Past {
        let mut past = Past::new(10);
        decays.iter().for_each(|&decay| past.push(Pace { rate: 0.5, decay }));
        past
    }

    #[test]
    fn rows_owe_the_steps_since_they_stood() {
        let past = past(&[0.0; 3]);
        assert_eq!(past.now(), 13);
        let owed = Owed { past: &past, stand: &[0, 10, 12, 13] };
        let counts: Vec<usize> = (0..owed.rows()).map(|row| owed.of(row).len()).collect();
        assert_eq!(counts, [3, 3, 1, 0]);
        assert!(!past.decays());
        assert_eq!(owed.of(0).left_after(1), 1.0);
    }

    #[test]
    fn decays_multiply_even_where_they_take_more_than_there_is() {
        for decays in [[0.0, 0.5, 0.25, 0.0], [0.0, 1.5, 0.25, 0.0], [0.0, 1.0, 0.25, 0.0]] {
            let past = past(&decays);
            for (first, taken) in [(0, 0), (0, 2), (1, 0), (1, 1), (3, 0), (4, 0)] {
                let expected: f64 =
                    decays[(first + taken).min(4)..].iter().map(|decay| 1.0 - decay).product();
                let found = past.after(10 + first as u64).left_after(taken);
                assert!((found - expected).abs() < 1e-12, "{first} {taken}: {found} {expected}");
            }
        }
    }
}
