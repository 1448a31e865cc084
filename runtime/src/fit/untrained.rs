//! Fills untrained vectors with the mean of trained ones.
//!
//! The vector of a category that no training row has, the unknown category included, keeps its
//! random initial value, so predictions from it are arbitrary. The same holds for the learned
//! vector of an input that was never absent. When weights are read (validation, snapshots, saved
//! models, end of the run), such an embedding row is replaced by the mean of the trained rows, and
//! such a vector by the mean output of the branch over the first training rows. Training continues
//! from the initial values, so reading the weights does not change the result of the run.

use multi_input_base::Result;
use multi_input_data::reading::rows_within;
use multi_input_kernel::{Backend, Element};
use multi_input_nn::{parameters::Role, sharded::TableShare};

use super::{inspect, run::Run};
use crate::{
    definition::Graph,
    untyped::{optional_input_of, parameters, tables, LookUp},
};

/// The maximum number of training rows for the mean output of a branch, fewer if rows are large.
pub(super) fn reference_rows(graph: &Graph) -> usize {
    const MOST_ROWS: usize = 512;
    const MOST_BYTES: usize = 32 << 20;
    rows_within(graph, MOST_BYTES).min(MOST_ROWS)
}

/// A trained tensor of which training may not reach every part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fillable {
    /// An embedding table.
    Table(LookUp),
    /// The learned vector that replaces node `node` when input `input` is absent.
    StandIn { node: &'static str, input: &'static str },
}

/// The overwritten elements of a filled tensor.
pub(super) struct OverwrittenValues<E> {
    tensor: usize,
    numbers: Vec<E>,
}

/// Whether overwritten elements are saved for restoring them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overwritten {
    Save,
    Discard,
}

impl Fillable {
    /// The look-up of a sharded table.
    pub(super) fn sharded(&self) -> Option<&LookUp> {
        match self {
            Fillable::Table(look_up) if look_up.sharded => Some(look_up),
            _ => None,
        }
    }

    /// The fillable part of each trained tensor, by name.
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
    /// Replaces untrained vectors by means, and returns the overwritten elements on
    /// `Overwritten::Save`. Nothing is replaced if the model's coverage is unknown (a file of an
    /// older version, or weights that were set by hand), or if no row of a table was trained.
    pub(super) fn fill_untrained(
        &mut self,
        mode: Overwritten,
    ) -> Result<Vec<OverwrittenValues<E>>> {
        if self.settings.keep_untrained || self.fillable.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let means = self.stand_in_means()?;
        let Some(coverage) = &self.model.coverage else { return Ok(Vec::new()) };
        let means_of_divided = self.model.means_of_divided(coverage)?;
        let (fillable, divided, shares) = (&self.fillable, &self.divided, &self.shares);
        let mut all = Vec::new();
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            let mut numbers = Vec::new();
            let overwritten = (mode == Overwritten::Save).then_some(&mut numbers);
            match &fillable[tensor] {
                Some(Fillable::Table(look_up)) => match divided[tensor].zip(shares[tensor]) {
                    None => coverage.fill_table(look_up, weights, overwritten),
                    Some((divided, share)) => {
                        if let Some(mean) = &means_of_divided[divided] {
                            coverage.fill_rows((look_up, share), mean, weights, overwritten);
                        }
                    }
                },
                Some(Fillable::StandIn { node, .. }) => {
                    if let Some((_, mean)) = means.iter().find(|(name, _)| name == node) {
                        overwritten
                            .into_iter()
                            .for_each(|overwritten| overwritten.extend_from_slice(weights));
                        weights.iter_mut().zip(mean).for_each(|(w, mean)| *w = E::of(*mean));
                    }
                }
                None => {}
            }
            if !numbers.is_empty() {
                all.push(OverwrittenValues { tensor, numbers });
            }
        })?;
        Ok(all)
    }

    /// Restores the overwritten elements.
    pub(super) fn restore_untrained(&mut self, overwritten: &[OverwrittenValues<E>]) -> Result<()> {
        let (Some(coverage), false) = (&self.model.coverage, overwritten.is_empty()) else {
            return Ok(());
        };
        let (fillable, shares) = (&self.fillable, &self.shares);
        parameters::edit_role(&mut self.model.module, Role::Trained, |tensor, weights| {
            let Some(own) = overwritten.iter().find(|overwritten| overwritten.tensor == tensor)
            else {
                return;
            };
            match &fillable[tensor] {
                Some(Fillable::Table(look_up)) => {
                    let share = shares[tensor].unwrap_or(TableShare::WHOLE);
                    coverage.restore_rows((look_up, share), weights, &own.numbers);
                }
                _ => weights.copy_from_slice(&own.numbers),
            }
        })
    }

    /// For every node with a learned vector for an input that was never absent, the mean output of
    /// the node over the first training rows.
    pub(super) fn stand_in_means(&self) -> Result<Vec<(&'static str, Vec<f64>)>> {
        let never_absent =
            |input: &str| self.model.coverage.as_ref().is_some_and(|own| !own.was_absent(input));
        let nodes = self.fillable.iter().flatten().filter_map(|fillable| match fillable {
            Fillable::StandIn { node, input } if never_absent(input) => Some(*node),
            _ => None,
        });
        let nodes: Vec<&'static str> = nodes.collect();
        let rows = self.reference.as_ref().unwrap_or(&self.rows);
        if nodes.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<usize> = (0..rows.len().min(self.plan.rows)).collect();
        // The rows of a source were chosen when they were counted.
        let graph = self.model.graph();
        let outputs = graph.outputs.len();
        let chosen =
            |row: &usize| self.reference.is_some() || rows.take(&all).counts(outputs, *row);
        let numbers = all.iter().copied().filter(chosen).take(reference_rows(graph));
        let numbers: Vec<usize> = numbers.collect();
        let count = numbers.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let chunk = rows.take(&numbers);
        let mut heads = Ok(Vec::new());
        let outputs = inspect::outputs(&nodes, || heads = self.model.heads(&chunk.batch()));
        heads?;
        let means = outputs.into_iter().map(|(node, values)| {
            let width = values.len() / count;
            let sum = |column| values.iter().skip(column).step_by(width.max(1)).sum::<f64>();
            (node, (0..width).map(|column| sum(column) / count as f64).collect())
        });
        Ok(means.collect())
    }
}
