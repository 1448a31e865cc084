//! A training run: the state that changes from step to step.

use std::path::{Path, PathBuf};

use dfdx::tensor::Gradients;
use multi_input_base::{Error, Notice, Result, Stream};
use multi_input_data::preprocess::Preprocessing;
use multi_input_kernel::{Backend, Element, Recycling};
use multi_input_nn::{
    layer::RngKey,
    optim::{AnyOptimizer, OptimizerState},
    parameters::{ParameterInfo, Role},
    sharded::{FetchedTables, TableShare},
    sparse::{RawWeights, Sparsity, Table, Tables},
};

use super::{
    branches::Branches,
    gradients::StepGradients,
    moving_average::Averages,
    order::Order,
    ranks::Ranks,
    same_run::SameRun,
    settings::{Settings, Shuffle},
    statistics_backup::StatisticsBackup,
    untrained::{Fillable, Overwritten},
};
use crate::{
    callback::{
        is_learning_rate, AnyCallback, AnyTraining, Event, Flow, Position, RankSpeed, RunPlan,
    },
    checkpoint,
    definition::{Graph, Node},
    history::History,
    objective::{Dropping, Rows, Scores},
    untyped::{parameters, Reached, Snapshot, UntypedModel},
};

/// A run on a model.
pub(super) struct Run<'a, E: Element, D: Backend<E>> {
    pub(super) model: &'a mut UntypedModel<E, D>,
    /// The device of batches and intermediate results; it recycles memory.
    pub(super) device: Recycling<D>,
    pub(super) optimizer: Box<dyn AnyOptimizer>,
    pub(super) state: OptimizerState<E>,
    /// dfdx's gradients, allocated in the first step; afterwards `None` only while a tape owns
    /// them.
    pub(super) tape_gradients: Option<Gradients<E, D>>,
    /// The gradients of the trained tensors, except while a tape owns them.
    pub(super) gradients: StepGradients<E>,
    /// The embedding tables with sparse updates.
    pub(super) tables: Tables<E>,
    /// The sums of the gradients since the optimizer's last step; empty without accumulation.
    pub(super) accumulated: Vec<Vec<E>>,
    pub(super) averages: Option<Averages<E>>,
    pub(super) branches: Branches,
    pub(super) statistics: StatisticsBackup<E>,
    pub(super) settings: Settings,
    pub(super) dropping: Dropping,
    pub(super) plan: RunPlan,
    pub(super) rows: Rows,
    /// The source of each batch's rows; `None` if all rows are in `rows`.
    pub(super) streams: Option<super::stream::Streams>,
    /// The settings and rows that must match to resume the run.
    pub(super) same_run: SameRun,
    pub(super) order: Order,
    /// The current epoch, and its number of finished steps.
    pub(super) epoch: usize,
    pub(super) step: usize,
    /// The number of batches in this run, independent of `initial_epoch`.
    pub(super) batches: u64,
    /// The figures of the epoch so far, of each shard of this rank.
    pub(super) scores: Vec<Scores>,
    /// The number of the first of these shards.
    pub(super) first_shard: usize,
    pub(super) history: History,
    /// The embedding rows and absent inputs of the current batch.
    pub(super) reached: Reached,
    /// For each trained tensor, the part that training may leave untrained.
    pub(super) fillable: Vec<Option<Fillable>>,
    /// For each trained tensor, the index of the divided table that it is.
    pub(super) divided: Vec<Option<usize>>,
    /// For each trained tensor the share of this rank, if it is a divided table.
    pub(super) shares: Vec<Option<TableShare>>,
    /// The shapes of the trained tensors; of divided tables those of the whole.
    pub(super) whole_shapes: Vec<Vec<usize>>,
    /// The rows of divided tables that the batch looks up.
    pub(super) fetched: FetchedTables<E>,
    /// The first training rows, if `rows` only holds the rows of a batch.
    pub(super) reference: Option<Rows>,
    /// Whether a callback has stopped the training.
    pub(super) stopped: bool,
    /// Notices not yet passed to the callbacks.
    pub(super) pending_notices: Vec<Notice>,
    /// Checkpoints requested by callbacks: a folder, and the number of files to keep.
    pub(super) requested: Vec<(PathBuf, usize)>,
    /// The other ranks, if the run is on a cluster.
    pub(super) ranks: Option<Ranks<E>>,
    /// The speeds of the ranks in the last epoch.
    pub(super) speeds: Vec<RankSpeed>,
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
        let divided = model.divided_tensors(names());
        let shapes: Vec<Vec<usize>> = trained().map(|parameter| parameter.shape.clone()).collect();
        let tables = {
            let names: Vec<&str> = names().collect();
            let ids = trained().map(|parameter| parameter.id).collect();
            let sparsity =
                |tensor: usize| match fillable[tensor].as_ref().and_then(Fillable::sharded) {
                    Some(look_up) => {
                        let held = (shapes[tensor][0], look_up.width);
                        Sparsity::Sharded { held, rows: look_up.rows }
                    }
                    // A moving average follows every row, and a custom module may read all of them.
                    _ if settings.whole_tables
                        || settings.moving_average.is_some()
                        || !has_only_builtin_layers(graph, names[tensor]) =>
                    {
                        Sparsity::Never
                    }
                    _ => Sparsity::IfLarge,
                };
            Tables::new(ids, sparsity, &*optimizer, settings.batch_size)
        };
        let still = own.iter().filter(|parameter| !parameter.trainable);
        let moves = still.map(|parameter| !is_of_frozen(graph, &parameter.name)).collect();
        let shuffled = (settings.shuffle == Shuffle::EachEpoch).then_some(settings.seed);
        let order = Order::new(plan.rows, settings.batch_size, shuffled);
        let epoch = settings.initial_epoch;
        let dropping = Dropping { inputs: dropped(graph, &settings) };
        let is_table = |tensor: &usize| matches!(fillable[*tensor], Some(Fillable::Table(_)));
        let share = model.divided.as_ref().map(|divided| divided.share);
        let shares = divided.iter().map(|divided| share.filter(|_| divided.is_some())).collect();
        let whole = |(shape, divided): (&Vec<usize>, &Option<usize>)| {
            let table = model.divided.as_ref().zip(*divided);
            let look_up = table.map(|(divided, index)| divided.tables[index].look_up);
            look_up.map_or_else(|| shape.clone(), |look_up| vec![look_up.rows, look_up.width])
        };
        let whole_shapes = shapes.iter().zip(&divided).map(whole).collect();
        let all_tables = (0..shapes.len()).filter(is_table);
        let ranks = Ranks::new(&settings, &shapes, all_tables, &divided);
        let mut run = Run {
            device: model.device.recycling().map_err(Error::device)?,
            model,
            optimizer,
            state,
            tape_gradients: None,
            gradients: StepGradients::new(trained().count()),
            tables,
            accumulated,
            averages,
            branches,
            statistics: StatisticsBackup::new(moves),
            settings,
            dropping,
            plan,
            same_run,
            rows,
            streams: None,
            order,
            epoch,
            step: 0,
            batches: 0,
            scores: Vec::new(),
            first_shard: ranks.as_ref().map_or(0, |ranks| ranks.shards.own.start),
            history: History::default(),
            reached: Reached::new(graph),
            fillable,
            divided,
            shares,
            whole_shapes,
            fetched: Vec::new(),
            reference: None,
            stopped: false,
            pending_notices: Vec::new(),
            requested: Vec::new(),
            ranks,
            speeds: Vec::new(),
        };
        run.clear_slots_of_tables();
        run.scores = run.no_shard_scores()?;
        run.apply_frozen();
        Ok(run)
    }

    /// Drops the optimizer state of sparse tables, which have that of their rows.
    pub(super) fn clear_slots_of_tables(&mut self) {
        for (index, tensor) in self.state.tensors.iter_mut().enumerate() {
            if self.tables.get(index).is_some() {
                tensor.slots.clear();
            }
        }
    }

    /// The scores before the first row.
    pub(super) fn no_scores(&self) -> Result<Scores> {
        Scores::new(self.model.graph(), self.model.preprocessing.as_ref())
    }

    /// The scores of the shards of this rank before the first step of an epoch.
    pub(super) fn no_shard_scores(&self) -> Result<Vec<Scores>> {
        let own = self.ranks.as_ref().map_or(1, |ranks| ranks.shards.own.len());
        (0..own).map(|_| self.no_scores()).collect()
    }

    /// Whether this rank writes files; of a run without a cluster it does.
    pub(super) fn is_main(&self) -> bool {
        self.ranks.as_ref().is_none_or(|ranks| ranks.cluster.is_main())
    }

    /// Whether this rank takes part in writing a file. The rows of divided tables are on all ranks.
    fn writes(&self) -> bool {
        self.is_main() || self.model.divided.is_some()
    }

    /// The key of random numbers in layers in the current step.
    pub(super) fn key(&self) -> RngKey {
        RngKey {
            seed: self.settings.seed.stream(Stream::Dropout),
            step: self.batch_number(),
            ..RngKey::default()
        }
    }

    /// The key of random numbers for dropped or augmented inputs in the current step.
    pub(super) fn key_of(&self, stream: Stream) -> RngKey {
        RngKey { seed: self.settings.seed.stream(stream), ..self.key() }
    }

    /// The number of the current batch, counted from the start of epoch 0. It wraps at 2^64:
    /// shuffling and random keys only need it to differ from step to step.
    pub(super) fn batch_number(&self) -> u64 {
        self.plan.steps_before(self.epoch, self.step) as u64
    }

    /// Passes the frozen branches to the layers.
    pub(super) fn apply_frozen(&mut self) {
        let branches = &self.branches;
        self.model.module.set_frozen(&|node| branches.is_frozen(node));
    }

    /// Notifies every callback of an event, then writes the checkpoints they requested.
    pub(super) fn notify(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
        event: &Event<'_>,
    ) -> Result<Flow> {
        let flow = self.notify_only(callbacks, event)?;
        let flow = flow.max(self.notify_notices(callbacks)?);
        // After an error, the other ranks are elsewhere.
        let flow = match event {
            Event::Ended => flow,
            _ => self.agreed_now(flow)?,
        };
        self.stopped |= flow == Flow::Stop;
        self.write_requested(callbacks)?;
        Ok(flow)
    }

    /// Adds notices to the history and to the notices for callbacks, except those already in the
    /// history: a resumed run finds the same notices again.
    pub(super) fn add_notices(&mut self, notices: impl IntoIterator<Item = Notice>) {
        for notice in notices {
            if !self.history.notices.contains(&notice) {
                self.history.notices.push(notice.clone());
                self.pending_notices.push(notice);
            }
        }
    }

    /// Passes pending notices to the callbacks until none of them adds another.
    pub(super) fn notify_notices(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
    ) -> Result<Flow> {
        let mut flow = Flow::Continue;
        while !self.pending_notices.is_empty() {
            let notices = std::mem::take(&mut self.pending_notices);
            flow = flow.max(self.notify_only(callbacks, &Event::Notices { notices: &notices })?);
        }
        Ok(flow)
    }

    /// Notifies every callback of an event, even after one of them stops the run.
    pub(super) fn notify_only(
        &mut self,
        callbacks: &mut [Box<dyn AnyCallback + '_>],
        event: &Event<'_>,
    ) -> Result<Flow> {
        let mut flow = Flow::Continue;
        let is_main = self.is_main();
        for callback in callbacks.iter_mut() {
            if !is_main && callback.on_main_rank_only() {
                continue;
            }
            let before = self.optimizer.learning_rate();
            flow = flow.max(callback.on(event, self)?);
            let rate = self.optimizer.learning_rate();
            if !is_learning_rate(rate) {
                self.optimizer.set_learning_rate(before);
                return Err(Error::CallbackLearningRate { callback: callback.name(), rate });
            }
        }
        Ok(flow)
    }

    /// Writes the checkpoints requested by callbacks.
    pub(super) fn write_requested(
        &mut self,
        callbacks: &[Box<dyn AnyCallback + '_>],
    ) -> Result<()> {
        let requested = std::mem::take(&mut self.requested);
        if requested.is_empty() {
            return Ok(());
        }
        // Resuming needs the untrained vectors unfilled; they are filled when the file is loaded as
        // a model.
        let states = match &self.ranks {
            Some(ranks) => ranks.states(&self.scores)?,
            None => self.scores.iter().map(Scores::state).collect(),
        };
        if !self.writes() {
            return Ok(());
        }
        self.with_flushed_tables(Fill::No, |run, raw| {
            run.check_weights()?;
            let (mut saved, state) = run.to_save(callbacks, raw, &states);
            if !run.settings.keep_untrained {
                let means = run.stand_in_means()?.into_iter();
                let of_tensors = means.map(|(node, mean)| (format!("{node}_missing"), mean));
                saved.stand_ins = Some(of_tensors.collect());
            }
            for (folder, keep) in requested {
                checkpoint::create(&folder)?;
                let number = run.batch_number();
                let path = checkpoint::path_in(&folder, number);
                checkpoint::save_run(run.model, (&saved, &state), &path)?;
                checkpoint::keep_newest(&folder, keep, number, run.model.cluster())?;
            }
            Ok(())
        })
    }

    /// Runs `inspect` with all deferred updates of the sparse tables applied and, on `Fill::Yes`,
    /// with untrained vectors replaced by means. Restores the tables and vectors afterwards. The
    /// second argument of `inspect` is the raw state of each table.
    pub(super) fn with_flushed_tables<R>(
        &mut self,
        fill: Fill,
        inspect: impl FnOnce(&Self, &[Option<RawWeights<E>>]) -> Result<R>,
    ) -> Result<R> {
        let mut raw = vec![None; self.state.tensors.len()];
        self.each_table(|tensor, table, weights| raw[tensor] = Some(table.materialize(weights)))?;
        let overwritten = match fill {
            Fill::Yes => self.fill_untrained(Overwritten::Save)?,
            Fill::No => Vec::new(),
        };
        let inspected = inspect(self, &raw);
        self.restore_untrained(&overwritten)?;
        self.each_table(|tensor, table, weights| {
            raw[tensor].iter().for_each(|raw| table.restore(raw, weights));
        })?;
        inspected
    }

    /// Applies the deferred updates of all sparse tables.
    pub(super) fn flush_tables(&mut self) -> Result<()> {
        self.each_table(|_, table, weights| table.flush(weights))
    }

    /// Calls `edit` with every sparse table, the index of its tensor among the trained ones, and
    /// its weights in the module.
    fn each_table(&mut self, mut edit: impl FnMut(usize, &mut Table<E>, &mut [E])) -> Result<()> {
        let tables = &mut self.tables;
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            if let Some(table) = tables.get(tensor) {
                edit(tensor, table, weights);
            }
        })
    }
}

