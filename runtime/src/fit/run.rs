//! A training run: everything that changes while it lasts.

use std::path::{Path, PathBuf};

use dfdx::tensor::Gradients;
use multi_input_base::{Error, Notice, Result, Stream};
use multi_input_data::preprocess::Preprocessing;
use multi_input_kernel::{Backend, Element, Recycling};
use multi_input_nn::{
    layer::RngKey,
    optim::{AnyOptimizer, OptimizerState},
    parameters::{ParameterInfo, Role},
    sparse::{RawWeights, Table, Tables},
};

use super::{
    branches::Branches,
    gradients::StepGradients,
    moving_average::Averages,
    order::Order,
    same_run::SameRun,
    settings::{Settings, Shuffle},
    statistics::KeptStatistics,
    untrained::{Fillable, Old},
};
use crate::{
    callback::{AnyCallback, AnyTraining, Event, Flow, Position, RunPlan},
    checkpoint,
    definition::{Graph, Node},
    history::History,
    objective::{Dropping, Rows, Scores},
    untyped::{parameters, Reached, Snapshot, UntypedModel},
};

/// A run on a model.
pub(super) struct Run<'a, E: Element, D: Backend<E>> {
    pub(super) model: &'a mut UntypedModel<E, D>,
    /// Where batches and what is computed of them live.
    pub(super) device: Recycling<D>,
    pub(super) optimizer: Box<dyn AnyOptimizer>,
    pub(super) state: OptimizerState<E>,
    /// Allocated in the first step; afterwards `None` only while a tape holds them.
    pub(super) of_tape: Option<Gradients<E, D>>,
    /// The gradients by the trained tensors, but while a tape holds them.
    pub(super) gradients: StepGradients<E>,
    /// The embeddings whose rows take their steps one by one.
    pub(super) tables: Tables<E>,
    /// The sums of the gradients since the optimizer's last step; empty where none are summed.
    pub(super) accumulated: Vec<Vec<E>>,
    pub(super) averages: Option<Averages<E>>,
    pub(super) branches: Branches,
    pub(super) statistics: KeptStatistics<E>,
    pub(super) settings: Settings,
    pub(super) dropping: Dropping,
    pub(super) plan: RunPlan,
    pub(super) rows: Rows,
    /// Where the rows of each batch come from, unless all of them are in `rows`.
    pub(super) stream: Option<super::stream::Stream>,
    /// What must be the same for the run to go on.
    pub(super) same_run: SameRun,
    pub(super) order: Order,
    /// The epoch, and how many of its steps are over.
    pub(super) epoch: usize,
    pub(super) step: usize,
    /// How many batches this run has taken, whatever the number of its first epoch.
    pub(super) batches: u64,
    /// The figures of the epoch so far.
    pub(super) scores: Scores,
    pub(super) history: History,
    /// What the batch under way reaches.
    pub(super) reached: Reached,
    /// For each trained tensor, what of it training may not reach.
    pub(super) fillable: Vec<Option<Fillable>>,
    /// The first training rows, where `rows` holds those of a batch.
    pub(super) reference: Option<Rows>,
    /// Whether a callback ended the training for good.
    pub(super) stopped: bool,
    /// Notices that callbacks have not been told yet.
    pub(super) untold: Vec<Notice>,
    /// The checkpoints that callbacks have asked for: a folder, and how many to keep.
    pub(super) requested: Vec<(PathBuf, usize)>,
}

