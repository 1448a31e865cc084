//! The loop over epochs and steps.

use dfdx::{
    nn::ZeroGrads,
    tensor::{Gradients, OwnedTape, SplitTape, Trace},
    tensor_ops::Backward,
};

use super::{
    head_values, progress::Bar, trainer::ValidationRows, Objective, Penalties, RowWeights, Scores,
    Shuffle, Trainer,
};
use crate::{
    callback::{Event, Flow},
    data::{Batch, Table},
    definition::{Definition, Network},
    history::{Figures, History, Phase},
    kernel::{Backend, Element, Recycling},
    layer::Draw,
    model::Model,
    optim::{Optimizer, OptimizerState},
    preprocess::Preprocessing,
    seed::Stream,
    Error, Result,
};

/// Raw rows for the metrics, preprocessed ones for the model.
struct Rows {
    raw: Table,
    ready: Table,
    weights: RowWeights,
}

/// The rows of a run: which of them train, and which validate.
struct Plan {
    rows: Rows,
    training: Vec<usize>,
    /// Rows of their own to validate with.
    apart: Option<Rows>,
    /// Rows cut off the training rows to validate with, with what they weigh there.
    cut_off: Vec<usize>,
    cut_off_weights: RowWeights,
}

impl<M: Definition, O: Optimizer> Trainer<M, O> {
    /// Trains `model` on `train` and says how it went.
    ///
    /// Preprocessing is fitted on the rows that train, unless the model has been fitted before:
    /// weights that were trained on one scale are no use on another.
    ///
    /// # Errors
    /// [`Error::Settings`] with every mistake in the settings, [`Error::Value`] for a row the
    /// model cannot take, [`Error::NotFinite`] where the loss is no longer a number.
    pub fn fit<E: Element, D: Backend<E>>(
        mut self,
        model: &mut Model<M, E, D>,
        train: &[M::Sample],
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        let training = self.check(train)?;
        let plan = self.plan(model, train, training)?;
        let steps = plan.training.len().div_ceil(self.batch_size);
        let bar = Bar::new(self.progress, self.epochs, steps);
        let mut run = Run {
            state: OptimizerState::new(&model.module, &self.optimizer),
            gradients: Some(model.module.try_alloc_grads().map_err(Error::device)?),
            device: model.device.recycling().map_err(Error::device)?,
            model,
            steps: 0,
        };

        let trained = self.run_epochs(&mut run, &plan, &bar);
        bar.end();
        // Also after a failure, so that the best weights are kept.
        for callback in &mut self.callbacks {
            callback.on(Event::TrainingEnded { weights: run.model })?;
        }
        trained
    }

    /// Epoch after epoch, until a callback stops.
    fn run_epochs<E: Element, D: Backend<E>>(
        &mut self,
        run: &mut Run<'_, M, E, D>,
        plan: &Plan,
        bar: &Bar,
    ) -> Result<History>
    where
        M: Network<E, D>,
    {
        let mut history = History::default();
        for epoch in 0..self.epochs {
            let figures = run.epoch(self, plan, epoch, bar)?;
            bar.epoch(epoch, &figures);
            let flow = self.tell(run, epoch, &figures)?;
            history.epochs.push(figures);
            if flow == Flow::Stop {
                break;
            }
        }
        Ok(history)
    }

    /// Encodes all rows once and fits the preprocessing on those that train.
    fn plan<E: Element, D: Backend<E>>(
        &mut self,
        model: &mut Model<M, E, D>,
        train: &[M::Sample],
        training: usize,
    ) -> Result<Plan>
    where
        M: Network<E, D>,
    {
        let raw = super::encode::<M>(train, "train on")?;
        let apart = match std::mem::replace(&mut self.validation, ValidationRows::None) {
            ValidationRows::Rows(table) => Some(table?),
            _ => None,
        };
        let cut_off = (training..raw.rows).collect();
        let training: Vec<usize> = (0..training).collect();
        let fitted = match &mut model.preprocessing {
            Some(fitted) => fitted,
            none => none.insert(Preprocessing::fit(&M::GRAPH, &raw, &training)?),
        };
        let encode = |raw: Table| -> Result<(Table, Table)> {
            let raw = fitted.classes(raw, 0)?;
            let all: Vec<usize> = (0..raw.rows).collect();
            let ready = fitted.encode(&raw, &all, 0)?;
            Ok((raw, ready))
        };
        let apart = apart.map(encode).transpose()?;
        let apart = apart.map(|(raw, ready)| Rows { raw, ready, weights: RowWeights::default() });
        let (raw, ready) = encode(raw)?;
        let (weights, cut_off_weights) = self.weigh(train, &raw);
        Ok(Plan { rows: Rows { raw, ready, weights }, training, apart, cut_off, cut_off_weights })
    }

