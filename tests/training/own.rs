//! Callbacks, schedules and optimizers of a user's own.

use std::path::Path;

use multi_input::{
    callback::{Callback, Event, Flow, Memory, RateSchedule, Training},
    data::from_fn,
    history::End,
    kernel::Element,
    optim::Optimizer,
    prelude::*,
    Error,
};

use crate::{
    sensor::{self, all, build, fit, poisoned, rows, trainer, PauseAfter, Sensor},
    support::{parameters, Named},
};

#[test]
fn a_closure_collects_without_shared_ownership() {
    let (mut losses, mut ends) = (Vec::new(), 0);
    let mut model = build();
    trainer()
        .epochs(2)
        .on_event(|event, training| {
            if let Event::StepEnded { loss, .. } = event {
                losses.push((training.position().updates, *loss));
            }
        })
        .on_event(|event, training| -> multi_input::Result<()> {
            if let Event::EpochEnded { epoch: 0, .. } = event {
                training.freeze(Sensor::left, true);
                ends += 1;
            }
            Ok(())
        })
        .fit(&mut model, &rows())
        .unwrap();
    assert_eq!((losses.len(), losses[11].0, ends), (12, 12, 1));
}

#[test]
fn a_closure_stops_training_and_its_error_ends_it() {
    let stop = |event: &Event<'_>, _: &mut dyn Training<Sensor>| match event {
        Event::StepEnded { step: 2, .. } => Flow::Stop,
        _ => Flow::Continue,
    };
    let history = trainer().epochs(3).on_event(stop).fit(&mut build(), &rows()).unwrap();
    assert_eq!((history.end, history.epochs.len()), (End::Stopped, 0));
    let refuse = |_: &Event<'_>, _: &mut dyn Training<Sensor>| {
        Err::<Flow, _>(Error::Device("no space".to_owned()))
    };
    let error = trainer().on_event(refuse).fit(&mut build(), &rows()).unwrap_err();
    assert!(error.to_string().contains("no space"), "{error}");
}

/// Counts steps, in the whole run.
#[derive(Default)]
struct Counter {
    steps: usize,
}

impl Callback<Sensor> for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn on(&mut self, event: &Event<'_>, _: &mut dyn Training<Sensor>) -> multi_input::Result<Flow> {
        self.steps += usize::from(matches!(event, Event::StepEnded { .. }));
        Ok(Flow::Continue)
    }

    fn remember(&self, memory: &mut Memory) {
        memory.put("steps", self.steps as f64);
    }

    fn recall(&mut self, memory: &Memory) {
        self.steps = memory.count("steps");
    }
}

#[test]
fn a_borrowed_callback_has_what_it_collected_and_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |pause_after| {
        let mut counter = Counter::default();
        trainer()
            .epochs(2)
            .resume(folder.path())
            .callback_mut(&mut counter)
            .callback(Checkpoint::in_folder(folder.path()))
            .callback(PauseAfter(pause_after))
            .fit(&mut build(), &rows())
            .unwrap();
        counter.steps
    };
    assert_eq!(run(5), 5);
    assert_eq!(run(usize::MAX), 12);
}

#[test]
fn gradients_are_read_by_node_and_tensor_before_clipping() {
    let (mut calls, mut norms) = (0, Vec::new());
    let mut model = build();
    let before = parameters(model.module());
    trainer()
        .steps_per_epoch(1)
        .clip(Clip::GlobalNorm(1e-3))
        .freeze(Sensor::joined)
        .on_gradients(|gradients| {
            calls += 1;
            let mut sum = 0.0;
            gradients.each(|gradient| {
                let of_node = gradient.name().starts_with(&format!("{}.", gradient.node()));
                assert!(of_node && gradient.node() != "joined", "{gradient:?}");
                assert_eq!(gradient.rows(), None);
                assert_eq!(gradient.shape().iter().product::<usize>(), gradient.len());
                let squares: f64 = gradient.values().iter().map(|g| g * g).sum();
                assert!((gradient.norm() - squares.sqrt()).abs() < 1e-9);
                sum += squares;
            });
            norms.push(gradients.norm());
            assert!((norms[0] - sum.sqrt()).abs() < 1e-9);
            assert_eq!(gradients.position().updates, 0);
            assert_eq!(gradients.get(Sensor::level.name()).map(|found| found.len()), None);
            assert_eq!(gradients.get("level.0.weight").unwrap().shape(), [1, 4]);
        })
        .fit(&mut model, &rows())
        .unwrap();
    assert_eq!(calls, 1);
    assert!(norms[0] > 1e-2);
    // The rate of 0.1 times the limit of the norm.
    let moved = distance(&before, &parameters(model.module()));
    assert!((moved - 1e-4).abs() < 1e-6, "{moved}");
}

