//! `Progress`: displays the progress of training.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use multi_input_base::{Notice, Result};

use super::{rank_speed, AnyCallback, AnyTraining, Event, Flow};
use crate::{history::Figures, short::Short};

/// On a terminal a progress bar with epoch, step, losses, metrics, steps per second and remaining
/// time; otherwise a plain line per epoch, at most one per second. Writes to standard error, and
/// also writes a line for every [`Notice`]. Every trainer has one.
///
/// `verbose` of `keras.Model.fit`.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    shown: Option<Shown>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    /// A bar on a terminal, lines elsewhere.
    Auto,
    Lines,
    Silent,
    Mute,
}

#[derive(Debug)]
enum Shown {
    Bar {
        bar: ProgressBar,
        figures: FiguresClock,
    },
    Lines {
        started: Instant,
        /// The epoch and step at the start of the run.
        first: (usize, usize),
        last_line: Option<Instant>,
    },
}

/// The minimum intervals between updates of the figures in the bar, and between lines.
const BAR_EVERY: Duration = Duration::from_millis(100);
const LINE_EVERY: Duration = Duration::from_secs(1);

/// Computing the figures for the bar takes at most one part in this many of the time.
const FIGURES_SHARE: u32 = 100;

/// Schedules updates of the figures in the bar. Some metrics scan all rows to compute their value,
/// so the interval is a multiple of the time that the last update took.
#[derive(Debug, Default)]
struct FiguresClock {
    due: Option<Instant>,
}

impl FiguresClock {
    fn is_due(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| now >= due)
    }

    /// Records the start and end of an update.
    fn shown(&mut self, asked: Instant, shown: Instant) {
        let cost = shown.saturating_duration_since(asked);
        self.due = shown.checked_add(BAR_EVERY.max(cost.saturating_mul(FIGURES_SHARE)));
    }
}

impl Progress {
    /// A bar on a terminal, lines elsewhere.
    pub fn auto() -> Progress {
        Progress { style: Style::Auto, shown: None }
    }

    /// Lines, also on a terminal.
    pub fn lines() -> Progress {
        Progress { style: Style::Lines, shown: None }
    }

    /// No progress; [notices](multi_input_base::Notice) are still written.
    pub fn silent() -> Progress {
        Progress { style: Style::Silent, shown: None }
    }

    /// Neither progress nor notices, for runs that only compare.
    pub(crate) fn mute() -> Progress {
        Progress { style: Style::Mute, shown: None }
    }

    /// Writes notices in every style but `Mute`, because their causes may ruin the model.
    fn notices(&self, notices: &[Notice]) {
        let write = || notices.iter().for_each(|notice| eprintln!("{notice}"));
        match (&self.shown, self.style) {
            (_, Style::Mute) => {}
            (Some(Shown::Bar { bar, .. }), _) => bar.suspend(write),
            _ => write(),
        }
    }