impl<'a, E: Element, D: Backend<E>> Run<'a, E, D> {
    /// A run before its first step.
    pub(super) fn new(
        model: &'a mut UntypedModel<E, D>,
        optimizer: Box<dyn AnyOptimizer>,
        settings: Settings,
        plan: RunPlan,
        (rows, same_run): (Rows, SameRun),
    ) -> Result<Self> {
        let graph = model.graph();
        let own = parameters::list(&model.module);
        let state = OptimizerState::of_tensors(&own, optimizer.slots().len());
        let trained = || own.iter().filter(|parameter| parameter.trainable);
        let sizes = || trained().map(ParameterInfo::elements);
        let averages = settings.moving_average.map(|rule| Averages::new(rule, sizes()));
        let accumulated = match settings.accumulate > 1 {
            true => vec![Vec::new(); sizes().count()],
            false => Vec::new(),
        };
        let names = || trained().map(|parameter| parameter.name.as_str());
        let branches = Branches::new(graph, names(), &settings.rates, &settings.frozen);
        let fillable = Fillable::of_tensors(graph, &names().collect::<Vec<_>>());
        let tables = {
            let names: Vec<&str> = names().collect();
            let ids = trained().map(|parameter| parameter.id).collect();
            let may_rest = |tensor: usize| {
                // An average follows every row; a module of the user's own may read all of them.
                !settings.whole_tables
                    && settings.moving_average.is_none()
                    && all_layers_are_ours(graph, names[tensor])
            };
            Tables::new(ids, may_rest, &*optimizer, settings.batch_size)
        };
        let still = own.iter().filter(|parameter| !parameter.trainable);
        let moves = still.map(|parameter| !is_of_frozen(graph, &parameter.name)).collect();
        let shuffled = (settings.shuffle == Shuffle::EachEpoch).then_some(settings.seed);
        let order = Order::new(plan.rows, settings.batch_size, shuffled);
        let epoch = settings.initial_epoch;
        let dropping = Dropping { inputs: dropped(graph, &settings) };
        let mut run = Run {
            device: model.device.recycling().map_err(Error::device)?,
            model,
            optimizer,
            state,
            of_tape: None,
            gradients: StepGradients::new(trained().count()),
            tables,
            accumulated,
            averages,
            branches,
            statistics: KeptStatistics::new(moves),
            settings,
            dropping,
            plan,
            same_run,
            rows,
            stream: None,
            order,
            epoch,
            step: 0,
            batches: 0,
            scores: Scores::new(graph),
            history: History::default(),
            reached: Reached::new(graph),
            fillable,
            reference: None,
            stopped: false,
            untold: Vec::new(),
            requested: Vec::new(),
        };
        run.tell_frozen();
        Ok(run)
    }

    /// What the layers draw in the step under way.
    pub(super) fn key(&self) -> RngKey {
        RngKey {
            seed: self.settings.seed.stream(Stream::Dropout),
            layer: 0,
            step: self.batch_number(),
            call: 0,
        }
    }

    /// What decides which inputs are dropped, or how they are changed, in the step under way.
    pub(super) fn key_of(&self, stream: Stream) -> RngKey {
        RngKey { seed: self.settings.seed.stream(stream), ..self.key() }
    }

    /// The number of the batch under way, counted from the beginning of epoch 0. Beyond 2^64 it
    /// starts anew: orders and draws only need it to change with every step.
    pub(super) fn batch_number(&self) -> u64 {
        self.plan.steps_before(self.epoch, self.step) as u64
    }

    /// Tells the layers which branches are frozen for now.
    pub(super) fn tell_frozen(&mut self) {
        let branches = &self.branches;
        self.model.module.set_frozen(&|node| branches.is_frozen(node));
    }

    /// Tells every callback what happened; then come the checkpoints that they asked for.
    pub(super) fn tell(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback>],
        event: &Event<'_>,
    ) -> Result<Flow> {
        let flow = self.tell_only(callbacks, event)?;
        let flow = flow.max(self.tell_notices(callbacks)?);
        self.write_requested(callbacks)?;
        Ok(flow)
    }

    /// Adds notices to the history and to what callbacks will be told, but for those that the
    /// history has already: a resumed run finds again what it found at its first start.
    pub(super) fn add_notices(&mut self, notices: impl IntoIterator<Item = Notice>) {
        for notice in notices {
            if !self.history.notices.contains(&notice) {
                self.history.notices.push(notice.clone());
                self.untold.push(notice);
            }
        }
    }

    /// Tells every callback what is worth knowing, until none has anything to add.
    pub(super) fn tell_notices(&mut self, callbacks: &mut [Box<dyn AnyCallback>]) -> Result<Flow> {
        let mut flow = Flow::Continue;
        while !self.untold.is_empty() {
            let notices = std::mem::take(&mut self.untold);
            flow = flow.max(self.tell_only(callbacks, &Event::Notices { notices: &notices })?);
        }
        Ok(flow)
    }

    /// Tells every callback what happened; all of them hear it, whoever stops.
    pub(super) fn tell_only(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback>],
        event: &Event<'_>,
    ) -> Result<Flow> {
        let mut flow = Flow::Continue;
        for callback in callbacks.iter_mut() {
            flow = flow.max(callback.on(event, self)?);
        }
        self.stopped |= flow == Flow::Stop;
        Ok(flow)
    }

    /// Writes the checkpoints that callbacks have asked for.
    pub(super) fn write_requested(&mut self, callbacks: &[Box<dyn AnyCallback>]) -> Result<()> {
        let requested = std::mem::take(&mut self.requested);
        if requested.is_empty() {
            return Ok(());
        }
        // A run goes on from the weights as they are; whoever loads the file as a model fills them.
        self.settled(Fill::No, |run, raw| {
            let mut saved = run.saved(callbacks, raw);
            if !run.settings.keep_untrained {
                let means = run.stand_in_means()?.into_iter();
                let of_tensors = means.map(|(node, mean)| (format!("{node}_missing"), mean));
                saved.stand_ins = Some(of_tensors.collect());
            }
            for (folder, keep) in requested {
                checkpoint::create(&folder)?;
                let number = run.batch_number();
                checkpoint::save_run(run.model, &saved, &checkpoint::path_in(&folder, number))?;
                checkpoint::keep_newest(&folder, keep, number)?;
            }
            Ok(())
        })
    }

    /// Lets somebody see the weights as the dense formula has them by now, with the means of what was
    /// trained where training has not reached, and those of the tables in between.
    pub(super) fn settled<R>(
        &mut self,
        fill: Fill,
        look: impl FnOnce(&Self, &[Option<RawWeights<E>>]) -> Result<R>,
    ) -> Result<R> {
        let mut raw = vec![None; self.state.tensors.len()];
        self.each_table(|tensor, table, weights| raw[tensor] = Some(table.materialize(weights)))?;
        let kept = match fill {
            Fill::Yes => self.fill_untrained(Old::Keep)?,
            Fill::No => Vec::new(),
        };
        let seen = look(self, &raw);
        self.put_back(&kept)?;
        self.each_table(|tensor, table, weights| {
            raw[tensor].iter().for_each(|raw| table.restore(raw, weights));
        })?;
        seen
    }

    /// Has all tables take the steps that they owe.
    pub(super) fn pay(&mut self) -> Result<()> {
        self.each_table(|_, table, weights| table.flush(weights))
    }

    /// Hands every table that rests to `edit`, with its place among the trained tensors and the
    /// weights in the module.
    fn each_table(&mut self, mut edit: impl FnMut(usize, &mut Table<E>, &mut [E])) -> Result<()> {
        let tables = &mut self.tables;
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            if let Some(table) = tables.get(tensor) {
                edit(tensor, table, weights);
            }
        })
    }
}

