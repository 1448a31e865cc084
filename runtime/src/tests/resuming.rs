//! Tests that an interrupted and resumed run ends like an uninterrupted one.

use std::{
    fs,
    path::Path,
    sync::{atomic::AtomicBool, Arc},
};

use multi_input_base::Error;

use super::models::{houses, House, HouseSample};
use crate::{
    callback::{Callback, Event, Flow, Training},
    checkpoint::{CheckpointError, Contents},
    history::{End, History},
    prelude::*,
    untyped::parameters::{self, Parameter},
};

/// Pauses after a number of steps, in the middle of an epoch or at its end.
struct BreakOff(usize);

impl Callback<House> for BreakOff {
    fn name(&self) -> &'static str {
        "BreakOff"
    }
    fn on(
        &mut self,
        event: &Event<'_>,
        training: &mut dyn Training<House>,
    ) -> multi_input_base::Result<Flow> {
        let at = training.position();
        let done = at.epoch * training.plan().steps_per_epoch + at.step;
        let asked = matches!(event, Event::StepEnded { .. });
        Ok(if asked && done == self.0 { Flow::Pause } else { Flow::Continue })
    }
}

const NEVER: usize = usize::MAX;
const EPOCHS: usize = 6;

fn rows() -> (Vec<HouseSample>, Vec<HouseSample>) {
    (houses(50), houses(23))
}

/// All stateful settings at once: two kinds of figures, the optimizer, accumulated gradients,
/// averages, a schedule, a plateau, early stopping with its copy of the weights.
fn trainer(folder: &Path, break_off: usize) -> Trainer<House, Adam> {
    Trainer::new(Adam::new(0.05))
        .epochs(EPOCHS)
        .batch_size(9)
        .accumulate(4)
        .moving_average(MovingAverage::new(0.7))
        .clip(Clip::GlobalNorm(1.0))
        .drop_input(House::age, 0.3)
        .validation_data(&rows().1)
        .seed(Seed(5))
        .resume(folder)
        .progress(Progress::silent())
        .callback(Checkpoint::in_folder(folder).best(Monitor::val_loss()))
        .callback(ReduceOnPlateau::on(Monitor::val_loss()).patience(1).factor(0.5))
        .callback(
            EarlyStopping::on(Monitor::train(House::price, metric::R2)).patience(4).restore_best(),
        )
        .callback(BreakOff(break_off))
}

fn run(folder: &Path, break_off: usize) -> multi_input_base::Result<(Vec<Parameter>, History)> {
    let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
    let history = trainer(folder, break_off).fit(&mut model, &rows().0)?;
    Ok((parameters::read(&model.untyped().module), history))
}

#[test]
fn a_run_goes_on_bit_for_bit_from_any_step() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(&folder.path().join("whole"), NEVER).unwrap();
    assert_eq!(whole.1.end, End::Completed);
    // 6 steps per epoch.
    for step in 1..=6 * EPOCHS {
        let folder = folder.path().join(step.to_string());
        let (_, history) = run(&folder, step).unwrap();
        assert_eq!(history.end, End::Paused, "{step}");
        assert_eq!(run(&folder, NEVER).unwrap(), whole, "{step}");
    }
}

#[test]
fn a_run_may_be_broken_off_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(&folder.path().join("whole"), NEVER).unwrap();
    let parts = folder.path().join("parts");
    for step in (1..=6 * EPOCHS).step_by(3) {
        assert_eq!(run(&parts, step).unwrap().1.end, End::Paused);
    }
    assert_eq!(run(&parts, NEVER).unwrap(), whole);
    // A finished run is not changed by resuming it.
    assert_eq!(run(&parts, NEVER).unwrap(), whole);
}

#[test]
fn early_stopping_that_has_stopped_does_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let stopping = || {
        let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
        let history = Trainer::new(Adam::new(0.3))
            .epochs(100)
            .validation_data(&rows().1)
            .resume(folder.path())
            .callback(Checkpoint::in_folder(folder.path()))
            .callback(EarlyStopping::on(Monitor::val_loss()).patience(2).restore_best())
            .fit(&mut model, &rows().0)
            .unwrap();
        (parameters::read(&model.untyped().module), history)
    };
    let first = stopping();
    assert_eq!(first.1.end, End::Stopped);
    assert_eq!(stopping(), first);
}

#[test]
fn only_the_newest_files_stay_and_each_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), NEVER).unwrap();
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let steps = [24, 30, 36].map(|step| format!("step-{step:010}.safetensors"));
    assert_eq!(names, [&["best.safetensors".to_owned()][..], &steps].concat());
    for name in names {
        let model = Model::<House>::load(folder.path().join(name), &Cpu::default()).unwrap();
        assert!(model.evaluate(&rows().1).is_ok());
    }
}

