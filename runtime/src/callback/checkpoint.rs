//! `Checkpoint`: saves the run to disk.

use std::{
    marker::PhantomData,
    path::{Path, PathBuf},
};

use multi_input_base::Result;

use super::{
    callback_of_its_model, monitor::MonitoredFigure, AnyCallback, AnyTraining, Event, Flow, Memory,
    MonitorOf, RunPlan,
};
use crate::checkpoint::{self, BEST};

/// Saves the whole run into a folder: weights, optimizer state, schedules and callbacks, seed and
/// counters, preprocessing and history. `Trainer::resume` continues from it. A file gets its name
/// only when it is complete, and [`Model::load`](crate::Model::load) reads it too.
///
/// By default it saves after every epoch and whenever the run pauses, and keeps the newest three
/// files.
///
/// Of a model that was [built on](crate::Model::build_on) several ranks with tables that are `sharded`,
/// a checkpoint is in parts: every rank writes its rows, `step-0000000123.part-2-of-4.1a2b3c4d.safetensors`
/// with a checksum in its name, and then rank 0 writes `step-0000000123.safetensors` with everything else and
/// the names of the parts. Parts that no file names are removed with the next checkpoint. It goes on, or is loaded, by the name of that file or of
/// the folder, on any number of ranks, also one. A rank needs that file and the parts with its rows: its own
/// part on the same number of ranks, and all of them on most others. So let the folder be shared, or copy
/// the files.
///
/// `keras.callbacks.BackupAndRestore`, and with [`best`](Checkpoint::best)
/// `ModelCheckpoint(save_best_only=True)`.
#[derive(Clone, Debug)]
#[doc(alias("ModelCheckpoint", "BackupAndRestore"))]
pub struct Checkpoint<M> {
    untyped: Saving,
    model: PhantomData<fn() -> M>,
}

callback_of_its_model!(Checkpoint);

/// [`Checkpoint`] without the type of the model.
#[derive(Clone, Debug)]
struct Saving {
    folder: PathBuf,
    every: Every,
    keep: usize,
    best: Option<(MonitoredFigure, f64)>,
}

#[derive(Clone, Copy, Debug)]
enum Every {
    Epochs(usize),
    Steps(usize),
}

impl<M> Checkpoint<M> {
    /// Saves into a folder, which is created if it is missing.
    #[doc(alias = "new")]
    pub fn in_folder(folder: impl AsRef<Path>) -> Checkpoint<M> {
        let folder = folder.as_ref().to_owned();
        let untyped = Saving { folder, every: Every::Epochs(1), keep: 3, best: None };
        Checkpoint { untyped, model: PhantomData }
    }

    /// Saves after every `epochs` epochs, and after the last.
    #[must_use]
    pub fn every_epochs(mut self, epochs: usize) -> Self {
        self.untyped.every = Every::Epochs(epochs);
        self
    }

    /// Saves after every `steps` batches, and after the last epoch.
    #[must_use]
    pub fn every_steps(mut self, steps: usize) -> Self {
        self.untyped.every = Every::Steps(steps);
        self
    }

    /// The number of newest files to keep.
    #[must_use]
    pub fn keep(mut self, files: usize) -> Self {
        self.untyped.keep = files;
        self
    }

    /// Also saves the model of the best epoch, as `best.safetensors`.
    #[must_use]
    pub fn best(mut self, monitor: impl MonitorOf<M>) -> Self {
        let monitor = monitor.monitor().monitored;
        let worst = monitor.worst();
        self.untyped.best = Some((monitor, worst));
        self
    }
}

impl Saving {
    fn is_due(&self, event: &Event<'_>, run: &RunPlan) -> bool {
        match (event, self.every) {
            (Event::Paused, _) => true,
            (Event::EpochEnded { epoch, .. }, _) if epoch + 1 == run.epochs => true,
            (Event::EpochEnded { epoch, .. }, Every::Epochs(every)) => {
                (epoch + 1).is_multiple_of(every)
            }
            (Event::StepEnded { epoch, step, .. }, Every::Steps(every)) => {
                (run.steps_before(*epoch, *step) + 1).is_multiple_of(every as u128)
            }
            _ => false,
        }
    }
}

