//! One step: losses, gradients, and the optimizer's update.

use dfdx::{tensor::Gradients, tensor_ops::Backward};
use multi_input_base::{Error, Result, Stream};
use multi_input_data::preprocess::Preprocessing;
use multi_input_kernel::{sweep, Backend, Element};
use multi_input_nn::{
    layer::RngKey, optim::AnyOptimizer, parameters::Role, sharded, sparse, Penalties,
};

use super::{
    batch::{BatchRows, BatchShard},
    branches::Branches,
    clip::{squares_of_rows, Clip},
    gradients::Shown,
    not_finite::{InDivided, NotFinite},
    run::Run,
    untrained::Fillable,
};
use crate::{
    callback::{self, AnyCallback, AnyTraining, Cause},
    exact_sum::ExactSum,
    objective::{head_values, predictions, Dropping, Objective, RowBatch, Rows, WholeBatch},
    untyped::{parameters, AnyModule, UntypedModel},
};

/// The losses of a batch.
pub(super) struct StepLosses {
    /// With the regularisation penalty.
    pub(super) total: f64,
    pub(super) by_output: Vec<f64>,
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// Trains on the next batch and returns its total loss. If a loss or gradient is not finite,
    /// returns which, and leaves the model unchanged. If the step makes weights so, returns which.
    pub(super) fn train_step(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
    ) -> Result<std::result::Result<f64, NotFinite>> {
        self.statistics.copy(&mut self.model.module)?;
        let mut rows = self.next_rows()?;
        let losses = match self.losses(&mut rows) {
            Ok(losses) => losses,
            Err(error) => {
                self.restore_statistics()?;
                return Err(error);
            }
        };
        let graph = self.model.graph();
        if let Some(cause) = self.not_finite_in(&losses)? {
            self.restore_statistics()?;
            let node = match cause {
                // The outputs of all nodes are finite.
                Cause::Statistics { .. } => None,
                _ => self.first_infinite_node(&mut rows)?,
            };
            // The batch leaves nothing: what accumulates has the rows of earlier ones.
            for (tensor, sum) in self.accumulated.iter().enumerate() {
                if let Some(table) = self.tables.get(tensor) {
                    table.truncate_pending(sum.len());
                }
            }
            return Ok(Err(NotFinite { cause, node, taken: false, on_all_ranks: true }));
        }
        if let Some(found) = self.update(callbacks)? {
            self.restore_statistics()?;
            self.step += usize::from(found.taken);
            self.batches += u64::from(found.taken);
            return Ok(Err(found));
        }
        match (&mut self.model.coverage, &self.ranks) {
            (Some(coverage), Some(ranks)) => coverage.add_news(graph, &ranks.news),
            (Some(coverage), None) => coverage.add(graph, &self.reached),
            (None, _) => {}
        }
        self.step += 1;
        self.batches += 1;
        Ok(Ok(losses.total))
    }

    pub(super) fn restore_statistics(&mut self) -> Result<()> {
        self.statistics.restore(&mut self.model.module)
    }

    /// The losses of a batch; their gradients are stored in `self.gradients`.
    pub(super) fn losses(&mut self, batch: &mut BatchRows) -> Result<StepLosses> {
        if let Some(mut ranks) = self.ranks.take() {
            let losses = self.losses_over_ranks(&mut ranks, batch);
            self.ranks = Some(ranks);
            return losses;
        }
        let Some(rows) = batch.shards.first_mut() else {
            return Err(Error::NoRows("train on"));
        };
        let (objective, penalty) = self.shard_losses(rows, None)?;
        let total = objective.total + penalty;
        Ok(StepLosses { total, by_output: objective.by_output })
    }

