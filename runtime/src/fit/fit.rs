//! The loop over epochs and steps.

use std::cell::LazyCell;

use multi_input_base::{Notice, Result};
use multi_input_data::{
    preprocess::{FittedFields, Preprocessing},
    Table,
};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::ParameterInfo;

use super::{
    asked::Asked,
    fingerprint::Fingerprint,
    frozen_scale,
    notices::{Before, RowStatistics},
    run::Run,
    same_run::{RowsFrom, SameRun, TrainingRows},
    saved::recall_callbacks,
    saved_check::Expected,
    settings::{Refit, ValidationRows},
    setup::{Checked, Setup},
    untrained::Overwritten,
    validation::{Validation, ValidationSet},
    vectors::{self, Vectors},
};
use crate::{
    callback::{AnyCallback, Event, Flow, RunningFigures},
    checkpoint::{self, CheckpointError},
    history::{End, History, Phase},
    objective::{RowWeights, Rows, Scores},
    uncertainty::Saved,
    untyped::{parameters, UntypedModel},
};

impl Checked<'_> {
    /// Trains on rows in memory.
    pub(crate) fn fit<E: Element, D: Backend<E>>(
        self,
        model: &mut UntypedModel<E, D>,
        mut raw: Table,
    ) -> Result<History> {
        let Checked { mut setup, plan, weights: checked } = self;
        setup.check_ranks(model)?;
        let left_out = setup.left_out.take();
        left_out.iter().for_each(|left_out| left_out.apply(&mut raw));
        let values = Fingerprint::of(&raw);
        let rows = TrainingRows { from: RowsFrom::Memory, values, weights: &checked };
        let same_run = setup.same_run(&plan, &rows);
        let saved = setup.resume(model, &plan, &same_run)?;
        let shards = saved.as_ref().map(|saved| (saved.path.clone(), saved.shards));
        setup.settings.keep_shards(shards, RowsFrom::Memory)?;
        setup.agree(model, &same_run, saved.as_ref())?;
        let training: Vec<usize> = (0..plan.rows).collect();
        // Class weights do not apply to validation.
        let by_row = setup.weighting.by_sample_weights(std::mem::take(&mut setup.sample_weights));
        let kept = setup.kept(model, saved.is_some());
        vectors::check_files(setup.graph, &kept, model.coverage.as_ref())?;
        let fitted = match setup.complete(&kept) {
            Some(mut fitted) => {
                fitted.observe(&raw, &training, &|output, row| by_row.counts(output, row));
                fitted
            }
            None => setup.fitted_on(&raw, &training, &by_row, &kept)?,
        };
        let given = setup.before_the_run(model, &fitted, &kept)?;
        let raw = fitted.classes_where(raw, &|output, row| by_row.counts(output, row), 0)?;
        let weights = setup.weighting.with_classes(by_row.clone(), &raw);
        let validation_rows = std::mem::replace(&mut setup.validation, ValidationRows::None);
        let validation = Validation::new(validation_rows, &fitted, left_out, || {
            let split = ValidationSet::Split(by_row, (plan.rows..raw.rows).collect());
            Validation::On(split)
        })?;
        let rows = Rows::new(raw, &fitted, weights)?;
        let statistics = RowStatistics::of(setup.graph, &rows, &training, None);
        statistics.check_known("train on")?;
        let found = super::notices::before_the_first_step(
            setup.row,
            &fitted,
            &statistics,
            Before {
                coverage: model.coverage.as_ref(),
                keep_untrained: setup.settings.keep_untrained,
            },
            || validation.statistics(&statistics, &rows, &fitted),
        )?;

        let Setup { optimizer, settings, mut callbacks, progress, .. } = setup;
        // Set only now, so that a refused call does not leave a model marked as fitted.
        model.start(fitted, &given.vectors)?;
        let mut run = Run::new(model, optimizer, settings, plan, (rows, same_run))?;
        if let Some(saved) = saved {
            run.recall(&saved)?;
        }
        callbacks.push(Box::new(progress));
        run.add_notices(validation.skipped().into_iter().chain(given.notices).chain(found));
        run.all_epochs(&validation, callbacks)
    }
}

