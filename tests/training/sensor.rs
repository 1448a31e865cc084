//! A small model with everything that runs differ in.

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    prelude::*,
};

use crate::support::{frozen, parameters, Named};

/// Two inputs that share a branch with dropout, and a square that may overflow.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Sensor {
    #[input]
    #[branch(Dense(4, tanh), Dropout(0.3))]
    left: [f32; 3],
    #[input]
    #[branch(shared = left)]
    right: [f32; 3],
    #[input]
    gain: f32,
    #[merge(multiply(gain, gain))]
    squared: _,
    #[merge(concat(left, right, squared))]
    #[branch(Dense(4, tanh), BatchNorm)]
    joined: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    level: f32,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    alarm: bool,
}

pub fn row(i: usize) -> SensorSample {
    let wave = |k: f32| (i as f32 * k).sin();
    let [left, right] = [[wave(0.7), wave(1.1), wave(0.13)], [wave(0.3), wave(0.9), wave(0.5)]];
    SensorSample {
        left,
        right,
        gain: 1.0,
        level: wave(0.7) - wave(0.3),
        alarm: i.is_multiple_of(3),
    }
}

pub fn rows() -> Vec<SensorSample> {
    (0..48).map(row).collect()
}

/// The third batch of eight overflows.
pub fn poisoned() -> Vec<SensorSample> {
    let mut rows = rows();
    rows[20].gain = 1e30;
    rows
}

pub fn trainer() -> Trainer<Sensor, Sgd> {
    Trainer::new(Sgd::new(0.1)).batch_size(8).seed(Seed(6)).progress(Progress::silent())
}

pub fn build() -> Model<Sensor> {
    Sensor::build(&Cpu::default(), Seed(2))
}

pub fn all(model: &Model<Sensor>) -> Vec<Named> {
    [parameters(model.module()), frozen(model.module())].concat()
}

/// All tensors after training from the same weights.
pub fn fit(trainer: Trainer<Sensor, Sgd>, rows: &[SensorSample]) -> Vec<Named> {
    let mut model = build();
    trainer.fit(&mut model, rows).unwrap();
    all(&model)
}

/// Pauses after so many steps of a process.
pub struct PauseAfter(pub usize);

impl Callback<Sensor> for PauseAfter {
    fn name(&self) -> &'static str {
        "PauseAfter"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Sensor>) -> multi_input::Result<Flow> {
        let Event::StepEnded { .. } = event else { return Ok(Flow::Continue) };
        self.0 = self.0.saturating_sub(1);
        Ok(if self.0 == 0 { Flow::Pause } else { Flow::Continue })
    }
}
