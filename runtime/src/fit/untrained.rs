//! What no training row has reached gets the mean of what was trained.
//!
//! A category that training never saw, the unknown one included, keeps the random vector that its
//! embedding started with, and a prediction from it is anywhere. So does the learned vector for an
//! input that was never absent. Where anybody looks at the weights (validation, snapshots, saved
//! models, and the end of the run) such a row of a table is the mean of the rows that training has
//! looked up, and such a vector the mean of what the branch gives for the first training rows. While
//! training goes on, they are what they were: what is seen later starts from its own initial values,
//! whether somebody looked in between or not.

use multi_input_base::Result;
use multi_input_data::reading::rows_within;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::parameters::Role;

use super::{inspect, run::Run};
use crate::{
    definition::Graph,
    untyped::{optional_input_of, parameters, tables, LookUp},
};

/// How many training rows the mean of a branch is taken over, at most: fewer where they are large.
pub(super) fn reference_rows(graph: &Graph) -> usize {
    const MOST_ROWS: usize = 512;
    const MOST_BYTES: usize = 32 << 20;
    rows_within(graph, MOST_BYTES).min(MOST_ROWS)
}

/// A trained tensor that holds something which training may not reach.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fillable {
    /// An embedding table.
    Table(LookUp),
    /// The vector that stands in for node `node` where input `input` is absent.
    StandIn { node: &'static str, input: &'static str },
}

/// What a tensor held where it was filled.
pub(super) struct Kept<E> {
    tensor: usize,
    numbers: Vec<E>,
}

/// Whether what is overwritten will be wanted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Old {
    Keep,
    Forget,
}

impl Fillable {
    /// What each of the trained tensors with the given names holds.
    pub(super) fn of_tensors(graph: &'static Graph, names: &[&str]) -> Vec<Option<Fillable>> {
        let stand_in = |name: &&str| {
            let field = name.strip_suffix("_missing")?;
            let node = graph.nodes.iter().find(|node| node.name == field && node.stand_in > 0)?;
            let input = graph.inputs[optional_input_of(graph, node)?].name;
            Some(Fillable::StandIn { node: node.name, input })
        };
        let tables = tables(&LookUp::all(graph), names.iter().copied());
        let pairs = tables.into_iter().zip(names);
        pairs.map(|(table, name)| table.map(Fillable::Table).or_else(|| stand_in(name))).collect()
    }
}

impl<E: Element, D: Backend<E>> Run<'_, E, D> {
    /// Gives what training has not reached the mean of what it has, and what was there to who wants
    /// to put it back. Nothing is replaced where the record of it is missing: in a model from the file
    /// of an older version, or into which something was put by hand. Of a table that nothing has
    /// reached nothing is known.
    pub(super) fn fill_untrained(&mut self, old: Old) -> Result<Vec<Kept<E>>> {
        if self.settings.keep_untrained || self.fillable.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let means = self.stand_in_means()?;
        let Some(coverage) = &self.model.coverage else { return Ok(Vec::new()) };
        let fillable = &self.fillable;
        let mut all = Vec::new();
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            let mut numbers = Vec::new();
            let kept = (old == Old::Keep).then_some(&mut numbers);
            match &fillable[tensor] {
                Some(Fillable::Table(look_up)) => coverage.fill_table(look_up, weights, kept),
                Some(Fillable::StandIn { node, .. }) => {
                    if let Some((_, mean)) = means.iter().find(|(name, _)| name == node) {
                        kept.into_iter().for_each(|kept| kept.extend_from_slice(weights));
                        weights.iter_mut().zip(mean).for_each(|(w, mean)| *w = E::of(*mean));
                    }
                }
                None => {}
            }
            if !numbers.is_empty() {
                all.push(Kept { tensor, numbers });
            }
        })?;
        Ok(all)
    }

    /// Puts back what was there.
    pub(super) fn put_back(&mut self, kept: &[Kept<E>]) -> Result<()> {
        let (Some(coverage), false) = (&self.model.coverage, kept.is_empty()) else {
            return Ok(());
        };
        let fillable = &self.fillable;
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            let Some(own) = kept.iter().find(|kept| kept.tensor == tensor) else { return };
            match &fillable[tensor] {
                Some(Fillable::Table(look_up)) => {
                    coverage.restore_table(look_up, weights, &own.numbers);
                }
                _ => weights.copy_from_slice(&own.numbers),
            }
        })
    }

    /// For every node with a vector that stands in for an input which was never absent, the mean of
    /// what the node gives for the first training rows.
    pub(super) fn stand_in_means(&self) -> Result<Vec<(&'static str, Vec<f64>)>> {
        let never_absent =
            |input: &str| self.model.coverage.as_ref().is_some_and(|own| !own.was_absent(input));
        let wanted = self.fillable.iter().flatten().filter_map(|fillable| match fillable {
            Fillable::StandIn { node, input } if never_absent(input) => Some(*node),
            _ => None,
        });
        let wanted: Vec<&'static str> = wanted.collect();
        let rows = self.reference.as_ref().unwrap_or(&self.rows);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<usize> = (0..rows.len().min(self.plan.rows)).collect();
        // Those of a source were chosen when they were counted.
        let graph = self.model.graph();
        let outputs = graph.outputs.len();
        let chosen =
            |place: &usize| self.reference.is_some() || rows.take(&all).counts(outputs, *place);
        let numbers = all.iter().copied().filter(chosen).take(reference_rows(graph));
        let numbers: Vec<usize> = numbers.collect();
        let count = numbers.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let chunk = rows.take(&numbers);
        let mut heads = Ok(Vec::new());
        let outputs = inspect::outputs(&wanted, || heads = self.model.heads(&chunk.batch()));
        heads?;
        let means = outputs.into_iter().map(|(node, values)| {
            let width = values.len() / count;
            let sum = |column| values.iter().skip(column).step_by(width.max(1)).sum::<f64>();
            (node, (0..width).map(|column| sum(column) / count as f64).collect())
        });
        Ok(means.collect())
    }
}