    /// The losses of a shard, and the regularisation penalty if it is the first one; their gradients
    /// are stored in `self.gradients`. `whole` is the batch, if the shard is a part of it.
    pub(super) fn shard_losses(
        &mut self,
        rows: &mut BatchShard,
        whole: Option<&WholeBatch>,
    ) -> Result<(Objective, f64)> {
        if let Some(own) = &mut rows.own {
            std::mem::swap(&mut self.rows, own);
        }
        let losses = self.losses_of(rows, whole);
        if let Some(own) = &mut rows.own {
            std::mem::swap(&mut self.rows, own);
        }
        losses
    }

    /// [`shard_losses`](Run::shard_losses) of rows that are in `self.rows`.
    fn losses_of(
        &mut self,
        shard: &BatchShard,
        whole: Option<&WholeBatch>,
    ) -> Result<(Objective, f64)> {
        let graph = self.model.graph();
        let key = RngKey { first_row: shard.first_row as u64, ..self.key() };
        let encoding = self.encoding(shard);
        let UntypedModel { module, preprocessing, .. } = &mut *self.model;
        let device: &D = &self.device;
        module.set_rng_key(key);
        let batch_rows = encoding.of(&self.rows, preprocessing.as_ref(), &self.dropping)?;
        let outputs = graph.outputs.len();
        let counts = |output: usize, row: usize| batch_rows.counts_for(output, outputs, row);
        self.reached.set(&batch_rows.batch(), &counts, &|node| self.branches.learns(node));
        let tape_gradients = self.tape_gradients.take();
        let tape = self.gradients.tape(module, tape_gradients, &mut self.tables, device);
        let tape = tape.map_err(Error::device)?;
        let forward_backward = || {
            let (heads, tape) =
                module.train(&batch_rows.batch(), device, tape).map_err(Error::device)?;
            let values = head_values(graph, &heads, batch_rows.len())?;
            let mut objective = match whole {
                None => Objective::new(graph, &values, &batch_rows),
                Some(whole) => {
                    Objective::of_shard(graph, &values, &batch_rows, (whole, shard.is_first()))
                }
            };
            let total = objective.on_tape(heads, tape, device).map_err(Error::device)?;
            let gradients = total.try_backward().map_err(Error::device)?;
            Ok::<_, Error>((values, objective, gradients))
        };
        let forward_backward = || {
            sharded::scope(&mut self.fetched, || sparse::scope(&mut self.tables, forward_backward))
        };
        let forward_backward = forward_backward();
        let (heads, objective, mut gradients) = forward_backward?;
        let penalty = match shard.is_first() {
            true => penalty(module, &mut gradients, &self.branches).map_err(Error::device)?,
            false => 0.0,
        };
        let taken = self.gradients.take(module, &mut gradients, &mut self.tables);
        taken.map_err(Error::device)?;
        self.tape_gradients = Some(gradients);

        if let Some(scores) = self.scores.get_mut(shard.shard - self.first_shard) {
            let rows = whole.map_or(batch_rows.len(), |whole| whole.rows);
            scores.losses(&objective, penalty * rows as f64, batch_rows.len());
            let predicted = predictions(graph, preprocessing.as_ref(), heads);
            scores.predictions(&predicted, &batch_rows);
        }
        Ok((objective, penalty))
    }

