//! The steps that were taken while rows rested.

/// What a step does to a weight whose gradient is zero, besides what the optimizer's own settings
/// say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepSize {
    /// How far the step goes, as the rule has it: Adam's learning rate corrected for the bias.
    pub rate: f64,
    /// The share of the weight that goes, before anything else.
    pub decay: f64,
}

/// The steps of a table since it first rested.
#[derive(Clone, Debug, Default)]
pub struct StepLog {
    /// The number of steps that were taken before.
    pub since: u64,
    sizes: Vec<StepSize>,
    /// The logarithms of what the decays leave of a weight, summed up; empty where nothing decays.
    logarithms: Vec<f64>,
    /// The largest rate.
    largest_rate: f64,
}

impl StepLog {
    /// No steps yet, of a table that has taken `since`.
    pub fn new(since: u64) -> StepLog {
        StepLog { since, ..StepLog::default() }
    }

    /// The number of the last step.
    pub fn now(&self) -> u64 {
        self.since + self.sizes.len() as u64
    }

    /// All of them.
    pub fn sizes(&self) -> &[StepSize] {
        &self.sizes
    }

    /// How many steps there are.
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Whether a row that never moved changes nevertheless.
    pub fn decays(&self) -> bool {
        !self.logarithms.is_empty()
    }

    /// Takes note of one more step.
    pub fn push(&mut self, size: StepSize) {
        if size.decay != 0.0 || self.decays() {
            self.logarithms.resize(self.sizes.len(), 0.0);
            let before = self.logarithms.last().copied().unwrap_or(0.0);
            self.logarithms.push(before + (-size.decay).ln_1p());
        }
        self.largest_rate = self.largest_rate.max(size.rate.abs());
        self.sizes.push(size);
    }

    /// The steps after number `stands`.
    pub fn after(&self, last_step: u64) -> Steps<'_> {
        let first = usize::try_from(last_step.saturating_sub(self.since)).unwrap_or(usize::MAX);
        let first = first.min(self.sizes.len());
        Steps { log: self, first }
    }
}

/// What each row of some rows owes.
#[derive(Clone, Copy, Debug)]
pub struct PendingSteps<'a> {
    /// The steps of the table.
    pub log: &'a StepLog,
    /// For each row the number of the last step that it took.
    pub last_step: &'a [u64],
}

impl<'a> PendingSteps<'a> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.last_step.len()
    }

    /// The steps that a row owes.
    pub fn of(&self, row: usize) -> Steps<'a> {
        self.log.after(self.last_step[row])
    }
}

/// Steps in a row, each with a gradient of zero.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    log: &'a StepLog,
    first: usize,
}

impl Steps<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.log.sizes.len() - self.first
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each of them, from the oldest.
    pub fn sizes(&self) -> &[StepSize] {
        &self.log.sizes[self.first..]
    }

    /// The largest rate of any step of the run.
    pub fn largest_rate(&self) -> f64 {
        self.log.largest_rate
    }

    /// What the decays leave of a weight after the first `taken` of the steps.
    pub fn left_after(&self, taken: usize) -> f64 {
        let from = (self.first + taken).min(self.log.sizes.len());
        let Some(last) = self.log.logarithms.last() else { return 1.0 };
        let before = if from == 0 { 0.0 } else { self.log.logarithms[from - 1] };
        let left = (last - before).exp();
        // No logarithm where a step takes more than there is.
        match last.is_finite() {
            true => left,
            false => self.log.sizes[from..].iter().map(|size| 1.0 - size.decay).product(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(decays: &[f64]) -> StepLog {
        let mut log = StepLog::new(10);
        decays.iter().for_each(|&decay| log.push(StepSize { rate: 0.5, decay }));
        log
    }

    #[test]
    fn rows_owe_the_steps_since_they_stood() {
        let log = log(&[0.0; 3]);
        assert_eq!(log.now(), 13);
        let pending = PendingSteps { log: &log, last_step: &[0, 10, 12, 13] };
        let counts: Vec<usize> = (0..pending.rows()).map(|row| pending.of(row).len()).collect();
        assert_eq!(counts, [3, 3, 1, 0]);
        assert!(!log.decays());
        assert_eq!(pending.of(0).left_after(1), 1.0);
    }

    #[test]
    fn decays_multiply_even_where_they_take_more_than_there_is() {
        for decays in [[0.0, 0.5, 0.25, 0.0], [0.0, 1.5, 0.25, 0.0], [0.0, 1.0, 0.25, 0.0]] {
            let log = log(&decays);
            for (first, taken) in [(0, 0), (0, 2), (1, 0), (1, 1), (3, 0), (4, 0)] {
                let expected: f64 =
                    decays[(first + taken).min(4)..].iter().map(|decay| 1.0 - decay).product();
                let found = log.after(10 + first as u64).left_after(taken);
                assert!((found - expected).abs() < 1e-12, "{first} {taken}: {found} {expected}");
            }
        }
    }
}
