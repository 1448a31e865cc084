//! A run goes on with the same rows, settings and callbacks alone.

use std::path::Path;

use multi_input::{callback::Freeze, history::End, prelude::*};

use crate::{
    sensor::{all, build, fit, rows, trainer, PauseAfter, Sensor, SensorSample},
    support::Named,
};

/// What a run is asked for.
struct Asked {
    epochs: usize,
    class_weight: f64,
    weight: f32,
    frozen: bool,
    learning_rate: f64,
    validation_split: f64,
    validation_frequency: usize,
    patience: usize,
    min_delta: f64,
    factor: f64,
    steps: u64,
    until: usize,
    best: Monitor<Sensor>,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked {
            epochs: 4,
            class_weight: 2.0,
            weight: 0.5,
            frozen: true,
            learning_rate: 0.1,
            validation_split: 0.25,
            validation_frequency: 1,
            patience: 3,
            min_delta: 0.0,
            factor: 0.5,
            steps: 20,
            until: 2,
            best: Monitor::val_loss(),
        }
    }
}

impl Asked {
    fn trainer(self, folder: &Path, pause_after: usize) -> Trainer<Sensor, Sgd> {
        let Asked { weight, learning_rate, patience, min_delta, .. } = self;
        let weight = move |row: &SensorSample| if row.alarm { weight } else { 1.0 };
        let stopping =
            EarlyStopping::on(Monitor::val_loss()).patience(patience).min_delta(min_delta);
        let trainer = Trainer::new(Sgd::new(learning_rate))
            .batch_size(8)
            .seed(Seed(6))
            .progress(Progress::silent())
            .epochs(self.epochs)
            .resume(folder)
            .validation_split(self.validation_split)
            .validation_frequency(self.validation_frequency)
            .class_weight(Sensor::alarm, [(1, self.class_weight)])
            .sample_weight(Sensor::level, weight)
            .callback(Checkpoint::in_folder(folder).best(self.best))
            .callback(stopping)
            .callback(ReduceOnPlateau::on(Monitor::loss()).factor(self.factor))
            .callback(LearningRateSchedule::by_epoch(Schedule::cosine(0.1, self.steps)))
            .callback(Freeze::until_epoch(Sensor::level, self.until))
            .callback(PauseAfter(pause_after));
        if self.frozen {
            trainer.freeze(Sensor::left)
        } else {
            trainer
        }
    }

    /// Goes on with a run of the default settings that was paused after seven steps.
    fn go_on(self) -> multi_input::Result<Vec<Named>> {
        let folder = tempfile::tempdir().unwrap();
        let mut model = build();
        let paused = Asked::default().trainer(folder.path(), 7).fit(&mut model, &rows()).unwrap();
        assert_eq!(paused.end, End::Paused);
        let mut model = build();
        self.trainer(folder.path(), usize::MAX).fit(&mut model, &rows())?;
        Ok(all(&model))
    }
}

#[test]
fn a_run_goes_on_with_the_same_settings_alone_and_for_more_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fit(Asked::default().trainer(folder.path(), usize::MAX), &rows());
    assert_eq!(Asked::default().go_on().unwrap(), whole);
    assert!(Asked { epochs: 5, ..Asked::default() }.go_on().is_ok());
    let other = Asked::default;
    for (asked, expected) in [
        (Asked { class_weight: 3.0, ..other() }, "`class_weight`: this one has `alarm` {1: 3.0}, that one `alarm` {1: 2.0}"),
        (Asked { weight: 0.25, ..other() }, "`sample_weight`: this one has `level` checksum "),
        (Asked { frozen: false, ..other() }, "`freeze`: this one has none, that one `left`"),
        (Asked { learning_rate: 0.2, ..other() }, "the learning rate at its start: this one has 0.2, that one 0.1"),
        (Asked { validation_split: 0.5, ..other() }, "the number of training rows: this one has 24, that one 36"),
        (Asked { validation_frequency: 2, ..other() }, "`validation_frequency`: this one has 2, that one 1"),
        (
            Asked { patience: 2, ..other() },
            "the settings of callback 2, `EarlyStopping`: this one has `loss` on the validation \
             rows, the lower the better, patience 2, min_delta 0, the last weights, that one `loss` \
             on the validation rows, the lower the better, patience 3",
        ),
        (Asked { min_delta: 0.5, ..other() }, "the settings of callback 2, `EarlyStopping`"),
        (Asked { factor: 0.25, ..other() }, "the settings of callback 3, `ReduceOnPlateau`"),
        (Asked { steps: 21, ..other() }, "the settings of callback 4, `LearningRateSchedule`"),
        (Asked { until: 3, ..other() }, "the settings of callback 5, `Freeze`: this one has `level` until epoch 3, that one `level` until epoch 2"),
        (
            Asked { best: Monitor::train(Sensor::level, metric::Mae), ..other() },
            "the settings of callback 1, `Checkpoint`: this one has best `mae` of `level` on the \
             training rows, the lower the better, that one best `loss`",
        ),
    ] {
        let error = asked.go_on().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
    }
}

#[test]
fn a_run_on_rows_in_memory_does_not_go_on_with_those_of_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let trainer = |pause_after| {
        let checkpoint = Checkpoint::in_folder(folder.path());
        let trainer = trainer().epochs(3).resume(folder.path()).callback(checkpoint);
        trainer.callback(PauseAfter(pause_after))
    };
    trainer(2).fit(&mut build(), &rows()).unwrap();
    let error = trainer(9).fit_from(&mut build(), &rows()).unwrap_err().to_string();
    let expected = "`shuffle`: this one has EachEpoch, of a source, that one EachEpoch";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_stream_with_weights_goes_on_with_the_same_weights_alone() {
    let folder = tempfile::tempdir().unwrap();
    let run = |folder: &Path, weight: f32, pause_after| {
        let checkpoint = Checkpoint::in_folder(folder);
        let trainer = trainer().epochs(3).resume(folder).callback(checkpoint);
        let trainer = trainer.sample_weight(Sensor::level, move |row| weight + row.gain);
        let mut model = build();
        trainer.callback(PauseAfter(pause_after)).fit_from(&mut model, &rows())?;
        multi_input::Result::Ok(all(&model))
    };
    let whole = run(&folder.path().join("whole"), 1.0, usize::MAX).unwrap();
    let parts = folder.path().join("parts");
    run(&parts, 1.0, 4).unwrap();
    let error = run(&parts, 2.0, usize::MAX).unwrap_err().to_string();
    assert!(error.contains("`sample_weight`: this one has"), "{error}");
    assert_eq!(run(&parts, 1.0, usize::MAX).unwrap(), whole);
}
