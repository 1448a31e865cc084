//! One batch: its losses, their gradients, and the optimizer's step.

use dfdx::{
    nn::tensor_collection::TensorCollection,
    tensor::{Gradients, OwnedTape, SplitTape, Trace},
    tensor_ops::Backward,
};

use super::{head_values, run::Run, walk, watch::first_not_finite, Objective, Penalties};
use crate::{
    callback::Cause,
    definition::{Definition, Network},
    kernel::{sweep, Backend, Element},
    lazy::{self, Tables},
    model::{link, Model},
    optim::Optimizer,
    seed::Stream,
    Error, Result,
};

/// A loss or a gradient that is not a number.
#[derive(Clone, Debug)]
pub(super) struct NotFinite {
    pub(super) cause: Cause,
    pub(super) node: Option<&'static str>,
}

impl<M: Network<E, D>, E: Element, D: Backend<E>, O: Optimizer> Run<'_, M, E, D, O> {
    /// Trains on the next batch and gives its total loss, or says what was not finite; then the
    /// model is as it was before.
    pub(super) fn train_step(&mut self) -> Result<std::result::Result<f64, NotFinite>> {
        self.statistics.keep(&mut self.model.module).map_err(Error::device)?;
        let rows = self.next_rows()?;
        let (objective, penalty) = match self.losses(&rows) {
            Ok(losses) => losses,
            Err(error) => {
                self.put_statistics_back()?;
                return Err(error);
            }
        };
        let cause = match first_infinite::<M>(&objective) {
            None => self.infinite_gradient().map_err(Error::device)?,
            loss => loss,
        };
        if let Some(cause) = cause {
            self.put_statistics_back()?;
            let node = self.first_infinite_node(&rows)?;
            return Ok(Err(NotFinite { cause, node }));
        }
        self.update().map_err(Error::device)?;
        if let Some(coverage) = &mut self.model.coverage {
            coverage.add(&M::GRAPH, &self.reached);
        }
        self.step += 1;
        self.batches += 1;
        Ok(Ok(objective.total + penalty))
    }

    /// The first tensor whose gradient is not finite: a step with it would leave no weight of it.
    fn infinite_gradient(&mut self) -> std::result::Result<Option<Cause>, D::Err> {
        let Some(gradients) = &mut self.gradients else { return Ok(None) };
        let mut found = None;
        walk::gradients(&self.model.module, gradients, &mut self.tables, |tensor, gradient| {
            if found.is_none() && !sweep::all_finite(gradient) {
                found = Some(tensor);
            }
        })?;
        let name = |tensor: usize| self.state.tensors[tensor].name.clone();
        Ok(found.map(|tensor| Cause::Gradient { tensor: name(tensor) }))
    }

    /// The numbers of the next batch's rows, which are in `self.rows` now.
    fn next_rows(&mut self) -> Result<Vec<usize>> {
        let Some(stream) = &mut self.stream else {
            return Ok(self.order.batch(self.batch_number()).to_vec());
        };
        self.rows = stream.next()?;
        Ok((0..self.rows.len()).collect())
    }

    fn put_statistics_back(&mut self) -> Result<()> {
        self.statistics.put_back(&mut self.model.module).map_err(Error::device)
    }

    /// The losses of a batch and, in `self.gradients`, their gradients.
    fn losses(&mut self, rows: &[usize]) -> Result<(Objective, f64)> {
        let draw = self.draw();
        let draws = (self.draw_of(Stream::Dropping), self.draw_of(Stream::Augmentation));
        let streamed = self.stream.is_some();
        let Model { module, preprocessing, .. } = &mut *self.model;
        let device: &D = &self.device;
        M::set_draw(module, draw);
        let chunk = match preprocessing {
            // A stream's rows have been changed already.
            Some(fitted) if !self.dropping.is_empty() || fitted.augments() && !streamed => {
                self.rows.take_dropping(rows, &self.dropping, fitted, draws)?
            }
            _ => self.rows.take(rows),
        };
        let outputs = M::GRAPH.outputs.len();
        let counts = |output: usize, place: usize| chunk.counts_for(output, outputs, place);
        self.reached.set(&chunk.batch(), &counts, &|node| self.branches.learns(node));
        let tape = fresh_tape(module, &mut self.gradients, &mut self.tables, device)
            .map_err(Error::device)?;
        let there_and_back = || {
            let (heads, tape) =
                M::train(module, &chunk.batch(), device, tape).map_err(Error::device)?;
            let values = head_values(&M::GRAPH, &heads, chunk.len())?;
            let mut objective = Objective::new(&M::GRAPH, &values, &chunk);
            let total = objective.on_tape(heads, tape, device).map_err(Error::device)?;
            let gradients = total.try_backward().map_err(Error::device)?;
            Ok::<_, Error>((values, objective, gradients))
        };
        let there_and_back = lazy::lend(&mut self.tables, there_and_back);
        let (mut values, objective, mut gradients) = there_and_back?;
        let mut penalties = Penalties::in_training(&mut gradients, &self.branches);
        M::penalize(module, &mut penalties).map_err(Error::device)?;
        let penalty = penalties.value();
        self.gradients = Some(gradients);

        self.scores.losses(&objective, penalty, chunk.len());
        link(&M::GRAPH, preprocessing.as_ref(), &mut values);
        self.scores.predictions(&values, &chunk);
        Ok((objective, penalty))
    }

    /// Runs a batch once more to find the first node whose output is not finite.
    fn first_infinite_node(&mut self, rows: &[usize]) -> Result<Option<&'static str>> {
        let mut failed = Ok(());
        let node = first_not_finite(|| failed = self.losses(rows).map(drop));
        self.put_statistics_back()?;
        failed.map(|()| node)
    }

    /// The step of the optimizer, or a batch's share of it.
    fn update(&mut self) -> std::result::Result<(), D::Err> {
        let (before, module) = (self.state.step, &mut self.model.module);
        let Some(gradients) = &mut self.gradients else { return Ok(()) };
        let tables = &mut self.tables;
        let batches = self.settings.accumulate as u64;
        let complete = (self.batches + 1).is_multiple_of(batches);
        let sums = &mut self.accumulated;
        accumulate(module, gradients, tables, sums, complete.then_some(batches))?;
        if complete {
            if let Some(clip) = self.settings.clip {
                let counts = |tensor| self.branches.factor(tensor).is_some();
                clip.apply(module, gradients, tables, counts)?;
            }
            if self.branches.all_alike() {
                let optimizer = &self.optimizer;
                self.state.advance_rows(module, gradients, tables, |_| Some(optimizer))?;
            } else {
                let rate = self.optimizer.learning_rate();
                let own = |tensor: usize| {
                    let factor = self.branches.factor(tensor)?;
                    let mut own = self.optimizer.clone();
                    own.set_learning_rate(rate * factor);
                    Some(own)
                };
                let own: Vec<Option<O>> = (0..self.state.tensors.len()).map(own).collect();
                let own = |tensor: usize| own[tensor].as_ref();
                self.state.advance_rows(module, gradients, tables, own)?;
            }
        }
        match &mut self.averages {
            Some(averages) => averages.follow(module, before),
            None => Ok(()),
        }
    }
}

