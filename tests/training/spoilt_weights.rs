//! Steps that make weights or running statistics NaN or infinite while losses and gradients are numbers.

use std::{fs, path::Path};

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    history::End,
    prelude::*,
    Error, Result,
};

use crate::sensor::{all, build, fit, rows, trainer, Sensor};

/// Sets a learning rate after so many steps of a run, and ends a run with weights that are spoilt as it
/// is told to.
struct RateAfter {
    updates: u64,
    rate: f64,
    flow: Flow,
}

impl Callback<Sensor> for RateAfter {
    fn name(&self) -> &'static str {
        "RateAfter"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<Sensor>) -> Result<Flow> {
        match event {
            Event::StepEnded { .. } if training.position().updates == self.updates => {
                training.set_learning_rate(self.rate);
                Ok(Flow::Continue)
            }
            Event::NotFinite { .. } => Ok(self.flow),
            _ => Ok(Flow::Continue),
        }
    }
}

/// The rate is a number, but overflows in `f32`.
const TOO_HIGH: f64 = 1e300;

fn too_high_after(updates: u64) -> RateAfter {
    RateAfter { updates, rate: TOO_HIGH, flow: Flow::Continue }
}

/// Where the step that spoils the weights is reported, with epoch and step from 1.
fn spoilt_at(result: Result<impl std::fmt::Debug>) -> (String, usize, usize) {
    match result {
        Err(Error::Weights { tensor, epoch, step }) => (tensor, epoch, step),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_that_spoils_the_weights_is_an_error_of_this_step() {
    // Six steps in an epoch. After the last step of a run no loss would tell.
    for (updates, epoch, step) in [(4, 1, 5), (5, 1, 6), (6, 2, 1), (11, 2, 6)] {
        let trainer = trainer().epochs(2).callback(too_high_after(updates));
        let found = spoilt_at(trainer.fit(&mut build(), &rows()));
        assert_eq!(found, ("left.0.weight".to_owned(), epoch, step));
    }
    let error = trainer().callback(too_high_after(5)).fit(&mut build(), &rows()).unwrap_err();
    let expected = "`left.0.weight` is not finite after epoch 1, step 6 (both from 1): lower the \
                    learning rate";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn spoilt_weights_are_never_saved() {
    let checkpoints = |folder: &Path| -> Vec<String> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    // Of the last good step, whatever a callback asks for.
    const LAST: &str = "step-0000000004.safetensors";
    for flow in [Flow::Continue, Flow::Pause, Flow::Stop] {
        let folder = tempfile::tempdir().unwrap();
        let saving = |callback: RateAfter| {
            let checkpoint = Checkpoint::in_folder(folder.path()).every_steps(1).keep(1);
            trainer().callback(callback).callback(checkpoint).resume(folder.path())
        };
        let spoils = RateAfter { flow, ..too_high_after(4) };
        let (_, epoch, step) = spoilt_at(saving(spoils).fit(&mut build(), &rows()));
        assert_eq!((epoch, step), (1, 5), "{flow:?}");
        assert_eq!(checkpoints(folder.path()), [LAST], "{flow:?}");
        let saved = Model::<Sensor>::load(folder.path().join(LAST), &Cpu::default()).unwrap();
        assert_eq!(all(&saved), fit(trainer().steps_per_epoch(4), &rows()));
    }
}

#[test]
fn other_weights_may_be_restored_in_the_end() {
    // The averages are those of the good steps.
    let averages = || trainer().moving_average(MovingAverage::new(0.5));
    let mut model = build();
    let ends = averages().callback(too_high_after(4)).callback(TerminateOnNan);
    assert_eq!(ends.fit(&mut model, &rows()).unwrap().end, End::Stopped);
    assert_eq!(all(&model), fit(averages().steps_per_epoch(4), &rows()));

    let best = || EarlyStopping::on(Monitor::loss()).patience(9).restore_best();
    let mut model = build();
    let ends = trainer().epochs(2).callback(too_high_after(8)).callback(best());
    ends.callback(TerminateOnNan).fit(&mut model, &rows()).unwrap();
    assert_eq!(all(&model), fit(trainer(), &rows()));

    let ends = trainer().callback(too_high_after(4)).callback(TerminateOnNan);
    spoilt_at(ends.fit(&mut build(), &rows()));
}

#[test]
fn a_callback_cannot_set_a_learning_rate_that_is_no_number_of_at_least_0() {
    for (rate, found) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-0.1, "-0.1")] {
        let mut model = build();
        let sets = RateAfter { updates: 4, rate, flow: Flow::Continue };
        let error = trainer().callback(sets).fit(&mut model, &rows()).unwrap_err().to_string();
        let expected = format!(
            "the callback `RateAfter` sets the learning rate to {found}; it must be a number of at \
             least 0"
        );
        assert_eq!(error, expected);
        assert_eq!(all(&model), fit(trainer().steps_per_epoch(4), &rows()));
    }
}

#[test]
fn a_range_test_ends_where_the_weights_are_spoilt() {
    let mut model = build();
    let curve = trainer().find_learning_rate(&mut model, &rows()).unwrap();
    assert!(!curve.points.is_empty());
    assert_eq!(all(&model), all(&build()));
}

/// A table with sparse updates.
#[multi_input_model]
#[derive(Clone, Debug)]
struct Word {
    #[input]
    #[branch(Embedding(20_000, 4))]
    word: u32,
    #[from(word)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    count: f32,
}

#[test]
fn a_row_of_a_sparse_table_that_is_spoilt_names_the_table() {
    let rows: Vec<WordSample> =
        (0..9).map(|word| WordSample { word: word * 2_000, count: 2.0 }).collect();
    let mut model = Word::build(&Cpu::default(), Seed(2));
    let trainer = Trainer::new(Sgd::new(TOO_HIGH)).progress(Progress::silent());
    let found = spoilt_at(trainer.fit(&mut model, &rows));
    assert_eq!(found, ("word.0.weight".to_owned(), 1, 1));
}

/// Numbers whose variance overflows, while what is normalised by it stays finite.
#[multi_input_model]
#[derive(Clone, Debug)]
struct Scale {
    #[input]
    #[branch(BatchNorm)]
    weight: [f32; 2],
    #[from(weight)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn running_statistics_that_overflow_are_an_error_and_stay_as_they_were() {
    let rows = |heaviest: f32| -> Vec<ScaleSample> {
        let row = |i: usize| {
            let weight = if i == 20 { heaviest } else { i as f32 };
            ScaleSample { weight: [weight, 1.0], price: i as f32 * 0.1 }
        };
        (0..24).map(row).collect()
    };
    let build = || Scale::build(&Cpu::default(), Seed(2));
    let trainer = || {
        let trainer = Trainer::new(Sgd::new(0.1)).batch_size(8).shuffle(Shuffle::Never);
        trainer.progress(Progress::silent())
    };
    let mut model = build();
    let (tensor, epoch, step) = spoilt_at(trainer().fit(&mut model, &rows(1e25)));
    assert_eq!((&*tensor, epoch, step), ("weight.0.running_var", 1, 3));
    let mut good = build();
    trainer().steps_per_epoch(2).fit(&mut good, &rows(20.0)).unwrap();
    assert_eq!(model.snapshot().unwrap(), good.snapshot().unwrap());
}
