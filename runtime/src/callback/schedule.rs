//! Learning rate schedules.

mod setting;

use std::f64::consts::PI;

use setting::Setting;

use super::is_learning_rate;

/// A learning rate as a function of `t`, the number of a step or epoch from 0.
///
/// | schedule | formula | Keras | PyTorch |
/// |---|---|---|---|
/// | [`constant`](Schedule::constant) | r | a number | `ConstantLR` |
/// | [`step`](Schedule::step) | r f^floor(t / n) | `ExponentialDecay(staircase=True)` | `StepLR` |
/// | [`exponential`](Schedule::exponential) | r f^(t / n) | `ExponentialDecay` | `ExponentialLR` |
/// | [`cosine`](Schedule::cosine) | r (a + (1 - a) (1 + cos(pi t / n)) / 2) up to n, then a r | `CosineDecay` | `CosineAnnealingLR` |
/// | [`cosine_restarts`](Schedule::cosine_restarts) | repeated cosines, each m times as high and k times as long as the one before | `CosineDecayRestarts` | `CosineAnnealingWarmRestarts` |
/// | [`polynomial`](Schedule::polynomial) | (r - e) (1 - t / n)^p + e up to n, then e | `PolynomialDecay` | `PolynomialLR` |
/// | [`one_cycle`](Schedule::one_cycle) | cosines from r / 25 up to r at 0.3 n, and down to r / 250,000 at n - 1 | | `OneCycleLR` |
///
/// [`warm_up`](Schedule::warm_up) precedes any of them (`warmup_target` and `warmup_steps` of
/// `CosineDecay`; `LinearLR`).
///
/// ```
/// use multi_input::callback::Schedule;
///
/// let schedule = Schedule::cosine(1e-3, 100).warm_up(0.0, 10);
/// assert_eq!(schedule.rate(5), 5e-4);
/// assert_eq!(schedule.rate(10), 1e-3);
/// assert!(schedule.rate(110) < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    warmup: Option<Warmup>,
    shape: Shape,
    /// Settings that were given but do not apply to this shape.
    inapplicable: [Option<Setting>; Setting::COUNT],
}

/// A linear warm-up before a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warmup {
    /// The learning rate of step 0.
    pub from: f64,
    /// The number of steps up to the schedule's first rate.
    pub steps: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Constant { rate: f64 },
    Exponential { rate: f64, factor: f64, every: u64, staircase: bool },
    Cosine { rate: f64, steps: u64, floor: f64 },
    Restarts { rate: f64, steps: u64, longer: f64, higher: f64, floor: f64 },
    Polynomial { rate: f64, steps: u64, end: f64, power: f64, cycle: bool },
    OneCycle { peak: f64, steps: u64 },
}

impl Schedule {
    const fn of(shape: Shape) -> Schedule {
        Schedule { warmup: None, shape, inapplicable: [None; Setting::COUNT] }
    }

    /// Records a setting that does not apply, to be reported before training.
    const fn record_inapplicable(mut self, setting: Setting) -> Schedule {
        self.inapplicable[setting as usize] = Some(setting);
        self
    }

    /// A constant rate.
    pub const fn constant(rate: f64) -> Schedule {
        Schedule::of(Shape::Constant { rate })
    }

    /// Multiplies the rate by `factor` after every `every` steps.
    pub const fn step(rate: f64, factor: f64, every: u64) -> Schedule {
        Schedule::of(Shape::Exponential { rate, factor, every, staircase: true })
    }

    /// Multiplies the rate by `factor` over `every` steps, smoothly.
    pub const fn exponential(rate: f64, factor: f64, every: u64) -> Schedule {
        Schedule::of(Shape::Exponential { rate, factor, every, staircase: false })
    }

    /// Half a cosine from `rate` to zero in `steps` steps.
    pub const fn cosine(rate: f64, steps: u64) -> Schedule {
        Schedule::of(Shape::Cosine { rate, steps, floor: 0.0 })
    }

    /// Consecutive half cosines: the first takes `steps` steps, each other twice as many as its
    /// predecessor. [`restarts`](Schedule::restarts) changes the factor.
    pub const fn cosine_restarts(rate: f64, steps: u64) -> Schedule {
        Schedule::of(Shape::Restarts { rate, steps, longer: 2.0, higher: 1.0, floor: 0.0 })
    }