impl Setup<'_> {
    /// Loads the run to resume, if there is one: `model` gets its weights and preprocessing.
    pub(super) fn resume<E: Element, D: Backend<E>>(
        &mut self,
        model: &mut UntypedModel<E, D>,
        plan: &crate::callback::RunPlan,
        same_run: &SameRun,
    ) -> Result<Option<checkpoint::SavedRun<E>>> {
        let Some(path) = &self.settings.resume else { return Ok(None) };
        let own = parameters::list(&model.module);
        let expected = Expected {
            graph: self.graph,
            settings: &self.settings,
            plan,
            tensors: own.iter().filter(|tensor| tensor.trainable).collect(),
            slots: self.optimizer.slots().len(),
        };
        checkpoint::load_run(model, path, |path, saved| {
            same_run.compare(path, saved)?;
            let sizes = own.iter().map(ParameterInfo::elements).collect();
            expected
                .check(saved)
                .and_then(|()| recall_callbacks(saved, sizes, &mut self.callbacks))
                .map_err(|reason| CheckpointError::Run { path: path.to_owned(), reason }.into())
        })
    }

    /// The fitted fields that `model` keeps: those of the resumed run, or its own except for those
    /// to be refitted.
    pub(super) fn kept<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        resumed: bool,
    ) -> FittedFields {
        let own = model.fitted_fields();
        match &self.settings.refit {
            _ if resumed => own,
            Refit::All => FittedFields::default(),
            Refit::Fields(fields) => own.without(self.graph, fields),
        }
    }

    /// The whole preprocessing, if fields are kept and no other has to be fitted.
    pub(super) fn complete(&self, kept: &FittedFields) -> Option<Preprocessing> {
        Some(kept).filter(|kept| !kept.is_empty())?.complete(self.graph)
    }

    /// The vectors at which embeddings start, and the notices about fields that are fitted anew.
    pub(super) fn before_the_run<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        fitted: &Preprocessing,
        kept: &FittedFields,
    ) -> Result<Given> {
        let vectors = vectors::read(self.graph, fitted, kept, model.coverage.as_ref())?;
        let mut notices: Vec<Notice> = vectors.iter().map(Vectors::notice).collect();
        notices.extend(self.undivided(model));
        if !model.initial {
            notices.extend(frozen_scale::notices(self.graph, &self.settings, kept));
        }
        Ok(Given { vectors, notices })
    }

    /// Preprocessing whose other fields are fitted on the training rows.
    fn fitted_on(
        &self,
        raw: &Table,
        training: &[usize],
        weights: &RowWeights,
        kept: &FittedFields,
    ) -> Result<Preprocessing> {
        let weighting = &self.weighting;
        let mut fitting = weighting.fitting(kept);
        while !fitting.is_done() {
            let weights = weighting.while_fitting(weights.clone(), raw, &fitting);
            fitting.update(raw, training, &|output, row| weights.counts(output, row), 0)?;
            fitting.end_pass();
        }
        fitting.finish()
    }
}