fn distance(a: &[Named], b: &[Named]) -> f64 {
    let squares = a
        .iter()
        .zip(b)
        .flat_map(|(a, b)| a.1.iter().zip(&b.1).map(|(a, b)| (a - b).powi(2)).collect::<Vec<_>>());
    squares.sum::<f64>().sqrt()
}

#[test]
fn halved_gradients_are_half_the_rate_also_where_they_accumulate_and_stream() {
    for accumulate in [1, 3] {
        let half = |rate: f64| Trainer::new(Sgd::new(rate)).batch_size(8).accumulate(accumulate);
        let half = |rate: f64| half(rate).epochs(2).progress(Progress::silent());
        let expected = fit(half(0.0625), &rows());
        let mut calls = 0;
        let mut model = build();
        half(0.125)
            .on_gradients(|gradients| {
                calls += 1;
                gradients.scale(0.5);
            })
            .fit(&mut model, &rows())
            .unwrap();
        assert_eq!((all(&model), calls), (expected, 12 / accumulate), "{accumulate}");
    }
    let source = || from_fn(rows);
    let streamed = |trainer: Trainer<Sensor, Sgd>| {
        let mut model = build();
        trainer.fit_from(&mut model, &source()).unwrap();
        all(&model)
    };
    let plain = |rate: f64| Trainer::new(Sgd::new(rate)).progress(Progress::silent());
    let halved = plain(0.5).on_gradients(|gradients| gradients.scale(0.5));
    assert_eq!(streamed(halved), streamed(plain(0.25)));
}

#[test]
fn a_gradient_that_becomes_nan_is_no_step() {
    let mut model = build();
    let before = all(&model);
    let mut trainer = trainer().on_gradients(|gradients| {
        if let Some(mut gradient) = gradients.get("alarm.0.bias") {
            gradient.map(|_, _| f64::NAN);
        }
    });
    trainer = trainer.accumulate(1);
    let error = trainer.fit(&mut model, &rows()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the gradient of `alarm.0.bias` is not finite in epoch 1, step 1"),
        "{error}"
    );
    assert_eq!(all(&model), before);
    // The gradients of the backward pass are checked before.
    let mut calls = 0;
    let error = sensor::trainer()
        .shuffle(Shuffle::Never)
        .on_gradients(|_| calls += 1)
        .fit(&mut build(), &poisoned())
        .unwrap_err();
    assert!(matches!(error, Error::Gradient { .. }) && calls == 2, "{error} {calls}");
}

#[test]
fn a_run_with_changed_gradients_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, pause_after| {
        let folder = folder.path().join(name);
        let mut model = build();
        let history = trainer()
            .epochs(2)
            .accumulate(2)
            .resume(&folder)
            .on_gradients(|gradients| {
                let updates = gradients.position().updates as f64;
                gradients.scale(1.0 / (1.0 + updates));
            })
            .callback(Checkpoint::in_folder(&folder))
            .callback(PauseAfter(pause_after))
            .fit(&mut model, &rows());
        history.map(|_| all(&model))
    };
    let whole = run("whole", usize::MAX).unwrap();
    for step in [1, 5, 6, 7] {
        let name = step.to_string();
        run(&name, step).unwrap();
        assert_eq!(run(&name, usize::MAX).unwrap(), whole, "{step}");
    }
    run("without", 3).unwrap();
    let path = folder.path().join("without");
    let trainer = trainer().epochs(2).accumulate(2).resume(&path);
    let trainer = trainer.callback(Checkpoint::in_folder(&path)).callback(PauseAfter(9));
    let error = trainer.fit(&mut build(), &rows()).unwrap_err().to_string();
    assert!(error.contains("its callbacks"), "{error}");
}

#[test]
fn the_finder_of_a_rate_sees_the_changed_gradients() {
    let (mut model, mut calls) = (build(), 0);
    let before = all(&model);
    let curve = trainer()
        .batch_size(48)
        .on_event(|_, _| -> Flow { unreachable!("the finder has no events") })
        .on_gradients(|gradients| {
            calls += 1;
            gradients.scale(0.0);
        })
        .find_learning_rate(&mut model, &rows())
        .unwrap();
    assert_eq!(calls, curve.points.len());
    assert_eq!(all(&model), before);
}

/// A table that takes sparse steps.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Word {
    #[input]
    #[branch(Embedding(1000, 2))]
    word: u32,
    #[from(word)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    length: f32,
}