    /// Linear from `rate` to zero in `steps` steps; [`end`](Schedule::end) and
    /// [`power`](Schedule::power) change the end and the exponent.
    pub const fn polynomial(rate: f64, steps: u64) -> Schedule {
        Schedule::of(Shape::Polynomial { rate, steps, end: 0.0, power: 1.0, cycle: false })
    }

    /// Up to `peak` and down to almost zero in `steps` steps, with PyTorch's defaults.
    pub const fn one_cycle(peak: f64, steps: u64) -> Schedule {
        Schedule::of(Shape::OneCycle { peak, steps })
    }

    /// Linear from `from` to the schedule's first rate in `steps` steps, followed by the schedule.
    #[must_use]
    pub const fn warm_up(mut self, from: f64, steps: u64) -> Schedule {
        self.warmup = Some(Warmup { from, steps });
        self
    }

    /// The final rate of a [`cosine`](Schedule::cosine), or of each of
    /// [`cosine_restarts`](Schedule::cosine_restarts), as a fraction of its initial rate: `alpha`
    /// in Keras. Training refuses a floor on any other schedule.
    #[must_use]
    pub const fn floor(mut self, share: f64) -> Schedule {
        match &mut self.shape {
            Shape::Cosine { floor, .. } | Shape::Restarts { floor, .. } => *floor = share,
            _ => return self.record_inapplicable(Setting::Floor),
        }
        self
    }

    /// The factors of length and height of each of [`cosine_restarts`](Schedule::cosine_restarts)
    /// relative to the one before: `t_mul` and `m_mul` in Keras. Training refuses restarts on any
    /// other schedule.
    #[must_use]
    pub const fn restarts(mut self, by_length: f64, by_height: f64) -> Schedule {
        match &mut self.shape {
            Shape::Restarts { longer, higher, .. } => (*longer, *higher) = (by_length, by_height),
            _ => return self.record_inapplicable(Setting::Restarts),
        }
        self
    }

    /// The final rate of a [`polynomial`](Schedule::polynomial). Training refuses an end on any
    /// other schedule.
    #[must_use]
    pub const fn end(mut self, rate: f64) -> Schedule {
        match &mut self.shape {
            Shape::Polynomial { end, .. } => *end = rate,
            _ => return self.record_inapplicable(Setting::End),
        }
        self
    }

    /// The exponent of a [`polynomial`](Schedule::polynomial). Training refuses a power on any
    /// other schedule.
    #[must_use]
    pub const fn power(mut self, exponent: f64) -> Schedule {
        match &mut self.shape {
            Shape::Polynomial { power, .. } => *power = exponent,
            _ => return self.record_inapplicable(Setting::Power),
        }
        self
    }

    /// Restarts a [`polynomial`](Schedule::polynomial) each time it reaches its end, with
    /// increasing length. Training refuses a cycle on any other schedule.
    #[must_use]
    pub const fn cycle(mut self) -> Schedule {
        match &mut self.shape {
            Shape::Polynomial { cycle, .. } => *cycle = true,
            _ => return self.record_inapplicable(Setting::Cycle),
        }
        self
    }

    /// The learning rate of a step.
    pub fn rate(&self, step: u64) -> f64 {
        match self.warmup {
            Some(Warmup { from, steps }) if step < steps => {
                from + (self.shape.rate(0) - from) * (step as f64 / steps as f64)
            }
            Some(Warmup { steps, .. }) => self.shape.rate(step - steps),
            None => self.shape.rate(step),
        }
    }

