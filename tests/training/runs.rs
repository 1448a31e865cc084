//! Runs that cannot go on, and settings that go too far.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use multi_input::{
    callback::{Callback, Event, Flow, Freeze, JsonLog, Training},
    data::from_fn,
    history::End,
    prelude::*,
    with_threads, Error,
};

use crate::sensor::{
    all, build, fit, poisoned, row, rows, trainer, PauseAfter, Sensor, SensorSample,
};

#[test]
fn a_source_is_told_all_mistakes_at_once() {
    let trainer = trainer().epochs(0).clip(Clip::Norm(-1.0)).validation_split(0.2);
    let trainer = trainer.freeze(Sensor::squared).class_weight(Sensor::alarm, [(2, 1.0)]);
    let error = trainer.fit_from(&mut build(), &rows()).unwrap_err().to_string();
    for part in [
        "`validation_split` needs the rows in memory",
        "`epochs` must be at least 1",
        "the limit of `clip` must be a number above 0, but is -1",
        "the branch of `squared` has nothing that learns",
        "output `alarm` has a weight for class 2, but its classes are 0 to 1",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_wrong_weight_in_the_last_row_of_a_source_is_said_before_the_first_step() {
    let passes = AtomicUsize::new(0);
    let source = from_fn(|| {
        passes.fetch_add(1, Ordering::SeqCst);
        (0..48).map(row)
    });
    let last = rows()[47].level;
    for wrong in [-1.0, f32::NAN, f32::INFINITY] {
        let mut model = build();
        let weight = move |row: &SensorSample| if row.level == last { wrong } else { 1.0 };
        let trainer = trainer().sample_weight(Sensor::level, weight);
        let trainer = trainer.sample_weight(Sensor::alarm, |row| row.level.min(0.0));
        passes.store(0, Ordering::SeqCst);
        let error = trainer.fit_from(&mut model, &source).unwrap_err().to_string();
        let of_level = format!("the sample weight of row 47 for output `level` must be a number of at least 0, but is {wrong}");
        assert!(error.contains(&of_level), "{error}");
        assert!(error.contains("the sample weight of row 4 for output `alarm`"), "{error}");
        assert_eq!((all(&model), passes.load(Ordering::SeqCst)), (all(&build()), 1));
    }
}

#[test]
fn a_step_that_fails_leaves_the_weights_before_it_and_no_averages() {
    let trainer = || trainer().shuffle(Shuffle::Never);
    let averages = || trainer().moving_average(MovingAverage::new(0.5));
    let two_steps = fit(trainer().steps_per_epoch(2), &rows());
    for trainer in [trainer(), averages(), averages().freeze(Sensor::level)] {
        let frozen = trainer.fit(&mut build(), &poisoned()).unwrap_err();
        assert!(matches!(frozen, Error::Gradient { .. } | Error::NotFinite { .. }), "{frozen}");
    }
    let mut model = build();
    averages().fit(&mut model, &poisoned()).unwrap_err();
    assert_eq!(all(&model), two_steps);
    // In the first step there are none yet.
    let mut model = build();
    let mut first = poisoned();
    first.swap(0, 20);
    averages().fit(&mut model, &first).unwrap_err();
    assert_eq!(all(&model), all(&build()));
    // Where a callback ends the run instead, it has ended: the model gets the averages.
    let ended = fit(averages().callback(TerminateOnNan), &poisoned());
    assert_eq!(ended, fit(averages().steps_per_epoch(2), &rows()));
    assert_ne!(ended, two_steps);
    // And what a callback restores is restored after an error as well.
    let best = EarlyStopping::on(Monitor::loss()).patience(9).restore_best();
    let mut model = build();
    averages()
        .steps_per_epoch(1)
        .epochs(9)
        .callback(best)
        .fit(&mut model, &poisoned())
        .unwrap_err();
    let one_step = fit(trainer().steps_per_epoch(1), &rows());
    assert!(all(&model) == one_step || all(&model) == two_steps);
}

#[test]
fn an_error_of_a_callback_leaves_the_weights_of_the_last_step() {
    struct Fails;
    impl Callback<Sensor> for Fails {
        fn name(&self) -> &'static str {
            "Fails"
        }
        fn on(
            &mut self,
            event: &Event<'_>,
            _: &mut dyn Training<Sensor>,
        ) -> multi_input::Result<Flow> {
            match event {
                Event::StepEnded { step: 1, .. } => Err(Error::Device("on purpose".to_owned())),
                _ => Ok(Flow::Continue),
            }
        }
    }
    let mut model = build();
    let trainer = || trainer().shuffle(Shuffle::Never);
    let averages = trainer().moving_average(MovingAverage::new(0.5)).callback(Fails);
    averages.fit(&mut model, &rows()).unwrap_err();
    assert_eq!(all(&model), fit(trainer().steps_per_epoch(2), &rows()));
}

/// Everything that multiplies epochs with steps, or counts something that a setting limits.
fn boundless(folder: &Path, name: &str) -> Trainer<Sensor, Sgd> {
    const MOST: usize = usize::MAX;
    let folder = folder.join(name);
    trainer()
        .epochs(MOST)
        .shuffle_window(MOST)
        .progress(Progress::lines())
        .validation_data(&rows())
        .callback(Checkpoint::in_folder(&folder).every_steps(2).keep(MOST).best(Monitor::loss()))
        .callback(EarlyStopping::on(Monitor::loss()).patience(MOST).restore_best())
        .callback(ReduceOnPlateau::on(Monitor::loss()).patience(1).min_delta(9.0).cooldown(MOST))
        .callback(LearningRateSchedule::by_step(
            Schedule::cosine(0.1, u64::MAX).warm_up(0.05, u64::MAX),
        ))
        .callback(Freeze::until_epoch(Sensor::level, MOST))
        .callback(TensorBoard::in_folder(&folder).every_step())
        .callback(JsonLog::to(folder.join("log.jsonl")).every_step())
        .callback(CsvLog::to(folder.join("log.csv")))
        .callback(PauseAfter(14))
}

/// A setting, and how a trainer gets it.
type Setting = (&'static str, fn(Trainer<Sensor, Sgd>) -> Trainer<Sensor, Sgd>);

#[test]
fn the_largest_settings_overflow_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    const MOST: usize = usize::MAX;
    let runs: [Setting; 7] = [
        ("epochs", |trainer| trainer),
        ("batch", |trainer| trainer.batch_size(MOST)),
        ("steps", |trainer| trainer.steps_per_epoch(MOST)),
        ("initial", |trainer| trainer.initial_epoch(MOST - 9)),
        ("both", |trainer| trainer.initial_epoch(MOST - 9).steps_per_epoch(MOST)),
        ("accumulate", |trainer| trainer.accumulate(MOST)),
        ("frequency", |trainer| trainer.validation_frequency(MOST)),
    ];
    for (name, change) in runs {
        let run = |name: &str| change(boundless(folder.path(), name));
        assert_eq!(run(name).fit(&mut build(), &rows()).unwrap().end, End::Paused, "{name}");
        let name = format!("{name} of a source");
        assert_eq!(run(&name).fit_from(&mut build(), &rows()).unwrap().end, End::Paused, "{name}");
    }
}

#[test]
fn a_run_with_the_largest_settings_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, pause_after| {
        let folder = folder.path().join(name);
        let trainer = trainer().initial_epoch(usize::MAX - 3).epochs(usize::MAX);
        let trainer = trainer.resume(&folder).callback(Checkpoint::in_folder(&folder));
        let mut model = build();
        trainer.callback(PauseAfter(pause_after)).fit(&mut model, &rows()).unwrap();
        all(&model)
    };
    let whole = run("whole", usize::MAX);
    run("parts", 4);
    assert_eq!(run("parts", usize::MAX), whole);
}