impl AnyCallback for Saving {
    fn name(&self) -> &'static str {
        "Checkpoint"
    }

    fn mistakes(&self, run: &RunPlan) -> Vec<String> {
        let mut mistakes = Vec::new();
        let (Every::Epochs(every) | Every::Steps(every)) = self.every;
        if every == 0 || self.keep == 0 {
            mistakes.push("`Checkpoint` must write after every 1 or more, and keep 1".to_owned());
        }
        if let Some((monitor, _)) = &self.best {
            mistakes.extend(monitor.mistakes(run));
        }
        let earlier =
            checkpoint::in_folder(&self.folder).ok().and_then(|files| files.last().cloned());
        if let (Some(file), false) = (earlier, run.resumes) {
            let folder = self.folder.display();
            mistakes.push(format!(
                "{} is the checkpoint of an earlier run: go on from it with `resume(\"{folder}\")`, \
                 or choose another folder",
                file.display()
            ));
        }
        mistakes
    }

    fn settings(&self) -> String {
        self.best.as_ref().map_or(String::new(), |(monitor, _)| format!("best {monitor}"))
    }

    fn on(&mut self, event: &Event<'_>, training: &mut dyn AnyTraining) -> Result<Flow> {
        if let (Event::EpochEnded { figures, .. }, Some((monitor, best))) = (event, &mut self.best)
        {
            let current = monitor.value(figures);
            let follows = "a NaN is never the best, so no `best.safetensors` is written for it";
            monitor.notice_nan(current.unwrap_or_default(), "Checkpoint", follows, training);
            if let Some(current) = current.filter(|current| monitor.improves(*current, *best, 0.0))
            {
                *best = current;
                if training.rank() == 0 {
                    checkpoint::create(&self.folder)?;
                }
                training.save_model(&self.folder.join(BEST))?;
            }
        }
        if self.is_due(event, training.plan()) {
            training.request_checkpoint(&self.folder, self.keep);
        }
        Ok(Flow::Continue)
    }

    fn remember(&self, memory: &mut Memory) {
        if let Some((_, best)) = &self.best {
            memory.put("best", *best);
        }
    }

    fn recall(&mut self, memory: &Memory) {
        if let (Some((_, best)), Some(remembered)) = (&mut self.best, memory.get("best")) {
            *best = remembered;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{tests::Script, Monitor},
        *,
    };

    fn callback(folder: &Path) -> Checkpoint<super::super::tests::Toy> {
        Checkpoint::in_folder(folder)
    }

    #[test]
    fn it_asks_for_a_checkpoint_when_one_is_due() {
        let folder = tempfile::tempdir().unwrap();
        let mut script = Script::default();
        script.run(callback(folder.path()).every_epochs(3).keep(2), &[1.0; 10]);
        let epochs: Vec<usize> = script.requested.iter().map(|(at, _)| at.epoch).collect();
        assert_eq!(epochs, [3, 6, 9, 10]);
        assert!(script.requested.iter().all(|(_, keep)| *keep == 2));

        let (mut script, mut every) = (Script::default(), callback(folder.path()).every_steps(2));
        (0..5).for_each(|_| assert_eq!(script.step(&mut every), Flow::Continue));
        crate::callback::Callback::on(&mut every, &Event::Paused, &mut script).unwrap();
        let steps: Vec<usize> = script.requested.iter().map(|(at, _)| at.step).collect();
        assert_eq!(steps, [2, 4, 5]);
    }

    #[test]
    fn the_best_epoch_is_saved_when_it_happens() {
        let folder = tempfile::tempdir().unwrap();
        let mut script = Script::default();
        let best = callback(&folder.path().join("new")).best(Monitor::val_loss());
        script.run(best, &[3.0, 2.0, f64::NAN, 2.5, 1.0]);
        assert_eq!(*script.saved.borrow(), [0.0, 1.0, 4.0]);
    }

    #[test]
    fn an_earlier_run_in_the_folder_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("step-0000000012.safetensors"), "").unwrap();
        let mut plan = Script::default().plan;
        let mistakes = AnyCallback::mistakes(&callback(folder.path()).untyped, &plan);
        assert!(mistakes[0].contains("step-0000000012"), "{mistakes:?}");
        plan.resumes = true;
        assert!(AnyCallback::mistakes(&callback(folder.path()).untyped, &plan).is_empty());
    }
}