    fn start(&mut self, training: &dyn AnyTraining) {
        let (run, at) = (training.plan(), training.position());
        self.shown = match self.style {
            Style::Silent | Style::Mute => None,
            Style::Auto if std::io::stderr().is_terminal() => {
                let bar = ProgressBar::new(shown(run.total_steps()))
                    .with_position(shown(run.steps_before(at.epoch, at.step)));
                bar.reset_eta();
                let template = "{prefix} {bar:24} {msg}  {rate}, {elapsed} so far, {eta} left";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                        // A write error is ignored.
                        let _ = write!(text, "{} steps a second", Short(state.per_sec()));
                    };
                    bar.set_style(style.with_key("rate", rate));
                }
                Some(Shown::Bar { bar, figures: FiguresClock::default() })
            }
            _ => Some(Shown::Lines {
                started: Instant::now(),
                first: (at.epoch, at.step),
                last_line: None,
            }),
        };
    }

    fn step(&mut self, training: &dyn AnyTraining, so_far: super::RunningFigures<'_>) {
        let Some(Shown::Bar { bar, figures }) = &mut self.shown else { return };
        bar.inc(1);
        let now = Instant::now();
        if figures.is_due(now) {
            let (run, at) = (training.plan(), training.position());
            bar.set_prefix(format!(
                "epoch {}/{}, step {}/{}",
                at.epoch + 1,
                run.epochs,
                at.step,
                run.steps_per_epoch
            ));
            bar.set_message(so_far.figures().to_string());
            figures.shown(now, Instant::now());
        }
    }

    fn epoch(&mut self, training: &dyn AnyTraining, epoch: usize, figures: &Figures) {
        let run = training.plan();
        match &mut self.shown {
            Some(Shown::Bar { bar, .. }) => {
                bar.set_prefix(format!("epoch {}/{}", epoch + 1, run.epochs));
                let ranks = rank_speed::in_words(training.rank_speeds());
                let ranks = ranks.map(|ranks| format!("; {ranks}")).unwrap_or_default();
                bar.set_message(format!("{figures}{ranks}"));
            }
            Some(Shown::Lines { started, first, last_line }) => {
                let now = Instant::now();
                let recent = last_line.is_some_and(|last| now - last < LINE_EVERY);
                if recent && epoch + 1 < run.epochs {
                    return;
                }
                *last_line = Some(now);
                let at = run.steps_before(epoch + 1, 0);
                let done = at - run.steps_before(first.0, first.1);
                let seconds = started.elapsed().as_secs_f64();
                let left = seconds / done.max(1) as f64 * (run.total_steps() - at) as f64;
                let ranks = rank_speed::in_words(training.rank_speeds());
                eprintln!(
                    "epoch {}/{}: {figures}; {} steps a second, {} left{}",
                    epoch + 1,
                    run.epochs,
                    Short(done as f64 / seconds),
                    in_words(left),
                    ranks.map(|ranks| format!("; {ranks}")).unwrap_or_default()
                );
            }
            None => {}
        }
    }
}

/// A step count in the type of the bar.
fn shown(steps: u128) -> u64 {
    u64::try_from(steps).unwrap_or(u64::MAX)
}

/// `2h 5m`, `3m 20s`, `12s`.
fn in_words(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

impl AnyCallback for Progress {
    fn name(&self) -> &'static str {
        "Progress"
    }

    fn on_main_rank_only(&self) -> bool {
        true
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match event {
            Event::Started => self.start(training),
            Event::Notices { notices } => self.notices(notices),
            Event::StepEnded { so_far, .. } => self.step(training, *so_far),
            Event::EpochEnded { epoch, figures } => self.epoch(training, *epoch, figures),
            Event::Ended => {
                if let Some(Shown::Bar { bar, .. }) = &self.shown {
                    bar.abandon();
                }
                if let (Some(_), Some(reason)) = (&self.shown, &training.history().end_reason) {
                    eprintln!("{reason}");
                }
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Script, *};

    #[test]
    fn figures_take_a_hundredth_of_the_time_at_most() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut clock = FiguresClock::default();
        assert!(clock.is_due(start));
        clock.shown(start, start);
        assert!(!clock.is_due(at(99)) && clock.is_due(at(100)));
        clock.shown(at(100), at(120));
        assert!(!clock.is_due(at(2119)) && clock.is_due(at(2120)));
        // An hour of steps of 1 ms, with figures that take 500 ms.
        let (mut now, mut spent, mut clock) = (0, 0, FiguresClock::default());
        while now < 3_600_000 {
            if clock.is_due(at(now)) {
                clock.shown(at(now), at(now + 500));
                (now, spent) = (now + 500, spent + 500);
            }
            now += 1;
        }
        assert!(spent <= 36_500, "{spent}");
    }

    #[test]
    fn times_are_said_in_two_units() {
        assert_eq!([9.6, 200.0, 7500.0].map(in_words), ["10s", "3m 20s", "2h 5m"]);
    }

    #[test]
    fn the_largest_settings_have_a_last_step() {
        let mut plan = Script::default().plan;
        (plan.epochs, plan.steps_per_epoch) = (usize::MAX, 3);
        assert_eq!(plan.total_steps(), 3 * u128::from(u64::MAX));
        assert_eq!(plan.steps_before(usize::MAX - 1, 2), 3 * u128::from(u64::MAX) - 1);
        assert_eq!([shown(plan.total_steps()), shown(7)], [u64::MAX, 7]);
        let mut script = Script { plan, ..Script::default() };
        let mut lines = Progress::lines();
        for first in [0, usize::MAX - 4] {
            script.position.epoch = first;
            lines.on(&Event::Started, &mut script).unwrap();
            script.run_epochs(&mut lines, &[1.0, 0.5], first);
        }
    }
}