/// Adds a batch's gradients to those before it; the last of `batches` gets their mean.
fn accumulate<E: Element, D: Backend<E>, B: TensorCollection<E, D>>(
    module: &B,
    gradients: &mut Gradients<E, D>,
    tables: &mut Tables<E>,
    sums: &mut [Vec<E>],
    batches: Option<u64>,
) -> std::result::Result<(), D::Err> {
    if sums.is_empty() {
        return Ok(());
    }
    walk::gradients(module, gradients, tables, |tensor, gradient| {
        // A table's rows come one by one.
        sums[tensor].resize(gradient.len(), E::zero());
        for (gradient, sum) in gradient.iter_mut().zip(&mut sums[tensor]) {
            *sum += *gradient;
            if let Some(batches) = batches {
                *gradient = std::mem::replace(sum, E::zero()) / E::of(batches as f64);
            }
        }
    })
}

/// A tape without operations, on the gradients of the last step set back to zero. In the first step
/// each is made when something is added to it.
fn fresh_tape<E: Element, D: Backend<E>, B: TensorCollection<E, D>>(
    module: &B,
    gradients: &mut Option<Gradients<E, D>>,
    tables: &mut Tables<E>,
    device: &D,
) -> std::result::Result<OwnedTape<E, D>, D::Err> {
    let gradients = match gradients.take() {
        Some(mut gradients) => {
            walk::gradients(module, &mut gradients, tables, |_, gradient| {
                sweep::clear(gradient);
            })?;
            gradients
        }
        None => {
            let mut none = Gradients::leaky();
            none.retain_leafs(&tables.ids());
            none
        }
    };
    let carrier = device.try_tensor_from_vec(device.buffer(1)?, ())?;
    Ok(carrier.traced(gradients).split_tape().1)
}

/// The first output whose loss is not finite.
fn first_infinite<M: Definition>(objective: &Objective) -> Option<Cause> {
    let mut outputs = M::GRAPH.outputs.iter().zip(&objective.by_output);
    let (output, value) = outputs.find(|(_, value)| !value.is_finite())?;
    Some(Cause::Loss { output: output.name, value: *value })
}