/// Whether what training has not reached is shown as the mean of what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Yes,
    No,
}

/// The node whose branch a tensor belongs to.
fn node_of(graph: &'static Graph, tensor: &str) -> Option<&'static Node> {
    let field = tensor.split('.').next();
    graph.nodes.iter().find(|node| Some(node.name) == field)
}

/// Whether a tensor belongs to a branch that the model itself freezes.
fn is_of_frozen(graph: &'static Graph, tensor: &str) -> bool {
    node_of(graph, tensor).is_some_and(|node| node.frozen)
}

/// Whether a tensor's branch has no module of the user's own.
fn all_layers_are_ours(graph: &'static Graph, tensor: &str) -> bool {
    let ours = |node: &Node| node.layers.iter().all(|layer| layer.parameters.is_some());
    node_of(graph, tensor).is_some_and(ours)
}

/// The places of the inputs that are dropped at random.
fn dropped(graph: &Graph, settings: &Settings) -> Vec<(usize, f64)> {
    let place = |name: &str| graph.inputs.iter().position(|input| input.name == name);
    let dropped = settings.dropped.iter();
    dropped.filter_map(|(name, probability)| Some((place(name)?, *probability))).collect()
}

impl<E: Element, D: Backend<E>> AnyTraining for Run<'_, E, D> {
    fn plan(&self) -> &RunPlan {
        &self.plan
    }

    fn position(&self) -> Position {
        Position { epoch: self.epoch, step: self.step, updates: self.state.step }
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn preprocessing(&self) -> Option<&Preprocessing> {
        self.model.preprocessing.as_ref()
    }

    fn learning_rate(&self) -> f64 {
        self.optimizer.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    fn freeze_node(&mut self, node: &str, frozen: bool) {
        self.branches.freeze(self.model.graph(), node, frozen);
        self.tell_frozen();
    }

    fn snapshot(&mut self) -> Result<Snapshot> {
        self.settled(Fill::Yes, |run, _| Ok(run.model.snapshot()))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.pay()?;
        self.model.restore(snapshot)?;
        self.each_table(|_, table, weights| table.reload(weights))
    }

    fn save_model(&mut self, path: &Path) -> Result<()> {
        self.settled(Fill::Yes, |run, _| checkpoint::save(run.model, path))
    }

    fn request_checkpoint(&mut self, folder: &Path, keep: usize) {
        self.requested.push((folder.to_owned(), keep));
    }

    fn notice(&mut self, notice: Notice) {
        self.add_notices([notice]);
    }

    fn explain_end(&mut self, reason: String) {
        self.history.end_reason.get_or_insert(reason);
    }
}
