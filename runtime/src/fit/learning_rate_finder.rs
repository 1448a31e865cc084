//! The learning rate finder.

use std::{cell::RefCell, path::Path, rc::Rc};

use multi_input_base::{Error, Result};
use multi_input_data::Table;
use multi_input_kernel::{Backend, Element};

use super::setup::{Checked, Setup};
use crate::{
    callback::{AnyCallback, AnyTraining, Event, Flow, Gradients},
    plot,
    untyped::UntypedModel,
};

/// The loss of a batch at each learning rate, in increasing order of the rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningRateCurve {
    /// Pairs of learning rate and batch loss.
    pub points: Vec<(f64, f64)>,
}

/// The rates form a geometric sequence from `FIRST` to `LAST`.
const FIRST: f64 = 1e-7;
const LAST: f64 = 10.0;
const STEPS: usize = 200;
/// The number of rates over which the decrease is measured.
const WINDOW: usize = STEPS / 10;
/// The weight of the previous value in the exponential moving average.
const SMOOTHING: f64 = 0.9;
/// Training stops once the smoothed loss has risen by this multiple of its fall.
const LOST: f64 = 4.0;

impl LearningRateCurve {
    /// The losses smoothed by an exponential moving average with bias correction.
    pub fn smoothed(&self) -> Vec<(f64, f64)> {
        let (mut mean, mut weight) = (0.0, 0.0);
        let smooth = |&(rate, loss): &(f64, f64)| {
            mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss;
            weight = SMOOTHING * weight + (1.0 - SMOOTHING);
            (rate, mean / weight)
        };
        self.points.iter().map(smooth).collect()
    }

    /// The rate at which the smoothed loss decreases fastest; `None` if it never decreases. The
    /// decrease is measured over a tenth of the rates, because the difference between two batches
    /// is mostly noise.
    pub fn suggestion(&self) -> Option<f64> {
        let smoothed = self.smoothed();
        let lowest = smoothed.iter().enumerate().min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1))?.0;
        // The rates are evenly spaced in their logarithm, so differences are proportional to
        // derivatives. The first tenth is skipped, because the average has not settled there.
        let falls = smoothed[..=lowest].windows(WINDOW).skip(WINDOW);
        let falls = falls.map(|window| (window[WINDOW - 1].1 - window[0].1, window[WINDOW / 2].0));
        let (fall, rate) = falls.min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (fall < 0.0).then_some(rate)
    }

    /// Whether the smoothed loss has risen so far above its minimum that it will not come back. The
    /// rise is compared with the fall before, at least with the range of the first [`WINDOW`] losses,
    /// which is noise: the zero of a loss has no meaning, and some are negative.
    fn is_lost(&self) -> bool {
        let smoothed = self.smoothed();
        if smoothed.len() <= WINDOW {
            return false;
        }
        let lower = |a: &(f64, f64), b: &(f64, f64)| a.1.total_cmp(&b.1);
        let by_loss = smoothed.iter().enumerate().min_by(|(_, a), (_, b)| lower(a, b));
        let (Some((at, (_, lowest))), Some((_, last))) = (by_loss, smoothed.last()) else {
            return false;
        };
        let before = smoothed[..WINDOW.max(at)].iter().map(|(_, loss)| *loss);
        let highest = before.fold(f64::NEG_INFINITY, f64::max);
        last - lowest > LOST * (highest - lowest)
    }

    /// Draws the curve over a logarithmic axis.
    ///
    /// # Errors
    /// [`Error::File`](multi_input_base::Error::File).
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        let series = |name: &str, points: Vec<(f64, f64)>, dashed| plot::Series {
            name: name.to_owned(),
            points,
            dashed,
        };
        let panel = plot::Panel {
            title: match self.suggestion() {
                Some(rate) => format!("suggested: {rate:.1e}"),
                None => "the loss never falls".to_owned(),
            },
            x_title: "learning rate",
            x_scale: plot::XScale::Logarithmic,
            series: vec![
                series("smoothed", self.smoothed(), false),
                series("loss", self.points.clone(), true),
            ],
        };
        plot::write(path.as_ref(), &plot::panel(&panel))
    }
}

impl<'c> Setup<'c> {
    /// This setup with the settings of the finder: one epoch of `STEPS` steps, no callbacks
    /// except on gradients, no validation.
    pub(crate) fn finding_a_rate(mut self) -> Setup<'c> {
        let callbacks = std::mem::take(&mut self.callbacks).into_iter();
        let only_gradients = |callback| Box::new(OnlyGradients(callback)) as Box<dyn AnyCallback>;
        self.callbacks = callbacks.map(only_gradients).collect();
        self.validation = super::ValidationRows::None;
        self.progress = crate::callback::Progress::silent();
        (self.settings.resume, self.settings.initial_epoch) = (None, 0);
        (self.settings.epochs, self.settings.steps_per_epoch) = (1, Some(STEPS));
        self
    }
}