    /// Mistakes in the arguments.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let inapplicable = self.inapplicable.iter().flatten();
        let mut mistakes: Vec<String> =
            inapplicable.map(|setting| setting.mistake(self.shape.name())).collect();
        // Lengths must be at least 1, because they are divisors.
        let length = match self.shape {
            Shape::Constant { .. } => 1,
            Shape::Exponential { every, .. } => every,
            Shape::Cosine { steps, .. }
            | Shape::Restarts { steps, .. }
            | Shape::Polynomial { steps, .. }
            | Shape::OneCycle { steps, .. } => steps,
        };
        if length == 0 {
            mistakes.push("a learning-rate schedule needs at least one step".to_owned());
            return mistakes;
        }
        if let Shape::Restarts { longer, .. } = self.shape {
            if !(longer >= 1.0 && longer.is_finite()) {
                mistakes.push(format!(
                    "the cosines of a schedule with restarts must become longer, but are {longer} \
                     times as long"
                ));
                return mistakes;
            }
        }
        let warmup = self.warmup.map_or(0, |warmup| warmup.steps);
        let after = |steps: u64| warmup.saturating_add(steps);
        let samples = [0, 1, warmup, after(1), after(length / 2), after(length)];
        let wrong = samples.map(|step| (step, self.rate(step)));
        if let Some((step, rate)) = wrong.iter().find(|(_, rate)| !is_learning_rate(*rate)) {
            mistakes.push(format!(
                "a learning-rate schedule gives {rate} at step {step}; it must be a number of at \
                 least 0"
            ));
        }
        mistakes
    }
}

impl Shape {
    /// The name of the constructor.
    fn name(self) -> &'static str {
        match self {
            Shape::Constant { .. } => "constant",
            Shape::Exponential { staircase: true, .. } => "step",
            Shape::Exponential { staircase: false, .. } => "exponential",
            Shape::Cosine { .. } => "cosine",
            Shape::Restarts { .. } => "cosine_restarts",
            Shape::Polynomial { .. } => "polynomial",
            Shape::OneCycle { .. } => "one_cycle",
        }
    }

    fn rate(self, step: u64) -> f64 {
        let t = step as f64;
        match self {
            Shape::Constant { rate } => rate,
            Shape::Exponential { rate, factor, every, staircase } => {
                let p = t / every as f64;
                rate * factor.powf(if staircase { p.floor() } else { p })
            }
            Shape::Cosine { rate, steps, floor } => {
                let steps = steps as f64;
                rate * half_cosine(t.min(steps) / steps, floor)
            }
            Shape::Restarts { rate, steps, longer, higher, floor } => {
                let (round, done) = round(t / steps as f64, longer);
                rate * restarted(done, floor, higher.powf(round))
            }
            Shape::Polynomial { rate, steps, end, power, cycle } => {
                let mut steps = steps as f64;
                if cycle {
                    steps *= (t / steps).ceil().max(1.0);
                }
                (rate - end) * (1.0 - t.min(steps) / steps).powf(power) + end
            }
            Shape::OneCycle { peak, steps } => {
                let (first, last) = (peak / 25.0, peak / 25.0 / 1e4);
                let top = 0.3 * steps as f64 - 1.0;
                let end = steps as f64 - 1.0;
                let between = |from: f64, to: f64, done: f64| {
                    to + (from - to) / 2.0 * (1.0 + (PI * done).cos())
                };
                match t <= top {
                    true => between(first, peak, t / top),
                    false => between(peak, last, ((t - top) / (end - top)).clamp(0.0, 1.0)),
                }
            }
        }
    }
}

/// Half a cosine from 1 to `floor` at the fraction `done`.
fn half_cosine(done: f64, floor: f64) -> f64 {
    (1.0 - floor) * (0.5 * (1.0 + (PI * done).cos())) + floor
}

/// Keras scales the cosine of a restart by its height, but not the floor.
fn restarted(done: f64, floor: f64, height: f64) -> f64 {
    (1.0 - floor) * (0.5 * height * (1.0 + (PI * done).cos())) + floor
}