#[test]
fn a_flag_set_by_a_signal_pauses_with_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let flag = Arc::new(AtomicBool::new(true));
    let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
    let history = Trainer::new(Adam::new(0.05))
        .epochs(EPOCHS)
        .callback(Interrupt::by(flag))
        .callback(Checkpoint::in_folder(folder.path()))
        .fit(&mut model, &rows().0)
        .unwrap();
    assert_eq!((history.end, history.epochs.len()), (End::Paused, 0));
    assert!(folder.path().join("step-0000000001.safetensors").exists());
}

/// The error of resuming.
fn refused(folder: &Path) -> CheckpointError {
    let mut model = Model::<House>::build(&Cpu::default(), Seed(9));
    let before = parameters::read(&model.untyped().module);
    let error = trainer(folder, NEVER).fit(&mut model, &rows().0).unwrap_err();
    assert_eq!(parameters::read(&model.untyped().module), before);
    match error {
        Error::Checkpoint(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_damaged_checkpoint_is_an_error_and_the_last_good_one_still_loads() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(&folder.path().join("whole"), NEVER).unwrap();
    let parts = folder.path().join("parts");
    run(&parts, 20).unwrap();
    let [good, newest] = [18, 20].map(|step| parts.join(format!("step-{step:010}.safetensors")));
    let bytes = fs::read(&newest).unwrap();
    let cut_off = bytes[..bytes.len() / 2].to_vec();
    let tampered: Vec<u8> =
        bytes.iter().enumerate().map(|(i, b)| if i == bytes.len() - 9 { !b } else { *b }).collect();
    for damaged in [cut_off, tampered, Vec::new()] {
        fs::write(&newest, damaged).unwrap();
        let error = refused(&parts).to_string();
        assert!(error.contains("step-0000000020"), "{error}");
        let good = format!("the last good checkpoint is {}", good.display());
        assert!(error.contains(&good), "{error}");
    }
    // Resumed from the valid file by name; the damaged file belongs to later steps and is removed.
    let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
    let history = trainer(&parts, NEVER).resume(&good).fit(&mut model, &rows().0).unwrap();
    assert_eq!((parameters::read(&model.untyped().module), history), whole);
    assert!(!newest.exists());
}

#[test]
fn another_run_is_refused_by_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), 7).unwrap();
    let fit = |trainer: Trainer<House, Adam>, rows: &[HouseSample]| {
        let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
        trainer.fit(&mut model, rows).unwrap_err().to_string()
    };
    let same = || trainer(folder.path(), NEVER);
    let (mut changed, rows) = (rows().0, rows().0);
    changed[3].price += 1.0;
    for (error, part) in [
        (fit(same().batch_size(10), &rows), "`batch_size`: this one has 10, that one 9"),
        (fit(same().seed(Seed(6)), &rows), "`seed`: this one has 6, that one 5"),
        (fit(same(), &rows[..49]), "the number of training rows: this one has 49, that one 50"),
        (fit(same(), &changed), "the values of its rows"),
        (fit(same().callback(TerminateOnNan), &rows), "its callbacks"),
    ] {
        assert!(error.contains(part), "{error}");
    }
    let path = folder.path().join("plain.safetensors");
    Model::<House>::build(&Cpu::default(), Seed(7)).save(&path).unwrap();
    let error = fit(same().resume(&path), &rows);
    assert!(error.contains("holds a model, but no training run"), "{error}");
    let error = fit(same().resume("/nonexistent/step-1.safetensors"), &rows);
    assert!(error.starts_with("cannot read /nonexistent"), "{error}");
}

#[test]
fn a_checkpoint_that_does_not_say_a_setting_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), 7).unwrap();
    let file = folder.path().join("step-0000000007.safetensors");
    Contents::forge(&file, |contents| {
        let run = contents.texts.get_mut("multi_input.run").unwrap();
        let mut json: serde_json::Value = serde_json::from_str(run).unwrap();
        json["settings"].as_array_mut().unwrap().retain(|setting| setting[0] != "`class_weight`");
        *run = json.to_string();
    });
    let error = refused(folder.path()).to_string();
    let expected = "`class_weight`: this one has none, that one nothing, or an earlier version";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn an_older_run_in_the_folder_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), 7).unwrap();
    let mut model = Model::<House>::build(&Cpu::default(), Seed(7));
    let error = Trainer::new(Adam::new(0.1))
        .callback(Checkpoint::in_folder(folder.path()))
        .fit(&mut model, &rows().0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("go on from it with `resume("), "{error}");
}
