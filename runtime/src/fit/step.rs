//! One batch: its losses, their gradients, and the optimizer's step.

use dfdx::{tensor::Gradients, tensor_ops::Backward};
use multi_input_base::{Error, Result, Stream};
use multi_input_kernel::{sweep, Backend, Element};
use multi_input_nn::{optim::AnyOptimizer, parameters::Role, sparse, Penalties};

use super::{branches::Branches, inspect::first_non_finite, run::Run};
use crate::{
    callback::Cause,
    definition::Graph,
    objective::{head_values, Objective},
    untyped::{link, parameters, AnyModule, UntypedModel},
};

/// A loss or a gradient that is not a number.
#[derive(Clone, Debug)]
pub(super) struct NotFinite {
    pub(super) cause: Cause,
    pub(super) node: Option<&'static str>,
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// Trains on the next batch and gives its total loss, or says what was not finite; then the
    /// model is as it was before.
    pub(super) fn train_step(&mut self) -> Result<std::result::Result<f64, NotFinite>> {
        self.statistics.keep(&mut self.model.module)?;
        let rows = self.next_rows()?;
        let (objective, penalty) = match self.losses(&rows) {
            Ok(losses) => losses,
            Err(error) => {
                self.put_statistics_back()?;
                return Err(error);
            }
        };
        let graph = self.model.graph();
        let cause = first_infinite(graph, &objective).or_else(|| self.infinite_gradient());
        if let Some(cause) = cause {
            self.put_statistics_back()?;
            let node = self.first_infinite_node(&rows)?;
            return Ok(Err(NotFinite { cause, node }));
        }
        self.update()?;
        if let Some(coverage) = &mut self.model.coverage {
            coverage.add(graph, &self.reached);
        }
        self.step += 1;
        self.batches += 1;
        Ok(Ok(objective.total + penalty))
    }

    /// The first tensor whose gradient is not finite: a step with it would leave no weight of it.
    fn infinite_gradient(&mut self) -> Option<Cause> {
        let mut found = None;
        self.gradients.each(&mut self.tables, |tensor, gradient| {
            if found.is_none() && !sweep::all_finite(gradient) {
                found = Some(tensor);
            }
        });
        Some(Cause::Gradient { tensor: self.state.tensors[found?].name.clone() })
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
        self.statistics.put_back(&mut self.model.module)
    }

    /// The losses of a batch and, in `self.gradients`, their gradients.
    fn losses(&mut self, rows: &[usize]) -> Result<(Objective, f64)> {
        let key = self.key();
        let keys = (self.key_of(Stream::Dropping), self.key_of(Stream::Augmentation));
        let streamed = self.stream.is_some();
        let graph = self.model.graph();
        let UntypedModel { module, preprocessing, .. } = &mut *self.model;
        let device: &D = &self.device;
        module.set_rng_key(key);
        let chunk = match preprocessing {
            // A stream's rows have been changed already.
            Some(fitted) if !self.dropping.is_empty() || fitted.augments() && !streamed => {
                self.rows.take_dropping(rows, &self.dropping, fitted, keys)?
            }
            _ => self.rows.take(rows),
        };
        let outputs = graph.outputs.len();
        let counts = |output: usize, place: usize| chunk.counts_for(output, outputs, place);
        self.reached.set(&chunk.batch(), &counts, &|node| self.branches.learns(node));
        let of_tape = self.of_tape.take();
        let tape = self.gradients.tape(module, of_tape, &mut self.tables, device);
        let tape = tape.map_err(Error::device)?;
        let there_and_back = || {
            let (heads, tape) =
                module.train(&chunk.batch(), device, tape).map_err(Error::device)?;
            let values = head_values(graph, &heads, chunk.len())?;
            let mut objective = Objective::new(graph, &values, &chunk);
            let total = objective.on_tape(heads, tape, device).map_err(Error::device)?;
            let gradients = total.try_backward().map_err(Error::device)?;
            Ok::<_, Error>((values, objective, gradients))
        };
        let there_and_back = sparse::scope(&mut self.tables, there_and_back);
        let (mut values, objective, mut gradients) = there_and_back?;
        let penalty = penalty(module, &mut gradients, &self.branches).map_err(Error::device)?;
        let taken = self.gradients.take(module, &mut gradients, &mut self.tables);
        taken.map_err(Error::device)?;
        self.of_tape = Some(gradients);

        self.scores.losses(&objective, penalty, chunk.len());
        link(graph, preprocessing.as_ref(), &mut values);
        self.scores.predictions(&values, &chunk);
        Ok((objective, penalty))
    }

