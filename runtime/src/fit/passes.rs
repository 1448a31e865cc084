//! The passes of the shards of this rank, whose losses and gradients add up to those of the batch.
//!
//! Where a layer takes statistics over the batch, the shards have to meet in the middle of their
//! passes. With one shard on each rank they do: [`Meeting`] exchanges what a layer sums up. A rank
//! with several shards computes them one after the other, so a pass ends where it asks for the first
//! sum that is not known yet ([`Replay`]). Once all shards have said their parts, all passes begin
//! anew and get one sum further.

use std::{cell::RefCell, rc::Rc};

use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::shards::{self, SumOverShards};

use super::{
    batch::{BatchRows, BatchShard},
    conduct::Conduct,
    ranks::{sum_over, Ranks},
    run::Run,
    step::StepLosses,
};
use crate::{
    cluster::{Cluster, TreeSum},
    definition::{Computes, Graph, Layer},
    objective::{Objective, WholeBatch},
};

/// How the pass of a shard has ended.
enum Pass {
    /// With its losses and the penalty, and its gradients in the run.
    Done(Objective, f64),
    /// At a sum over the shards that is not known yet, with its part of it.
    Stopped(Vec<f64>),
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// The losses of a batch, of which this rank computes its shards; the gradients of the batch are
    /// stored in `self.gradients`.
    pub(super) fn losses_over_ranks(
        &mut self,
        ranks: &mut Ranks<E>,
        batch: &mut BatchRows,
    ) -> Result<StepLosses> {
        let graph = self.model.module.graph();
        let losses = 1 + graph.outputs.len();
        ranks.begin_step(&mut self.tables);
        self.fetch(batch)?;
        let (shards, meets) = (ranks.shards.count, meets(graph));
        let mut observer = (batch.shards.is_empty() && meets).then(|| BatchShard::observer(shards));
        let mut known = Vec::new();
        loop {
            let mut sum = TreeSum::new(shards);
            let mut stopped = false;
            for rows in batch.shards.iter_mut().chain(&mut observer) {
                let (shard, count) = (rows.shard, rows.numbers.len());
                if count == 0 && !meets {
                    ranks.add_empty(shard, &mut self.tables, losses);
                    continue;
                }
                match self.pass(ranks, rows, batch.whole.as_ref(), &known)? {
                    pass if shard == shards => stopped |= matches!(pass, Pass::Stopped(_)),
                    Pass::Stopped(part) => {
                        stopped = true;
                        sum.push_numbers(shard..shard + 1, part);
                    }
                    Pass::Done(objective, penalty) => {
                        if let Some(coverage) = &self.model.coverage {
                            coverage.find_news(graph, &self.reached, &mut ranks.news);
                        }
                        let total = [objective.total + penalty];
                        let losses = total.into_iter().chain(objective.by_output).collect();
                        let of_pass = (&self.gradients, &mut self.tables, &mut self.fetched);
                        ranks.add((shard, count), of_pass, losses);
                    }
                }
            }
            if !stopped {
                break;
            }
            known.push(sum_over(&ranks.cluster, sum)?);
        }
        let conduct = Conduct {
            learning_rate: self.optimizer.learning_rate(),
            frozen: self.branches.frozen().collect::<Vec<_>>().join(", "),
        };
        let Run { model, gradients, tables, .. } = self;
        let totals = ranks.end_step(&mut model.module, gradients, tables, (losses, &conduct))?;
        let mut totals = totals.into_iter();
        Ok(StepLosses { total: totals.next().unwrap_or(f64::NAN), by_output: totals.collect() })
    }