impl Checked<'_> {
    /// Records the losses at increasing rates, then restores the model.
    pub(crate) fn find_learning_rate<E: Element, D: Backend<E>>(
        mut self,
        model: &mut UntypedModel<E, D>,
        raw: Table,
    ) -> Result<LearningRateCurve> {
        let curve = Rc::new(RefCell::new(LearningRateCurve::default()));
        let ramp = Ramp { curve: Rc::clone(&curve) };
        self.setup.callbacks.push(Box::new(ramp));
        let (before, preprocessing) = (model.snapshot(), model.preprocessing.clone());
        let (taken, coverage) = (model.taken.clone(), model.coverage.clone());
        let (initial, uncertainty) = (model.initial, model.uncertainty.clone());
        let trained = self.fit(model, raw);
        model.restore(&before)?;
        (model.preprocessing, model.taken, model.initial) = (preprocessing, taken, initial);
        (model.coverage, model.uncertainty) = (coverage, uncertainty);
        match trained {
            // The curve ends at a rate that spoils the weights, as where the loss diverges.
            Ok(_) | Err(Error::Weights { .. }) => {}
            Err(error) => return Err(error),
        }
        let found = curve.borrow().clone();
        Ok(found)
    }
}

/// A callback that only changes gradients, which the loss at every rate depends on.
struct OnlyGradients<'c>(Box<dyn AnyCallback + 'c>);

impl AnyCallback for OnlyGradients<'_> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn on(&mut self, _: &Event<'_>, _: &mut dyn AnyTraining) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    fn gradients(&mut self, gradients: &mut Gradients<'_>) {
        self.0.gradients(gradients);
    }
}

/// The callback that raises the rate from step to step until the loss diverges.
struct Ramp {
    curve: Rc<RefCell<LearningRateCurve>>,
}

fn rate(step: usize) -> f64 {
    FIRST * (LAST / FIRST).powf(step as f64 / (STEPS - 1) as f64)
}

impl AnyCallback for Ramp {
    fn name(&self) -> &'static str {
        "Ramp"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        match event {
            Event::Started => training.set_learning_rate(rate(0)),
            Event::StepEnded { step, loss, .. } => {
                let mut curve = self.curve.borrow_mut();
                curve.points.push((rate(*step), *loss));
                if curve.is_lost() {
                    return Ok(Flow::Stop);
                }
                training.set_learning_rate(rate(step + 1));
            }
            Event::NotFinite { .. } => return Ok(Flow::Stop),
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of steps after which a ramp with this loss stops.
    fn steps(loss: impl Fn(f64) -> f64) -> usize {
        let mut curve = LearningRateCurve::default();
        (0..STEPS)
            .find(|step| {
                curve.points.push((rate(*step), loss(rate(*step))));
                curve.is_lost()
            })
            .unwrap_or(STEPS)
    }

    #[test]
    fn a_ramp_stops_at_the_same_rate_wherever_the_loss_is_zero() {
        let loss = |rate: f64| match rate.log10() {
            x if x < -3.0 => 1.0,
            x if x < -1.0 => 1.0 - 0.4 * (x + 3.0),
            x => 0.2 + 20.0 * (x + 1.0),
        };
        let stop = steps(loss);
        assert!((1e-1..1.0).contains(&rate(stop)), "{}", rate(stop));
        for shift in [-100.0, -0.6, 50.0] {
            assert_eq!(steps(|rate| loss(rate) + shift), stop, "{shift}");
        }
        // A flat and noisy loss is not lost, and neither is one that falls below zero.
        assert_eq!(steps(|rate| (rate.log10() * 1e4).sin() - 3.0), STEPS);
        assert_eq!(steps(|rate| -rate.log10()), STEPS);
    }

    #[test]
    fn the_suggestion_is_where_the_loss_falls_fastest() {
        // Flat, then down between 1e-3 and 1e-1, then up.
        let loss = |rate: f64| match rate.log10() {
            x if x < -3.0 => 1.0,
            x if x < -1.0 => 1.0 - 0.4 * (x + 3.0),
            x => 0.2 + 5.0 * (x + 1.0),
        };
        let points = (0..STEPS).map(|step| (rate(step), loss(rate(step)))).collect();
        let found = LearningRateCurve { points }.suggestion().unwrap();
        assert!((1e-3..1e-1).contains(&found), "{found}");
        let points = (0..STEPS).map(|step| (rate(step), 1.0 + step as f64)).collect();
        assert_eq!(LearningRateCurve { points }.suggestion(), None);
        assert_eq!(LearningRateCurve::default().suggestion(), None);
    }
}
