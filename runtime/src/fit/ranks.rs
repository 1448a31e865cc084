//! A run on several ranks: what this rank exchanges with the others.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{
    parameters::Role,
    sharded::{FetchedTables, TableShare},
    sparse::{Tables, Updates},
};

use super::{
    asked::Asked,
    conduct::Conduct,
    exchange::{Exchange, Form, ShardGradient, TensorGradient, Totals},
    gradients::StepGradients,
    settings::Settings,
};
use crate::{
    callback::RankSpeed,
    cluster::{add_numbers, Cluster, Reader, Shards, TreeSum, Wire, Writer},
    definition::Graph,
    exact_sum::ExactSum,
    objective::WholeBatch,
    untyped::{parameters, share_of, AnyModule, News},
};

/// The part of a run that knows of other ranks.
pub(super) struct Ranks<E> {
    pub(super) cluster: Cluster,
    pub(super) shards: Shards,
    wire: Wire,
    /// The shapes of the trained tensors.
    shapes: Vec<Vec<usize>>,
    /// For each trained tensor, the index of the divided table that it is.
    divided: Vec<Option<usize>>,
    /// The rows of divided tables that this rank holds.
    share: TableShare,
    /// The first divided table with a gradient that is not finite, on any rank.
    pub(super) infinite: Option<usize>,
    /// The embedding tables among the trained tensors, and how all ranks update them.
    tables: Vec<(usize, Updates)>,
    /// The gradients of this rank's shards in the current step.
    sum: TreeSum<ShardGradient<E>>,
    /// For each tensor, the rows that earlier batches of an accumulated step have looked up.
    accumulated: Vec<Vec<usize>>,
    /// What the batch is the first to cover: of this rank's shards, and after the exchange of all.
    pub(super) news: News,
    /// What the callbacks of this rank have asked for after the last step, and after the exchange
    /// what those of all ranks had asked for.
    asked: Asked,
    agreed: Asked,
    clock: Clock,
}

/// What the pass of a shard leaves: the gradients of tensors, those in tables with sparse updates, and
/// those of fetched rows.
type OfPass<'a, E> = (&'a StepGradients<E>, &'a mut Tables<E>, &'a mut FetchedTables<E>);

/// The time that a rank has computed, without waiting for others, and the rows of its shards.
struct Clock {
    since: Instant,
    waited: Duration,
    rows: usize,
}

impl Clock {
    fn start(cluster: &Cluster) -> Clock {
        Clock { since: Instant::now(), waited: cluster.traffic().waited, rows: 0 }
    }

    fn busy(&self, cluster: &Cluster) -> Duration {
        self.since.elapsed().saturating_sub(cluster.traffic().waited - self.waited)
    }
}

impl<E: Element> Ranks<E> {
    /// The ranks of a run on a cluster; `tables` are the embedding tables among the trained tensors.
    pub(super) fn new(
        settings: &Settings,
        shapes: &[Vec<usize>],
        tables: impl Iterator<Item = usize>,
        divided: &[Option<usize>],
    ) -> Option<Ranks<E>> {
        let cluster = settings.cluster.clone()?;
        let shards = settings.shards();
        Some(Ranks {
            sum: TreeSum::new(shards.count),
            shards,
            wire: settings.wire,
            shapes: shapes.to_vec(),
            divided: divided.to_vec(),
            share: share_of(&cluster),
            infinite: None,
            tables: tables.map(|tensor| (tensor, Updates::Unknown)).collect(),
            accumulated: vec![Vec::new(); shapes.len()],
            news: News::default(),
            asked: Asked::NOTHING,
            agreed: Asked::NOTHING,
            clock: Clock::start(&cluster),
            cluster,
        })
    }