/// What is known of a run before its first step, apart from its rows.
pub(super) struct Given {
    pub(super) vectors: Vec<Vectors>,
    pub(super) notices: Vec<Notice>,
}

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Sets what a run begins with.
    pub(super) fn start(&mut self, fitted: Preprocessing, vectors: &[Vectors]) -> Result<()> {
        Vectors::write(vectors, self)?;
        self.preprocessing = Some(fitted);
        self.taken = FittedFields::default();
        self.initial = false;
        self.uncertainty = Saved::default();
        Ok(())
    }
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// Trains the remaining epochs and finishes the run.
    pub(super) fn all_epochs(
        mut self,
        validation: &Validation,
        mut callbacks: Vec<Box<dyn AnyCallback + '_>>,
    ) -> Result<History> {
        self.check_first_weights()?;
        let trained = self.run_epochs(validation, &mut callbacks);
        if let (Err(error), Some(ranks)) = (&trained, &self.ranks) {
            ranks.cluster.announce(error);
        }
        self.flush_tables()?;
        if let Ok(end) = &trained {
            self.history.end = *end;
            self.take_averages()?;
        }
        // Keras's order: averages first, then the weights that callbacks restore. Callbacks run
        // after an error too, so that the best weights are kept.
        let ended = match trained.is_err() && self.ranks.is_some() {
            // The other ranks may be elsewhere: nothing that all of them have to do.
            true => {
                let ended = self.notify_only(&mut callbacks, &Event::Ended);
                self.requested.clear();
                ended
            }
            false => self.notify(&mut callbacks, &Event::Ended),
        };
        let filled = match trained.is_err() && self.model.divided.is_some() {
            // So it is here, where other ranks have rows of the tables.
            true => Ok(Vec::new()),
            false => self.fill_untrained(Overwritten::Discard),
        };
        // Branches are frozen only while the run lasts.
        self.model.module.set_frozen(&|_| false);
        // An error in a step takes precedence over errors while finishing.
        trained?;
        ended?;
        filled?;
        self.check_weights()?;
        if let Some(ranks) = &self.ranks {
            ranks.compare(self.model.weights_checksum())?;
        }
        Ok(self.history)
    }

    /// Writes the moving averages into the model, if there are any and a step was taken.
    fn take_averages(&mut self) -> Result<()> {
        match self.averages.as_ref().filter(|_| self.batches > 0) {
            Some(averages) => averages.overwrite(&mut self.model.module),
            None => Ok(()),
        }
    }

    /// Runs epochs until the last one or until a callback stops.
    fn run_epochs(
        &mut self,
        validation: &Validation,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
    ) -> Result<End> {
        self.notify(callbacks, &Event::Started)?;
        while self.epoch < self.plan.epochs && !self.stopped {
            if self.step == 0 {
                let started = Event::EpochStarted { epoch: self.epoch };
                self.notify(callbacks, &started)?;
            }
            let mut flow = self.steps(callbacks)?;
            if flow == Flow::Continue {
                flow = self.end_of_epoch(validation, callbacks)?;
            }
            if flow == Flow::Pause {
                if let Some(ranks) = &mut self.ranks {
                    // What was asked for since comes too late: the run goes on from its checkpoint.
                    ranks.ask(Asked::NOTHING);
                }
                self.notify(callbacks, &Event::Paused)?;
                return Ok(End::Paused);
            }
        }
        Ok(if self.stopped { End::Stopped } else { End::Completed })
    }

    /// Runs the remaining steps of an epoch.
    fn steps(&mut self, callbacks: &mut [Box<dyn AnyCallback + '_>]) -> Result<Flow> {
        while self.step < self.plan.steps_per_epoch {
            let (epoch, step) = (self.epoch, self.step);
            let loss = match self.train_step(callbacks)? {
                Ok(loss) => loss,
                Err(found) => return self.end_of_not_finite(found, callbacks),
            };
            // The scores are taken out of `self`, because callbacks borrow all of `self` mutably.
            let scores = std::mem::take(&mut self.scores);
            let several = (scores.len() != 1).then(|| self.no_scores()).transpose()?;
            let several = several.map(|none| LazyCell::new(|| merged(none, &scores)));
            let one = || scores.first().map(|scores| scores.figures(Phase::Training));
            let figures = || match &several {
                Some(all) => all.figures(Phase::Training),
                None => one().unwrap_or_default(),
            };
            let so_far = RunningFigures(&figures);
            let flow =
                self.notify_only(callbacks, &Event::StepEnded { epoch, step, loss, so_far })?;
            self.scores = scores;
            let flow = flow.max(self.notify_notices(callbacks)?);
            let flow = self.agreed_after_step(flow);
            self.stopped |= flow == Flow::Stop;
            self.write_requested(callbacks)?;
            if flow != Flow::Continue {
                return Ok(flow);
            }
        }
        Ok(Flow::Continue)
    }

    /// What all ranks do after a step, if the callbacks of this one ask for `flow`.
    fn agreed_after_step(&mut self, flow: Flow) -> Flow {
        let Some(ranks) = &mut self.ranks else { return flow };
        ranks.ask(Asked { flow, reason: self.history.end_reason.clone() });
        let Asked { flow, reason } = ranks.agreed().clone();
        self.end_because(flow, reason)
    }

    /// What all ranks do after an event at which all of them are. What callbacks have asked for after
    /// the last step takes effect now.
    pub(super) fn agreed_now(&mut self, flow: Flow) -> Result<Flow> {
        let Some(ranks) = &mut self.ranks else { return Ok(flow) };
        let flow = flow.max(ranks.asked().flow);
        ranks.ask(Asked::NOTHING);
        let asked = Asked { flow, reason: self.history.end_reason.clone() };
        let Asked { flow, reason } = ranks.agree(&asked)?;
        Ok(self.end_because(flow, reason))
    }

    /// Takes over the reason of another rank for ending the run.
    fn end_because(&mut self, flow: Flow, reason: Option<String>) -> Flow {
        if flow != Flow::Continue {
            self.history.end_reason = reason.or(self.history.end_reason.take());
        }
        flow
    }

    /// The scores over all shards of all ranks; `own` are those of this rank.
    pub(super) fn over_all_shards(&self, own: Vec<Scores>, at: &'static str) -> Result<Scores> {
        match &self.ranks {
            Some(ranks) => ranks.scores(&own, at, || self.no_scores()),
            None => own.into_iter().next().map_or_else(|| self.no_scores(), Ok),
        }
    }

    /// Validates, records the figures of the epoch and notifies the callbacks.
    fn end_of_epoch(
        &mut self,
        validation: &Validation,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
    ) -> Result<Flow> {
        let epoch = self.epoch;
        let none = self.no_shard_scores()?;
        let scores = std::mem::replace(&mut self.scores, none);
        let scores = self.over_all_shards(scores, "the figures of an epoch")?;
        let mut figures = scores.figures(Phase::Training);
        if (epoch + 1).is_multiple_of(self.settings.validation_frequency) {
            figures.extend(self.validate(validation)?);
        }
        self.history.epochs.push(figures.clone());
        self.history.learning_rates.push(self.optimizer.learning_rate());
        (self.epoch, self.step) = (epoch + 1, 0);
        if let Some(ranks) = &mut self.ranks {
            self.speeds = ranks.speeds()?;
        }
        self.notify(callbacks, &Event::EpochEnded { epoch, figures: &figures })
    }
}

/// The scores of several shards together; `none` has no rows.
fn merged(mut none: Scores, shards: &[Scores]) -> Scores {
    shards.iter().for_each(|shard| none.merge(&shard.state()));
    none
}