#[test]
fn a_shared_branch_draws_another_mask_at_every_call_of_every_step() {
    use dfdx::{nn::ModuleMut, prelude::*};
    use multi_input::{definition::Network, layer::RngKey};

    let mut model = build();
    let mut masks = std::collections::BTreeSet::new();
    for step in 0..60 {
        let key = RngKey { seed: 3, step, ..RngKey::default() };
        <Sensor as Network<f32, Cpu>>::set_rng_key(model.module_mut(), key);
        for _ in ["left", "right"] {
            let ones: Tensor<Rank1<64>, f32, Cpu> = Cpu::default().ones();
            let mask = model.module_mut().left.1.forward_mut(ones.leaky_trace()).as_vec();
            masks.insert(mask.into_iter().map(|value| value > 0.0).collect::<Vec<_>>());
        }
    }
    assert_eq!(masks.len(), 120);
}

#[test]
fn a_run_with_shared_dropout_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, pause_after| {
        let folder = folder.path().join(name);
        let trainer = trainer().epochs(2).resume(&folder);
        let trainer = trainer.callback(Checkpoint::in_folder(&folder));
        let mut model = build();
        trainer.callback(PauseAfter(pause_after)).fit(&mut model, &rows()).unwrap();
        all(&model)
    };
    let whole = run("whole", usize::MAX);
    for step in [1, 5, 6, 7] {
        let name = step.to_string();
        run(&name, step);
        assert_eq!(run(&name, usize::MAX), whole, "{step}");
    }
}

#[test]
fn a_thousand_runs_leave_no_memory_behind() {
    let rows = &rows()[..16];
    let run = || {
        let mut model = build();
        trainer().validation_split(0.25).fit(&mut model, rows).unwrap();
        model.evaluate(rows).unwrap();
    };
    let left = |runs: usize| {
        let all = || with_threads(1, || (0..runs).for_each(|_| run()));
        allocation_counter::measure(all).bytes_current
    };
    // What threads keep for the next time.
    left(2);
    assert_eq!(left(1000), 0);
}