    /// The targets of the whole batch, of which this rank knows those of its shards.
    pub(super) fn whole(&self, graph: &Graph, own: &WholeBatch) -> Result<WholeBatch> {
        let mut whole = WholeBatch::none(graph);
        let mut part = Writer::default();
        part.number(own.rows);
        part.numbers(&own.known);
        part.numbers(&own.counts.iter().map(|counts| usize::from(*counts)).collect::<Vec<_>>());
        for part in self.cluster.gather("the targets of a batch", part.0)? {
            let mut reader = Reader(&part);
            let (rows, known) = (reader.number()?, reader.numbers()?);
            let counts = reader.numbers()?.into_iter().map(|counts| counts > 0).collect();
            whole.add(&WholeBatch { rows, known, counts });
        }
        Ok(whole)
    }

    /// Begins a step. What earlier batches of an accumulated step have looked up is set apart,
    /// because a shard sends the rows that it looks up itself.
    pub(super) fn begin_step(&mut self, tables: &mut Tables<E>) {
        self.sum = TreeSum::new(self.shards.count);
        self.news = News::default();
        for (tensor, rows) in self.accumulated.iter_mut().enumerate() {
            *rows = tables.get(tensor).map(|table| table.take_pending().0).unwrap_or_default();
        }
    }

    /// Before the pass of a shard: it sends the rows that it looks up itself.
    pub(super) fn begin_pass(&mut self, tables: &mut Tables<E>, fetched: &mut FetchedTables<E>) {
        for tensor in 0..self.shapes.len() {
            if let Some(table) = tables.get(tensor) {
                table.take_pending();
            }
        }
        fetched.iter_mut().for_each(|(_, table)| drop(table.take_gradient()));
    }

    /// Takes the gradients of a shard of `rows` rows.
    pub(super) fn add(
        &mut self,
        (shard, rows): (usize, usize),
        (gradients, tables, fetched): OfPass<'_, E>,
        losses: Vec<f64>,
    ) {
        self.clock.rows += rows;
        let tensors = self.shapes.iter().enumerate().map(|(tensor, shape)| {
            let (rows, of_rows) = match (self.divided[tensor], tables.get(tensor)) {
                (Some(index), _) => fetched[index].1.take_gradient(),
                (None, Some(table)) => table.take_pending(),
                (None, None) => return TensorGradient::Whole(gradients.of(tensor).to_vec()),
            };
            TensorGradient::rows(width(shape), &rows, &of_rows)
        });
        let gradient = ShardGradient { tensors: tensors.collect(), losses };
        self.sum.push(shard..shard + 1, gradient, ShardGradient::add);
    }

    /// Takes the gradients of a shard without rows, which are zeros.
    pub(super) fn add_empty(&mut self, shard: usize, tables: &mut Tables<E>, losses: usize) {
        let tensors =
            self.shapes.iter().enumerate().map(|(tensor, shape)| match tables.get(tensor) {
                Some(_) => TensorGradient::rows(width(shape), &[], &[]),
                None => TensorGradient::Whole(vec![E::zero(); shape.iter().product()]),
            });
        let gradient = ShardGradient { tensors: tensors.collect(), losses: vec![0.0; losses] };
        self.sum.push(shard..shard + 1, gradient, ShardGradient::add);
    }

