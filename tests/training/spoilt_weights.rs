//! Steps that make weights or running statistics NaN or infinite while losses and gradients are numbers.

use std::{fs, path::Path};

use multi_input::{
    callback::{Callback, Event, Flow, Snapshot, Training},
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
    let expected =
        "the weights `left.0.weight` are not finite after epoch 1, step 6 (both from 1): \
                    lower the learning rate";
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
    // The callbacks behind it hear of the end, and restore the best weights.
    let mut model = build();
    let sets = RateAfter { updates: 8, rate: f64::NAN, flow: Flow::Continue };
    let best = EarlyStopping::on(Monitor::loss()).patience(9).restore_best();
    let ends = trainer().epochs(2).callback(sets).callback(best);
    assert!(ends.fit(&mut model, &rows()).is_err());
    assert_eq!(all(&model), fit(trainer(), &rows()));
}

/// Restores the weights of step 4 where the weights are spoilt, and pauses.
#[derive(Default)]
struct Restores(Option<Snapshot>);

impl Callback<Sensor> for Restores {
    fn name(&self) -> &'static str {
        "Restores"
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn Training<Sensor>) -> Result<Flow> {
        match event {
            Event::StepEnded { step: 3, .. } => self.0 = Some(training.snapshot()?),
            Event::NotFinite { .. } => {
                training.set_learning_rate(0.1);
                self.0.iter().try_for_each(|snapshot| training.restore(snapshot))?;
                return Ok(Flow::Pause);
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

#[test]
fn a_run_whose_weights_were_restored_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let saving = |updates| {
        let trainer = trainer().callback(too_high_after(updates)).callback(Restores::default());
        trainer.callback(Checkpoint::in_folder(folder.path())).resume(folder.path())
    };
    let mut model = build();
    assert_eq!(saving(4).fit(&mut model, &rows()).unwrap().end, End::Paused);
    let mut model = build();
    assert_eq!(saving(0).fit(&mut model, &rows()).unwrap().end, End::Completed);
}

#[test]
fn weights_that_are_not_finite_before_the_first_step_are_refused() {
    let rows: Vec<WordSample> = (0..9).map(|word| WordSample { word, count: 2.0 }).collect();
    let trainer = || Trainer::new(Sgd::new(0.1)).progress(Progress::silent());
    let mut model = Word::build(&Cpu::default(), Seed(2));
    // A row that no training row looks up.
    let layer = &mut model.module_mut().word.0;
    let mut weights = layer.weight.as_vec();
    weights[7_000] = f32::NAN;
    layer.weight.copy_from(&weights);
    let error = trainer().fit(&mut model, &rows).unwrap_err().to_string();
    assert_eq!(
        error,
        "`Trainer::fit`: the weights `word.0.weight` have NaN or infinite elements before the first \
         step: freeze their branch, or build or load the model anew"
    );
    trainer().freeze(Word::word).fit(&mut model, &rows).unwrap();
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
    let error = trainer().fit(&mut model, &rows(1e25)).unwrap_err().to_string();
    let (found, kept) = (
        "the running statistics `weight.0.running_var` are not finite in epoch 1, step 3",
        "the model has the weights from before this step",
    );
    assert!(error.starts_with(found) && error.contains(kept), "{error}");
    let mut good = build();
    trainer().steps_per_epoch(2).fit(&mut good, &rows(20.0)).unwrap();
    assert_eq!(model.snapshot().unwrap(), good.snapshot().unwrap());
}