/// The number of the restart after `length` first lengths, and the finished fraction of it.
fn round(length: f64, longer: f64) -> (f64, f64) {
    if longer == 1.0 {
        return (length.floor(), length.fract());
    }
    let round = ((1.0 - length * (1.0 - longer)).ln() / longer.ln()).floor();
    let before = (1.0 - longer.powf(round)) / (1.0 - longer);
    (round, (length - before) / longer.powf(round))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn schedules_have_their_literal_values() {
        assert_eq!(Schedule::constant(0.1).rate(1000), 0.1);
        let step = Schedule::step(1.0, 0.5, 10);
        assert_eq!([9, 10, 19, 20].map(|t| step.rate(t)), [1.0, 0.5, 0.5, 0.25]);
        assert_close(Schedule::exponential(1.0, 0.25, 10).rate(5), 0.5);
        let cosine = Schedule::cosine(1.0, 10).floor(0.5);
        assert_close(cosine.rate(5), 0.75);
        assert_close(cosine.rate(50), 0.5);
        let line = Schedule::polynomial(1.0, 10).end(0.5);
        assert_eq!([0, 5, 10, 11].map(|t| line.rate(t)), [1.0, 0.75, 0.5, 0.5]);
        assert_eq!(line.cycle().rate(15), 0.5 * 0.25 + 0.5);
    }

    #[test]
    fn cosines_restart_twice_as_long() {
        let schedule = Schedule::cosine_restarts(1.0, 10).restarts(2.0, 0.5);
        assert_close(schedule.rate(0), 1.0);
        assert_close(schedule.rate(10), 0.5);
        assert_close(schedule.rate(20), 0.25);
        assert_close(schedule.rate(30), 0.25);
        assert_close(Schedule::cosine_restarts(1.0, 4).restarts(1.0, 1.0).rate(6), 0.5);
    }

    // torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10): 0.04 at first,
    // the peak at step 2, 4e-6 at step 9.
    #[test]
    fn one_cycle_goes_up_and_down() {
        let schedule = Schedule::one_cycle(1.0, 10);
        assert_close(schedule.rate(0), 0.04);
        assert_close(schedule.rate(1), 0.52);
        assert_close(schedule.rate(2), 1.0);
        assert_close(schedule.rate(9), 4e-6);
        assert!(schedule.rate(3) < 1.0 && schedule.rate(100) == schedule.rate(9));
    }

    #[test]
    fn a_warm_up_is_a_straight_line_to_the_first_rate() {
        let schedule = Schedule::constant(1.0).warm_up(0.2, 4);
        assert_close(schedule.rate(0), 0.2);
        assert_close(schedule.rate(2), 0.6);
        assert_close(schedule.rate(4), 1.0);
    }

    #[test]
    fn numbers_that_cannot_be_are_mistakes() {
        assert!(Schedule::cosine(1.0, 10).mistakes().is_empty());
        assert_eq!(Schedule::cosine(1.0, 0).mistakes().len(), 1);
        assert_eq!(Schedule::constant(-1.0).mistakes().len(), 1);
        assert_eq!(Schedule::cosine_restarts(1.0, 5).restarts(0.5, 1.0).mistakes().len(), 1);
    }

    #[test]
    fn a_setting_of_another_schedule_is_a_mistake() {
        type Set = fn(Schedule) -> Schedule;
        let settings: [(&str, Set, &[&str]); 5] = [
            ("floor", |schedule| schedule.floor(0.1), &["cosine", "cosine_restarts"]),
            ("restarts", |schedule| schedule.restarts(2.0, 0.5), &["cosine_restarts"]),
            ("end", |schedule| schedule.end(0.1), &["polynomial"]),
            ("power", |schedule| schedule.power(2.0), &["polynomial"]),
            ("cycle", Schedule::cycle, &["polynomial"]),
        ];
        let schedules = [
            Schedule::constant(1.0),
            Schedule::step(1.0, 0.5, 10),
            Schedule::exponential(1.0, 0.5, 10),
            Schedule::cosine(1.0, 10),
            Schedule::cosine_restarts(1.0, 10),
            Schedule::polynomial(1.0, 10),
            Schedule::one_cycle(1.0, 10),
        ];
        for (name, set, owners) in settings {
            for schedule in &schedules {
                let mistakes = set(schedule.clone()).warm_up(0.0, 2).mistakes();
                let fits = owners.contains(&schedule.shape.name());
                assert_eq!(mistakes.is_empty(), fits, "{name} of {schedule:?}: {mistakes:?}");
            }
        }
        assert_eq!(
            Schedule::polynomial(1.0, 10).floor(0.1).restarts(2.0, 1.0).mistakes(),
            [
                "`floor` does nothing to a learning-rate schedule by `polynomial`; it is for \
                 `cosine` and `cosine_restarts`",
                "`restarts` does nothing to a learning-rate schedule by `polynomial`; it is for \
                 `cosine_restarts`",
            ]
        );
    }
}