#[test]
fn the_gradient_of_a_sparse_table_has_the_rows_of_the_step() {
    let words: Vec<WordSample> =
        [7, 900, 7, 3].map(|word| WordSample { word, length: word as f32 * 1e-3 }).into();
    let train = |rate: f64, factor: f64| {
        let mut model = Word::build(&Cpu::default(), Seed(2));
        let mut seen = Vec::new();
        Trainer::new(Sgd::new(rate))
            .batch_size(2)
            .shuffle(Shuffle::Never)
            .progress(Progress::silent())
            .on_gradients(|gradients| {
                gradients.scale(factor);
                let table = gradients.get("word.0.weight").unwrap();
                assert_eq!((table.node(), table.shape(), table.len()), ("word", &[1000, 2][..], 4));
                seen.push(table.rows().unwrap().to_vec());
            })
            .fit(&mut model, &words)
            .unwrap();
        assert_eq!(seen, [[7, 900], [7, 3]]);
        parameters(model.module())
    };
    assert_eq!(train(0.5, 0.25), train(0.125, 1.0));
}

/// Sign descent with momentum.
#[derive(Clone, Debug)]
struct Lion {
    learning_rate: f64,
    beta: f64,
}

impl Optimizer for Lion {
    fn slots(&self) -> &'static [&'static str] {
        &["momentum"]
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    fn update<E: Element>(&self, _: u64, weights: &mut [E], gradient: &[E], slots: &mut [Vec<E>]) {
        for ((weight, gradient), momentum) in weights.iter_mut().zip(gradient).zip(&mut slots[0]) {
            *momentum = E::of(self.beta) * *momentum + E::of(1.0 - self.beta) * *gradient;
            let sign = if *momentum == E::zero() { 0.0 } else { momentum.as_f64().signum() };
            *weight -= E::of(self.learning_rate * sign);
        }
    }
}

fn of_lion(folder: &Path, beta: f64, pause_after: usize) -> multi_input::Result<Vec<Named>> {
    let mut model = build();
    Trainer::new(Lion { learning_rate: 1e-3, beta })
        .epochs(2)
        .batch_size(8)
        .progress(Progress::silent())
        .resume(folder)
        .callback(Checkpoint::in_folder(folder))
        .callback(PauseAfter(pause_after))
        .fit(&mut model, &rows())?;
    Ok(all(&model))
}

#[test]
fn an_optimizer_of_ones_own_is_saved_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = of_lion(&folder.path().join("whole"), 0.9, usize::MAX).unwrap();
    let parts = folder.path().join("parts");
    of_lion(&parts, 0.9, 5).unwrap();
    let error = of_lion(&parts, 0.8, usize::MAX).unwrap_err().to_string();
    assert!(
        error.contains("the optimizer (at a rate of 1)") && error.contains("beta: 0.8"),
        "{error}"
    );
    assert_eq!(of_lion(&parts, 0.9, usize::MAX).unwrap(), whole);
}

/// 1 / sqrt(t), from a peak.
struct InverseRoot {
    peak: f64,
}

impl RateSchedule for InverseRoot {
    fn rate(&self, number: u64) -> f64 {
        self.peak / (1.0 + number as f64).sqrt()
    }
}

#[test]
fn a_schedule_of_ones_own_sets_the_rate_and_is_compared_on_resuming() {
    let folder = tempfile::tempdir().unwrap();
    let run = |schedule: LearningRateSchedule, pause_after| {
        trainer()
            .epochs(2)
            .resume(folder.path())
            .callback(schedule)
            .callback(Checkpoint::in_folder(folder.path()))
            .callback(PauseAfter(pause_after))
            .fit(&mut build(), &rows())
    };
    let of = |peak: f64| LearningRateSchedule::by_step(InverseRoot { peak });
    run(of(0.1), 5).unwrap();
    let error = run(of(0.2), 5).unwrap_err().to_string();
    assert!(error.contains("`LearningRateSchedule`") && error.contains("0.2 at 0"), "{error}");
    let history = run(LearningRateSchedule::by_step(|t: u64| 0.1 / (1.0 + t as f64).sqrt()), 9);
    let rates = history.unwrap().learning_rates;
    assert!((rates[1] - 0.1 / 13f64.sqrt()).abs() < 1e-12, "{rates:?}");
}

#[test]
fn a_schedule_that_falls_below_zero_ends_the_run() {
    let schedule = LearningRateSchedule::by_step(|t: u64| 0.02 - 0.01 * t as f64);
    let error = trainer().callback(schedule).fit(&mut build(), &rows()).unwrap_err().to_string();
    assert!(error.starts_with("the learning-rate schedule gives -0.00999"), "{error}");
}