    /// Exchanges the gradients of the shards: `gradients` and `tables` get those of the batch, and
    /// its losses are returned.
    ///
    /// # Errors
    /// [`Error::Cluster`], if the ranks would not update the weights alike.
    pub(super) fn end_step<D: Backend<E>>(
        &mut self,
        module: &mut dyn AnyModule<E, D>,
        gradients: &mut StepGradients<E>,
        tables: &mut Tables<E>,
        (losses, conduct): (usize, &Conduct),
    ) -> Result<Vec<f64>> {
        self.agree_on_tables(tables)?;
        let form = |(tensor, shape): (usize, &Vec<usize>)| match tables.updates(tensor) {
            _ if self.divided[tensor].is_some() => Form::Divided(width(shape)),
            Updates::Sparse => Form::Rows(width(shape)),
            Updates::Dense | Updates::Unknown => Form::Whole(shape.iter().product()),
        };
        let forms: Vec<Form> = self.shapes.iter().enumerate().map(form).collect();
        let own = std::mem::replace(&mut self.sum, TreeSum::new(self.shards.count));
        let (cluster, wire, shards) = (&self.cluster, self.wire, self.shards.count);
        let exchange = Exchange { cluster, wire, shards, forms: &forms, losses };
        let Totals { gradient, infinite, notes } = exchange.totals(own, &self.note(conduct))?;
        self.infinite = infinite;
        self.read_notes(&notes)?;
        let mut of_tables = Vec::new();
        for (tensor, total) in gradient.tensors.into_iter().enumerate() {
            match total {
                TensorGradient::Whole(total) => gradients.set(tensor, total),
                TensorGradient::Rows(rows) => of_tables.push((tensor, rows)),
            }
        }
        let mut of_tables = of_tables.into_iter().peekable();
        parameters::edit_role(module, Role::Trained, |tensor, weights| {
            let next = of_tables.next_if(|(next, _)| *next == tensor);
            let (Some((_, mut total)), Some(table)) = (next, tables.get(tensor)) else { return };
            if self.divided[tensor].is_some() {
                let held = total.into_iter();
                total =
                    held.filter_map(|(row, sums)| Some((self.share.held(row)?, sums))).collect();
            }
            // Sums over several batches are in the order in which rows were first looked up.
            let earlier = &self.accumulated[tensor];
            let known: BTreeSet<usize> = earlier.iter().copied().collect();
            let later = total.keys().copied().filter(|row| !known.contains(row));
            let rows: Vec<usize> = earlier.iter().copied().chain(later).collect();
            let zeros = vec![E::zero(); width(&self.shapes[tensor])];
            let of_rows = rows.iter().flat_map(|row| total.get(row).unwrap_or(&zeros)).copied();
            table.set_pending(&rows, of_rows.collect(), weights);
        })?;
        Ok(gradient.losses)
    }

    /// Adds the squares of the rows that other ranks hold of sharded tables.
    pub(super) fn add_squares(&self, of_tables: &mut [Option<ExactSum>]) -> Result<()> {
        let own = of_tables.iter().flatten().flat_map(ExactSum::to_bytes).collect();
        of_tables.iter_mut().flatten().for_each(|sum| *sum = ExactSum::ZERO);
        for part in self.cluster.gather("the norm of a gradient", own)? {
            let mut reader = Reader(&part);
            for sum in of_tables.iter_mut().flatten() {
                sum.add_sum(&ExactSum::of_bytes(reader.take(ExactSum::BYTES)?));
            }
        }
        Ok(())
    }

    /// What this rank tells the others in every step.
    fn note(&self, conduct: &Conduct) -> Vec<u8> {
        let mut note = Writer::default();
        conduct.write(&mut note);
        self.asked.write(&mut note);
        self.news.write(&mut note);
        note.0
    }

    fn read_notes(&mut self, notes: &[Vec<u8>]) -> Result<()> {
        self.agreed = Asked::NOTHING;
        let mut conducts = Vec::new();
        for note in notes {
            let mut reader = Reader(note);
            conducts.push(Conduct::read(&mut reader)?);
            let asked = Asked::read(&mut reader)?;
            self.agreed = std::mem::replace(&mut self.agreed, Asked::NOTHING).or(asked);
            self.news.read(&mut reader)?;
        }
        self.asked = Asked::NOTHING;
        Conduct::compare(&conducts)
    }

    /// Agrees on how tables are updated, which is decided by the first look-up in each of them.
    fn agree_on_tables(&mut self, tables: &mut Tables<E>) -> Result<()> {
        if self.tables.iter().all(|(_, updates)| *updates != Updates::Unknown) {
            return Ok(());
        }
        let code = |(tensor, _): &(usize, Updates)| match tables.updates(*tensor) {
            Updates::Unknown => 0,
            Updates::Dense => 1,
            Updates::Sparse => 2,
        };
        let codes = self.tables.iter().map(code).collect();
        let all = self.cluster.gather("the tables of a step", codes)?;
        for (index, (tensor, updates)) in self.tables.iter_mut().enumerate() {
            *updates = match all.iter().filter_map(|codes| codes.get(index)).max() {
                Some(2) => Updates::Sparse,
                Some(1) => Updates::Dense,
                _ => Updates::Unknown,
            };
            let shape = &self.shapes[*tensor];
            tables.decide(*tensor, *updates, (shape.first().copied().unwrap_or(0), width(shape)));
        }
        Ok(())
    }

