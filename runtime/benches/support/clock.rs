//! Times of the steps of `Trainer::fit`.

use std::{cell::RefCell, rc::Rc, time::Instant};

use super::busy::busy;
use multi_input::{
    callback::{Callback, Event, Flow, Training},
    definition::{Definition, Network},
    prelude::{Adam, Cpu, Model, Progress, Seed, Trainer},
    Result,
};

/// Records the time at the end of every epoch.
struct Clock(Times);

/// The ends of the epochs.
type Times = Rc<RefCell<Vec<Moment>>>;

/// A time by the clock, and the processor seconds of all threads until then where the system
/// provides them.
#[derive(Clone, Copy)]
pub struct Moment {
    at: Instant,
    busy: Option<f64>,
}

impl Moment {
    /// The current time.
    pub fn now() -> Moment {
        Moment { at: Instant::now(), busy: busy() }
    }

    /// Seconds by the clock since `earlier`.
    pub fn since(self, earlier: Moment) -> f64 {
        (self.at - earlier.at).as_secs_f64()
    }

    /// Processor seconds since `earlier`; NaN where the system does not provide them.
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

/// The ends of `epochs` epochs of `Trainer::fit` with Adam. The time between two of them is that of
/// the steps of an epoch only.
pub fn epochs<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    epochs: usize,
) -> Result<Vec<Moment>> {
    let mut model = Model::<M>::build(&Cpu::default(), Seed(1));
    let times = Times::default();
    Trainer::on_one_thread(Adam::new(1e-3))
        .epochs(epochs)
        .batch_size(batch)
        .progress(Progress::silent())
        .callback(Clock(times.clone()))
        .fit(&mut model, rows)?;
    Ok(times.take())
}

/// The milliseconds of a step in the fastest epoch, measured for at least `seconds`. Many short
/// epochs make it likely that other programs do not disturb some of them.
pub fn least_step<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    seconds: f64,
) -> Result<f64> {
    Ok(step_times::<M>(rows, batch, seconds)?.into_iter().fold(f64::INFINITY, f64::min))
}

/// The milliseconds of a step in the median epoch, measured for at least `seconds`.
pub fn median_step<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    seconds: f64,
) -> Result<f64> {
    Ok(median(step_times::<M>(rows, batch, seconds)?))
}

/// The median; of an even count the larger of the two middle values.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The mean milliseconds of a step for each epoch.
fn step_times<M: Network<f32, Cpu>>(
    rows: &[M::Sample],
    batch: usize,
    seconds: f64,
) -> Result<Vec<f64>> {
    let steps = rows.len().div_ceil(batch) as f64;
    let (mut times, start) = (Vec::new(), Moment::now());
    while times.is_empty() || Moment::now().since(start) < seconds {
        // The first epoch allocates buffers and is not measured.
        let moments = epochs::<M>(rows, batch, 6)?;
        times.extend(moments.windows(2).map(|pair| 1e3 * pair[1].since(pair[0]) / steps));
    }
    Ok(times)
}