    /// The pass of a shard, in which the sums over all shards are `known` so far.
    fn pass(
        &mut self,
        ranks: &mut Ranks<E>,
        rows: &mut BatchShard,
        whole: Option<&WholeBatch>,
        known: &[Vec<f64>],
    ) -> Result<Pass> {
        // Running statistics change once in a step, and what another shard has looked up is its own.
        self.restore_statistics()?;
        ranks.begin_pass(&mut self.tables, &mut self.fetched);
        if ranks.shards.count == ranks.cluster.ranks() {
            let failed = Rc::new(RefCell::new(None));
            let meeting = Meeting {
                cluster: ranks.cluster.clone(),
                shard: rows.shard,
                failed: Rc::clone(&failed),
            };
            let done = shards::scope(meeting, || self.shard_losses(rows, whole));
            let done = done.map_err(|text| failed.take().unwrap_or(Error::Device(text)))?;
            return done.map(|(objective, penalty)| Pass::Done(objective, penalty));
        }
        let (part, failed) = (Rc::new(RefCell::new(None)), Rc::new(RefCell::new(None)));
        let replay = Replay {
            known: known.to_vec(),
            next: 0,
            part: Rc::clone(&part),
            failed: Rc::clone(&failed),
        };
        match (shards::scope(replay, || self.shard_losses(rows, whole)), part.take()) {
            (Ok(done), _) => done.map(|(objective, penalty)| Pass::Done(objective, penalty)),
            (Err(_), Some(part)) => Ok(Pass::Stopped(part)),
            (Err(text), None) => Err(failed.take().unwrap_or(Error::Device(text))),
        }
    }
}

/// The shards of a batch, one on each rank, which wait for each other at every sum.
struct Meeting {
    cluster: Cluster,
    shard: usize,
    /// The error of a sum, for which layers have no room.
    failed: Rc<RefCell<Option<Error>>>,
}

impl SumOverShards for Meeting {
    fn sum(&mut self, numbers: &mut [f64]) -> std::result::Result<(), String> {
        let mut sum = TreeSum::new(self.cluster.ranks());
        sum.push_numbers(self.shard..self.shard + 1, numbers.to_vec());
        let taken = sum_over(&self.cluster, sum).and_then(|total| take(numbers, &total));
        taken.map_err(|error| set_apart(error, &self.failed))
    }
}

/// Sets apart an error, and returns its text.
fn set_apart(error: Error, failed: &RefCell<Option<Error>>) -> String {
    let text = error.to_string();
    *failed.borrow_mut() = Some(error);
    text
}

/// A pass that goes on up to the first sum that is not known.
struct Replay {
    known: Vec<Vec<f64>>,
    /// The number of the next sum.
    next: usize,
    /// The part of this shard in that sum.
    part: Rc<RefCell<Option<Vec<f64>>>>,
    /// The error of a sum, for which layers have no room.
    failed: Rc<RefCell<Option<Error>>>,
}

impl SumOverShards for Replay {
    fn sum(&mut self, numbers: &mut [f64]) -> std::result::Result<(), String> {
        match self.known.get(self.next) {
            Some(total) => {
                self.next += 1;
                take(numbers, total).map_err(|error| set_apart(error, &self.failed))
            }
            None => {
                *self.part.borrow_mut() = Some(numbers.to_vec());
                Err("the other shards have to say their parts first".to_owned())
            }
        }
    }
}

/// Replaces the part of a shard by the sum over all.
fn take(numbers: &mut [f64], total: &[f64]) -> Result<()> {
    if numbers.len() != total.len() {
        return Err(Error::Cluster(
            "the ranks have to train alike, but the statistics of their batches are not those of the \
             same layer: a callback may have frozen a branch with `BatchNorm` on some of them only"
                .to_owned(),
        ));
    }
    numbers.copy_from_slice(total);
    Ok(())
}

/// Whether the shards of a batch may have to meet: a `BatchNorm` does, and so may one within a module
/// of the user's own.
fn meets(graph: &Graph) -> bool {
    let mut layers = graph.nodes.iter().flat_map(|node| node.layers);
    layers.any(layer_meets)
}

fn layer_meets(layer: &Layer) -> bool {
    let inner = match layer.computes {
        Computes::Layer { inner, .. } => inner.is_some_and(layer_meets),
        Computes::Activation(_) => false,
        Computes::Own => true,
    };
    inner || layer.is("BatchNorm")
}