    /// How the rows of a shard are encoded.
    fn encoding<'b>(&self, shard: &'b BatchShard) -> Encoding<'b> {
        let first_row = shard.first_row as u64;
        let of = |stream| RngKey { first_row, ..self.key_of(stream) };
        Encoding {
            rows: &shard.numbers,
            keys: (of(Stream::Dropping), of(Stream::Augmentation)),
            // The rows of a stream are already augmented.
            augments: self.streams.is_none(),
        }
    }

    /// Fetches what the shards of this rank look up in divided tables.
    pub(super) fn fetch(&mut self, batch: &BatchRows) -> Result<()> {
        let Some(divided) = &self.model.divided else { return Ok(()) };
        let mut wanted = divided.nothing();
        for shard in &batch.shards {
            let encoding = self.encoding(shard);
            let rows = shard.own.as_ref().unwrap_or(&self.rows);
            let rows = encoding.of(rows, self.model.preprocessing.as_ref(), &self.dropping)?;
            divided.want(&rows.batch(), &mut wanted);
        }
        let (model, tables, tensors) = (&self.model, &mut self.tables, &self.divided);
        let fetched = divided.fetch(&wanted, true, |requests| {
            model.serve(divided, requests, |index, weights, held, to| {
                let tensor = tensors.iter().position(|divided| *divided == Some(index));
                match tensor.and_then(|tensor| tables.get(tensor)) {
                    Some(table) => table.read(weights, held, to),
                    // It is not trained.
                    None => divided.tables[index].copy(weights, held, to),
                }
            })
        })?;
        self.fetched = fetched.unwrap_or_default();
        Ok(())
    }

    /// Takes an optimizer step, or adds the batch's gradients to the accumulated ones. Returns the
    /// gradient that callbacks have made non-finite, and then takes no step, or the weights that the
    /// step has made so.
    fn update(&mut self, callbacks: &mut [Box<dyn AnyCallback + '_>]) -> Result<Option<NotFinite>> {
        // The outputs of all nodes are finite.
        let node = None;
        let before = self.state.step;
        let batches = self.settings.accumulate as u64;
        let complete = (self.batches + 1).is_multiple_of(batches);
        self.accumulate(complete.then_some(batches));
        if complete {
            let (changed, cause) = self.show_gradients(callbacks);
            if let Some(cause) = cause {
                return Ok(Some(NotFinite { cause, node, taken: false, on_all_ranks: false }));
            }
            self.accumulated.iter_mut().for_each(|sum| sum.fill(E::zero()));
            if let Some(clip) = self.settings.clip {
                let squares = self.squares_of_sharded(clip)?;
                let counts = |tensor| self.branches.factor(tensor).is_some();
                clip.apply(&mut self.gradients, &mut self.tables, &squares, counts);
            }
            if let Some(tensor) = self.take_step()? {
                let on_all_ranks = self.divided[tensor].is_none() && !changed;
                let cause = Cause::Weights { tensor: self.state.tensors[tensor].name.clone() };
                return Ok(Some(NotFinite { cause, node, taken: true, on_all_ranks }));
            }
        }
        if let Some(averages) = &mut self.averages {
            averages.update(&mut self.model.module, before)?;
        }
        Ok(None)
    }

    /// For each sharded table the sum of the squares of its gradient over all ranks, as far as `clip`
    /// needs it.
    fn squares_of_sharded(&mut self, clip: Clip) -> Result<Vec<Option<f64>>> {
        let (tables, fillable) = (&mut self.tables, &self.fillable);
        let mut squares: Vec<Option<ExactSum>> = fillable
            .iter()
            .enumerate()
            .map(|(tensor, fillable)| {
                let look_up = fillable.as_ref().and_then(Fillable::sharded)?;
                let table = tables.get(tensor).filter(|_| clip.is_by_norm())?;
                Some(squares_of_rows(table.gradient(), look_up.width))
            })
            .collect();
        if let (Some(ranks), Some(_), true) = (&self.ranks, &self.model.divided, clip.is_by_norm())
        {
            ranks.add_squares(&mut squares)?;
        }
        Ok(squares.into_iter().map(|sum| sum.map(|sum| sum.value())).collect())
    }

    /// Passes the gradients to the callbacks. Returns whether they have changed any, and the first one
    /// that they have made non-finite.
    fn show_gradients(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
    ) -> (bool, Option<Cause>) {
        let (position, is_main) = (self.position(), self.is_main());
        let Run { gradients, tables, state, branches, whole_shapes: shapes, shares, .. } = self;
        let mut source = Shown { gradients, tables, state, shapes, shares, branches, position };
        let mut shown = callback::Gradients::new(&mut source);
        let called =
            |callback: &&mut Box<dyn AnyCallback + '_>| is_main || !callback.on_main_rank_only();
        callbacks.iter_mut().filter(called).for_each(|callback| callback.gradients(&mut shown));
        match shown.is_changed() {
            true => (true, self.infinite_gradient(InDivided::Held)),
            false => (false, None),
        }
    }

    /// Adds a batch's gradients to the accumulated ones; the last of `batches` batches gets their
    /// mean, and the sums are kept until its step is taken.
    fn accumulate(&mut self, batches: Option<u64>) {
        let sums = &mut self.accumulated;
        if sums.is_empty() {
            return;
        }
        self.gradients.each(&mut self.tables, |tensor, gradient| {
            // The rows of a sparse table are added one by one as they are looked up.
            sums[tensor].resize(gradient.len(), E::zero());
            for (gradient, sum) in gradient.iter_mut().zip(&mut sums[tensor]) {
                match batches {
                    None => *sum += *gradient,
                    Some(batches) => *gradient = (*sum + *gradient) / E::of(batches as f64),
                }
            }
        });
    }

    /// Applies the optimizer to every trainable tensor, with the learning rate of its branch. Returns
    /// the first tensor whose new weights are not finite.
    fn take_step(&mut self) -> Result<Option<usize>> {
        self.state.step += 1;
        let own = (!self.branches.all_alike()).then(|| self.own_optimizers());
        let Run { state, tables, gradients, optimizer, .. } = self;
        let mut spoilt = None;
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            let optimizer = match &own {
                None => Some(&**optimizer),
                Some(own) => own[tensor].as_deref(),
            };
            let Some(optimizer) = optimizer else { return tables.forget(tensor) };
            let state = &mut state.tensors[tensor];
            state.step += 1;
            let is_finite = tables.step(tensor, optimizer, state, weights).unwrap_or_else(|| {
                let (step, gradient) = (state.step, gradients.of(tensor));
                optimizer.on::<E>().update(step, weights, gradient, &mut state.slots);
                sweep::all_finite(weights)
            });
            if !is_finite {
                spoilt.get_or_insert(tensor);
            }
        })?;
        Ok(spoilt)
    }

    /// For every tensor, an optimizer with the rate of its branch; `None` if the branch is frozen.
    fn own_optimizers(&self) -> Vec<Option<Box<dyn AnyOptimizer>>> {
        let rate = self.optimizer.learning_rate();
        let own = |tensor: usize| {
            let factor = self.branches.factor(tensor)?;
            let mut own = self.optimizer.clone_boxed();
            own.set_learning_rate(rate * factor);
            Some(own)
        };
        (0..self.state.tensors.len()).map(own).collect()
    }
}

/// How the rows of a shard are encoded for a step.
struct Encoding<'b> {
    rows: &'b [usize],
    /// The keys of dropped inputs and of augmentation.
    keys: (RngKey, RngKey),
    /// Whether steps that augment are still to be applied.
    augments: bool,
}

impl Encoding<'_> {
    fn of<'r>(
        &'r self,
        rows: &'r Rows,
        preprocessing: Option<&Preprocessing>,
        dropping: &Dropping,
    ) -> Result<RowBatch<'r>> {
        match preprocessing {
            Some(fitted) if !dropping.is_empty() || fitted.augments() && self.augments => {
                rows.take_dropping(self.rows, dropping, fitted, self.keys)
            }
            _ => Ok(rows.take(self.rows)),
        }
    }
}

/// The regularisation penalty of a model's weights; adds its gradients to `gradients`.
fn penalty<E: Element, D: Backend<E>>(
    module: &dyn AnyModule<E, D>,
    gradients: &mut Gradients<E, D>,
    branches: &Branches,
) -> std::result::Result<f64, D::Err> {
    let mut penalties = Penalties::default();
    module.penalize(&mut penalties)?;
    penalties.in_training(gradients, |branch| branches.is_frozen(branch))
}