    /// Runs a batch once more to find the first node whose output is not finite.
    fn first_infinite_node(&mut self, rows: &[usize]) -> Result<Option<&'static str>> {
        let mut failed = Ok(());
        let node = first_non_finite(|| failed = self.losses(rows).map(drop));
        self.put_statistics_back()?;
        failed.map(|()| node)
    }

    /// The step of the optimizer, or a batch's share of it.
    fn update(&mut self) -> Result<()> {
        let before = self.state.step;
        let batches = self.settings.accumulate as u64;
        let complete = (self.batches + 1).is_multiple_of(batches);
        self.accumulate(complete.then_some(batches));
        if complete {
            if let Some(clip) = self.settings.clip {
                let counts = |tensor| self.branches.factor(tensor).is_some();
                clip.apply(&mut self.gradients, &mut self.tables, counts);
            }
            self.take_step()?;
        }
        match &mut self.averages {
            Some(averages) => averages.follow(&mut self.model.module, before),
            None => Ok(()),
        }
    }

    /// Adds a batch's gradients to those before it; the last of `batches` gets their mean.
    fn accumulate(&mut self, batches: Option<u64>) {
        let sums = &mut self.accumulated;
        if sums.is_empty() {
            return;
        }
        self.gradients.each(&mut self.tables, |tensor, gradient| {
            // A table's rows come one by one.
            sums[tensor].resize(gradient.len(), E::zero());
            for (gradient, sum) in gradient.iter_mut().zip(&mut sums[tensor]) {
                *sum += *gradient;
                if let Some(batches) = batches {
                    *gradient = std::mem::replace(sum, E::zero()) / E::of(batches as f64);
                }
            }
        });
    }

    /// Every tensor that learns takes the optimizer's step, those of some branches at a rate of their
    /// own.
    fn take_step(&mut self) -> Result<()> {
        self.state.step += 1;
        let own = (!self.branches.all_alike()).then(|| self.own_optimizers());
        let Run { state, tables, gradients, optimizer, .. } = self;
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            let optimizer = match &own {
                None => Some(&**optimizer),
                Some(own) => own[tensor].as_deref(),
            };
            let (Some(optimizer), state) = (optimizer, &mut state.tensors[tensor]) else { return };
            state.step += 1;
            if !tables.step(tensor, optimizer, state, weights) {
                let (step, gradient) = (state.step, gradients.of(tensor));
                optimizer.on::<E>().update(step, weights, gradient, &mut state.slots);
            }
        })
    }

    /// For every tensor an optimizer of its branch's rate; `None` where it is frozen for now.
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

/// The penalties on a model's weights, whose gradients are added to the gradients.
fn penalty<E: Element, D: Backend<E>>(
    module: &dyn AnyModule<E, D>,
    gradients: &mut Gradients<E, D>,
    branches: &Branches,
) -> std::result::Result<f64, D::Err> {
    let mut penalties = Penalties::default();
    module.penalize(&mut penalties)?;
    penalties.in_training(gradients, |branch| branches.is_frozen(branch))
}

/// The first output whose loss is not finite.
fn first_infinite(graph: &Graph, objective: &Objective) -> Option<Cause> {
    let mut outputs = graph.outputs.iter().zip(&objective.by_output);
    let (output, value) = outputs.find(|(_, value)| !value.is_finite())?;
    Some(Cause::Loss { output: output.name, value: *value })
}
