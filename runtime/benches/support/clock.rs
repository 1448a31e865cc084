//! How long the steps of `Trainer::fit` take.

use std::{cell::RefCell, rc::Rc, time::Instant};

use super::busy::busy;
use multi_input::{
    callback::{Callback, Event, Flow, Training},
    definition::{Definition, Network},
    prelude::{Adam, Cpu, Model, Progress, Seed, Trainer},
    Result,
};

/// Takes the time whenever an epoch ends.
struct Clock(Times);

/// When each epoch ended, and how long the process had been busy.
type Times = Rc<RefCell<Vec<Moment>>>;

/// A moment, and how many seconds all threads had run until then, where the system says so.
#[derive(Clone, Copy)]
pub struct Moment {
    at: Instant,
    busy: Option<f64>,
}

impl Moment {
    /// This one.
    pub fn now() -> Moment {
        Moment { at: Instant::now(), busy: busy() }
    }

    /// Seconds by the clock since an earlier one.
    pub fn since(self, earlier: Moment) -> f64 {
        (self.at - earlier.at).as_secs_f64()
    }

    /// Seconds that threads ran since an earlier one; NaN where the system does not say.
    pub fn busy_since(self, earlier: Moment) -> f64 {
        self.busy.zip(earlier.busy).map_or(f64::NAN, |(after, before)| after - before)
    }
}

impl<M: Definition> Callback<M> for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<M>) -> Result<Flow> {
        if let Event::EpochEnded { .. } = event {
            self.0.borrow_mut().push(Moment::now());
        }
        Ok(Flow::Continue)
    }
}

/// When the epochs of `Trainer::fit` with Adam ended, one for each of so many `epochs`. The time
/// from one to the next is that of the steps of an epoch, and of nothing else.
pub fn epochs<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    epochs: usize,
) -> Result<Vec<Moment>> {
    let mut model = Model::<M>::build(&Cpu::default(), Seed(1));
    let times = Times::default();
    Trainer::new(Adam::new(1e-3))
        .epochs(epochs)
        .batch_size(batch)
        .progress(Progress::silent())
        .callback(Clock(times.clone()))
        .fit(&mut model, rows)?;
    Ok(times.take())
}

/// The milliseconds of the fastest step, as far as whole epochs tell. Epochs are as short as they
/// can be, and there are many: on a machine that others use too some of them are left in peace.
/// Goes on for at least `seconds`.
pub fn least_step<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    seconds: f64,
) -> Result<f64> {
    Ok(step_times::<M>(rows, batch, seconds)?.into_iter().fold(f64::INFINITY, f64::min))
}

/// The milliseconds of the median step, as far as whole epochs tell. Goes on for at least `seconds`.
pub fn median_step<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    seconds: f64,
) -> Result<f64> {
    Ok(median(step_times::<M>(rows, batch, seconds)?))
}

/// The middle one of some numbers, or the larger one of the two in the middle.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The milliseconds that a step took on the average of each epoch.
fn step_times<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    seconds: f64,
) -> Result<Vec<f64>> {
    let steps = rows.len().div_ceil(batch) as f64;
    let (mut times, start) = (Vec::new(), Moment::now());
    while times.is_empty() || Moment::now().since(start) < seconds {
        // The first epoch, which makes the buffers, is only where the clock starts.
        let moments = epochs::<M>(rows, batch, 6)?;
        times.extend(moments.windows(2).map(|pair| 1e3 * pair[1].since(pair[0]) / steps));
    }
    Ok(times)
}
