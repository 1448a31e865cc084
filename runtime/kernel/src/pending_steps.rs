//! The log of optimizer steps from which the deferred updates of a sparse table's rows are
//! computed.

/// The parameters of one step that vary from step to step, for weights whose gradient is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepSize {
    /// Step size in the optimizer's rule; for Adam the learning rate with bias correction.
    pub rate: f64,
    /// Weight decay: the step first multiplies the weight by `1 - decay`.
    pub decay: f64,
}

/// The steps of a table since its first deferred update.
#[derive(Clone, Debug, Default)]
pub struct StepLog {
    /// Number of the table's steps before the log begins.
    pub since: u64,
    sizes: Vec<StepSize>,
    /// Cumulative sums of ln(1 - decay); empty if no step decays.
    logarithms: Vec<f64>,
    largest_rate: f64,
}

impl StepLog {
    /// An empty log of a table that has taken `since` steps.
    pub fn new(since: u64) -> StepLog {
        StepLog { since, ..StepLog::default() }
    }

    /// The number of the latest step.
    pub fn now(&self) -> u64 {
        self.since + self.sizes.len() as u64
    }

    /// The sizes of all steps, the oldest first.
    pub fn sizes(&self) -> &[StepSize] {
        &self.sizes
    }

    /// Number of steps.
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Whether any step decays, so that rows without momentum change as well.
    pub fn decays(&self) -> bool {
        !self.logarithms.is_empty()
    }

    /// Appends a step.
    pub fn push(&mut self, size: StepSize) {
        if size.decay != 0.0 || self.decays() {
            self.logarithms.resize(self.sizes.len(), 0.0);
            let before = self.logarithms.last().copied().unwrap_or(0.0);
            self.logarithms.push(before + (-size.decay).ln_1p());
        }
        self.largest_rate = self.largest_rate.max(size.rate.abs());
        self.sizes.push(size);
    }

    /// The steps after step number `last_step`.
    pub fn after(&self, last_step: u64) -> Steps<'_> {
        let first = usize::try_from(last_step.saturating_sub(self.since)).unwrap_or(usize::MAX);
        let first = first.min(self.sizes.len());
        Steps { log: self, first }
    }
}

/// The pending steps of some rows.
#[derive(Clone, Copy, Debug)]
pub struct PendingSteps<'a> {
    /// The steps of the table.
    pub log: &'a StepLog,
    /// The number of the last step of each row.
    pub last_step: &'a [u64],
}

impl<'a> PendingSteps<'a> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.last_step.len()
    }

    /// The pending steps of a row.
    pub fn of(&self, row: usize) -> Steps<'a> {
        self.log.after(self.last_step[row])
    }
}

/// Consecutive steps with a gradient of zero.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    log: &'a StepLog,
    first: usize,
}

impl Steps<'_> {
    /// The number of steps.
    pub fn len(&self) -> usize {
        self.log.sizes.len() - self.first
    }

    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sizes of the steps, the oldest first.
    pub fn sizes(&self) -> &[StepSize] {
        &self.log.sizes[self.first..]
    }

    /// The largest rate of any step of the log.
    pub fn largest_rate(&self) -> f64 {
        self.log.largest_rate
    }

    /// The product of `1 - decay` over all steps but the first `taken`.
    pub fn left_after(&self, taken: usize) -> f64 {
        let from = (self.first + taken).min(self.log.sizes.len());
        let Some(last) = self.log.logarithms.last() else { return 1.0 };
        let before = if from == 0 { 0.0 } else { self.log.logarithms[from - 1] };
        let left = (last - before).exp();
        // ln(1 - decay) is not finite where decay >= 1.
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