    /// Notes what the callbacks of this rank ask for after a step. The others learn of it in the next
    /// exchange, so that it takes effect after the same step on all of them: the next one, or the
    /// last of the epoch.
    pub(super) fn ask(&mut self, asked: Asked) {
        self.asked = asked;
    }

    /// What the callbacks of this rank have asked for since the last exchange.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What the callbacks of all ranks had asked for before the last exchange.
    pub(super) fn agreed(&self) -> &Asked {
        &self.agreed
    }

    /// The node that the first rank with one has found.
    pub(super) fn first_node(
        &self,
        graph: &Graph,
        own: Option<&'static str>,
    ) -> Result<Option<&'static str>> {
        let part = own.unwrap_or_default().as_bytes().to_vec();
        let parts = self.cluster.gather("the search for what is not finite", part)?;
        let found = parts.iter().find(|part| !part.is_empty());
        let named = |part: &Vec<u8>| {
            graph.nodes.iter().map(|node| node.name).find(|name| name.as_bytes() == &part[..])
        };
        Ok(found.and_then(named))
    }

    /// Agrees at once, where all ranks are at the same event.
    pub(super) fn agree(&self, asked: &Asked) -> Result<Asked> {
        let mut part = Writer::default();
        asked.write(&mut part);
        let all = self.cluster.gather("what callbacks ask for", part.0)?;
        let mut agreed = Asked::NOTHING;
        for part in all {
            agreed = agreed.or(Asked::read(&mut Reader(&part))?);
        }
        Ok(agreed)
    }

    /// Compares the checksum of the weights with those of the other ranks.
    ///
    /// # Errors
    /// [`Error::Cluster`], if they differ: a callback has done different things on them.
    pub(super) fn compare(&self, checksum: u32) -> Result<()> {
        let parts = self.cluster.gather("the end of a run", checksum.to_le_bytes().to_vec())?;
        let other = parts.iter().position(|part| *part != parts[0]);
        match other {
            None => Ok(()),
            Some(rank) => Err(Error::Cluster(format!(
                "the ranks hold different weights at the end, rank {rank} others than rank 0: a \
                 callback does not do the same on all ranks"
            ))),
        }
    }

    /// The speed of every rank since the last call.
    pub(super) fn speeds(&mut self) -> Result<Vec<RankSpeed>> {
        let busy = self.clock.busy(&self.cluster);
        let mut part = Writer::default();
        part.number(self.clock.rows);
        part.double(busy.as_secs_f64());
        part.double(self.clock.since.elapsed().as_secs_f64());
        let parts = self.cluster.gather("the speed of the ranks", part.0)?;
        let speed = |part: &Vec<u8>| {
            let mut reader = Reader(part);
            let (rows, busy, seconds) = (reader.number()?, reader.double()?, reader.double()?);
            Ok(RankSpeed { rows, busy, seconds })
        };
        self.clock = Clock::start(&self.cluster);
        parts.iter().map(speed).collect()
    }
}

/// The sum over all shards; `own` has the parts of this rank.
pub(super) fn sum_over(cluster: &Cluster, own: TreeSum<Vec<f64>>) -> Result<Vec<f64>> {
    let mut part = Writer::default();
    own.write(&mut part, |numbers, part| part.doubles(numbers));
    let mut sum = TreeSum::new(own.shards());
    for part in cluster.gather("statistics over a batch", part.0)? {
        sum.read(&mut Reader(&part), |reader| reader.doubles(), add_numbers)?;
    }
    sum.total()
}

/// The elements of a row of a table.
fn width(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(1)
}