/// Whether untrained vectors are shown as means of the trained ones.
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

/// Whether a tensor belongs to a branch that the model definition freezes.
fn is_of_frozen(graph: &'static Graph, tensor: &str) -> bool {
    node_of(graph, tensor).is_some_and(|node| node.frozen)
}

/// Whether a tensor's branch has only built-in layers.
fn has_only_builtin_layers(graph: &'static Graph, tensor: &str) -> bool {
    let ours = |node: &Node| node.layers.iter().all(|layer| layer.parameters.is_some());
    node_of(graph, tensor).is_some_and(ours)
}

/// The indices of the inputs that are dropped at random, with their probabilities.
fn dropped(graph: &Graph, settings: &Settings) -> Vec<(usize, f64)> {
    let index_of = |name: &str| graph.inputs.iter().position(|input| input.name == name);
    let dropped = settings.dropped.iter();
    dropped.filter_map(|(name, probability)| Some((index_of(name)?, *probability))).collect()
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

    fn rank(&self) -> usize {
        self.ranks.as_ref().map_or(0, |ranks| ranks.cluster.rank())
    }

    fn rank_speeds(&self) -> &[RankSpeed] {
        &self.speeds
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
        self.apply_frozen();
    }

    fn snapshot(&mut self) -> Result<Snapshot> {
        self.with_flushed_tables(Fill::Yes, |run, _| Ok(run.model.snapshot()))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.flush_tables()?;
        self.model.restore(snapshot)?;
        self.each_table(|_, table, weights| table.reload(weights))
    }

    fn save_model(&mut self, path: &Path) -> Result<()> {
        if !self.writes() {
            return Ok(());
        }
        self.with_flushed_tables(Fill::Yes, |run, _| checkpoint::save(run.model, path))
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