    /// Tells every callback that an epoch is over; all of them hear it, whoever stops.
    fn tell<E: Element, D: Backend<E>>(
        &mut self,
        run: &mut Run<'_, M, E, D>,
        epoch: usize,
        figures: &Figures,
    ) -> Result<Flow>
    where
        M: Network<E, D>,
    {
        let mut flow = Flow::Continue;
        for callback in &mut self.callbacks {
            let event = Event::EpochEnded { epoch, figures, weights: run.model };
            if callback.on(event)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        Ok(flow)
    }
}

/// What changes while training.
struct Run<'a, M: Network<E, D>, E: Element, D: Backend<E>> {
    model: &'a mut Model<M, E, D>,
    /// Where batches and what is computed of them live.
    device: Recycling<D>,
    state: OptimizerState<E>,
    /// Allocated once; `None` only while a tape holds them.
    gradients: Option<Gradients<E, D>>,
    /// How many steps were taken.
    steps: u64,
}

impl<M: Network<E, D>, E: Element, D: Backend<E>> Run<'_, M, E, D> {
    /// One pass over the training rows, and the validation after it.
    fn epoch<O: Optimizer>(
        &mut self,
        trainer: &Trainer<M, O>,
        plan: &Plan,
        epoch: usize,
        bar: &Bar,
    ) -> Result<Figures> {
        let mut order = plan.training.clone();
        if trainer.shuffle == Shuffle::EachEpoch {
            trainer.seed.generator(Stream::Shuffling, epoch as u64).shuffle(&mut order);
        }
        let mut scores = Scores::new(&M::GRAPH);
        for (step, rows) in order.chunks(trainer.batch_size).enumerate() {
            let draw =
                Draw { seed: trainer.seed.stream(Stream::Dropout), layer: 0, step: self.steps };
            M::set_draw(&mut self.model.module, draw);
            let objective = self.step(&plan.rows, rows, &mut scores)?;
            check_finite::<M>(&objective, epoch, step)?;
            self.update(&trainer.optimizer).map_err(Error::device)?;
            bar.step();
        }
        let mut figures = scores.figures(Phase::Training);
        if let Some(Rows { raw, ready, weights }) = &plan.apart {
            let rows: Vec<usize> = (0..raw.rows).collect();
            let scores = self.model.score(raw, ready, &rows, weights, trainer.batch_size)?;
            figures.extend(scores.figures(Phase::Validation));
        } else if !plan.cut_off.is_empty() {
            let Rows { raw, ready, .. } = &plan.rows;
            let (rows, weights) = (&plan.cut_off, &plan.cut_off_weights);
            let scores = self.model.score(raw, ready, rows, weights, trainer.batch_size)?;
            figures.extend(scores.figures(Phase::Validation));
        }
        Ok(figures)
    }

    /// The losses of a batch and, in `self.gradients`, their gradients.
    fn step(&mut self, all: &Rows, rows: &[usize], scores: &mut Scores) -> Result<Objective> {
        let Model { module, preprocessing, .. } = &mut *self.model;
        let device: &D = &self.device;
        let batch = Batch::new(&all.ready, rows);
        let tape = fresh_tape(module, &mut self.gradients, device).map_err(Error::device)?;
        let (heads, tape) = M::train(module, &batch, device, tape).map_err(Error::device)?;
        let mut values = head_values(&M::GRAPH, &heads, rows.len())?;
        let mut objective = Objective::new(&M::GRAPH, &values, &all.ready, rows, &all.weights);

        let total = objective.on_tape(heads, tape, device).map_err(Error::device)?;
        let mut gradients = total.try_backward().map_err(Error::device)?;
        let mut penalties = Penalties::in_training(&mut gradients);
        M::penalize(module, &mut penalties).map_err(Error::device)?;
        let penalty = penalties.value();
        self.gradients = Some(gradients);

        scores.losses(&objective, penalty, rows.len());
        crate::model::link(&M::GRAPH, preprocessing.as_ref(), &mut values);
        scores.predictions(&values, &all.raw, rows);
        Ok(objective)
    }

    /// The step of the optimizer.
    fn update<O: Optimizer>(&mut self, optimizer: &O) -> std::result::Result<(), D::Err> {
        self.steps += 1;
        match &mut self.gradients {
            Some(gradients) => self.state.advance(&mut self.model.module, gradients, optimizer),
            None => Ok(()),
        }
    }
}

/// A tape without operations, on the gradients of the last step set back to zero.
fn fresh_tape<E: Element, D: Backend<E>, B: ZeroGrads<E, D>>(
    module: &B,
    gradients: &mut Option<Gradients<E, D>>,
    device: &D,
) -> std::result::Result<OwnedTape<E, D>, D::Err> {
    let gradients = match gradients.take() {
        Some(mut gradients) => {
            module.try_zero_grads(&mut gradients)?;
            gradients
        }
        None => module.try_alloc_grads()?,
    };
    let carrier = device.try_tensor_from_vec(vec![E::zero()], ())?;
    Ok(carrier.traced(gradients).split_tape().1)
}

fn check_finite<M: Definition>(objective: &Objective, epoch: usize, step: usize) -> Result<()> {
    let outputs = M::GRAPH.outputs.iter().zip(&objective.by_output);
    for (output, &value) in outputs {
        if !value.is_finite() {
            let (epoch, step) = (epoch + 1, step + 1);
            return Err(Error::NotFinite { output: output.name, epoch, step, value });
        }
    }
    Ok(())
}
