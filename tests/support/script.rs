//! A model whose validation loss follows a script, to see what callbacks make of it.

use std::{cell::RefCell, rc::Rc};

use dfdx::tensor::Cpu;
use multi_input::{
    callback::{Callback, Event, Flow, Progress, Training},
    kernel::Element,
    multi_input_model,
    optim::Optimizer,
    train::Trainer,
    Model, Seed,
};

/// A model whose validation loss is whatever [`Script`] says, on [`VALIDATION`].
#[multi_input_model(allow(same_operand))]
#[derive(Clone)]
pub struct Course {
    #[input]
    #[branch(Dense(1))]
    level: [f32; 3],
    /// 0, or NaN if the level is infinite.
    #[merge(subtract(level, level))]
    nothing: _,
    #[merge(add(level, nothing))]
    #[output(loss = mae)]
    y: f32,
}

pub const TRAINING: CourseSample = CourseSample { level: [0.0; 3], y: 0.0 };
pub const VALIDATION: CourseSample = CourseSample { level: [1.0, 1e30, 0.0], y: 0.0 };

/// Sets the weight of [`Course`] to `[loss, 0, epoch]`, whatever the gradient, or to what makes the
/// level of the validation row infinite. (Training would end if its own loss were no number.)
#[derive(Clone, Debug)]
pub struct Script {
    course: Vec<f64>,
    learning_rate: f64,
}

impl Script {
    pub fn new(course: &[f64]) -> Script {
        Script { course: course.to_vec(), learning_rate: 1.0 }
    }
}

impl Optimizer for Script {
    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn mistakes(&self) -> Vec<String> {
        Vec::new()
    }

    fn update<E: Element>(&self, step: u64, weights: &mut [E], _: &[E], _: &mut [Vec<E>]) {
        // The bias has another size and stays 0.
        if weights.len() == 3 {
            let epoch = step - 1;
            let loss = self.course[epoch as usize];
            let (known, huge) = if loss.is_nan() { (0.0, 1e300) } else { (loss, 0.0) };
            weights.copy_from_slice(&[known, huge, epoch as f64].map(E::of));
        }
    }
}

/// The learning rate after every epoch of a course, from a rate of 1.
pub fn rates(course: &[f64], callback: impl Callback<Course> + 'static) -> Vec<f64> {
    let mut model = Model::<Course, f64>::build(&Cpu::default(), Seed(0));
    let rates = Rc::default();
    Trainer::on_one_thread(Script::new(course))
        .epochs(course.len())
        .validation_data(&[VALIDATION])
        .progress(Progress::silent())
        .callback(callback)
        .callback(Rates(Rc::clone(&rates)))
        .fit(&mut model, &[TRAINING])
        .unwrap();
    rates.take()
}

/// Notes the learning rate after every epoch.
struct Rates(Rc<RefCell<Vec<f64>>>);

impl Callback<Course> for Rates {
    fn name(&self) -> &'static str {
        "Rates"
    }
    fn on(
        &mut self,
        event: &Event<'_>,
        training: &mut dyn Training<Course>,
    ) -> multi_input::Result<Flow> {
        if let Event::EpochEnded { .. } = event {
            self.0.borrow_mut().push(training.learning_rate());
        }
        Ok(Flow::Continue)
    }
}
