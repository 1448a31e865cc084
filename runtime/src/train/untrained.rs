//! What no training row has reached gets the mean of what was trained.
//!
//! A category that training never saw, the unknown one included, keeps the random vector that its
//! embedding started with, and a prediction from it is anywhere. So does the learned vector for an
//! input that was never absent. Where anybody looks at the weights (validation, snapshots, saved
//! models, and the end of the run) such a row of a table is the mean of the rows that training has
//! looked up, and such a vector the mean of what the branch gives for the first training rows. While
//! training goes on, they are what they were: what is seen later starts from its own initial values,
//! whether somebody looked in between or not.

use super::{run::Run, walk, watch};
use crate::{
    definition::Network,
    kernel::{Backend, Element},
    model::{optional_input_of, Bits, LookUp},
    optim::Optimizer,
    Error, Result,
};

/// How many training rows the mean of a branch is taken over, at most.
pub(super) const REFERENCE_ROWS: usize = 512;

/// A trained tensor that holds something which training may not reach.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fillable {
    /// An embedding table.
    Table(LookUp),
    /// The vector that stands in for node `node` where input `input` is absent.
    StandIn { node: &'static str, input: &'static str },
}

/// What a tensor held before it was filled: the numbers at these indices.
pub(super) struct Replaced<E> {
    tensor: usize,
    numbers: Vec<(usize, E)>,
}

impl Fillable {
    /// What each of the trained tensors with the given names holds.
    pub(super) fn of_tensors<'a>(
        graph: &'static crate::definition::Graph,
        look_ups: &[LookUp],
        names: impl Iterator<Item = &'a str>,
    ) -> Vec<Option<Fillable>> {
        let mut tables: Vec<&'static str> = Vec::new();
        let of_tensor = |name: &str| {
            let field = name.split('.').next().unwrap_or(name);
            let node = |name: &str| graph.nodes.iter().find(|node| node.name == name);
            if let Some(look_up) = look_ups.iter().find(|look_up| look_up.owner == field) {
                // The table is the first tensor of its branch.
                let is_first = !tables.contains(&look_up.owner);
                tables.push(look_up.owner);
                return is_first.then_some(Fillable::Table(*look_up));
            }
            let node = node(field.strip_suffix("_missing")?).filter(|node| node.stand_in > 0)?;
            let input = graph.inputs[optional_input_of(graph, node)?].name;
            Some(Fillable::StandIn { node: node.name, input })
        };
        names.map(of_tensor).collect()
    }
}

impl<M: Network<E, D>, E: Element, D: Backend<E>, O: Optimizer> Run<'_, M, E, D, O> {
    /// Gives what training has not reached the mean of what it has, and says what was there.
    /// Nothing is replaced where the record of it is missing (the file of an older version), or
    /// where the branch is frozen.
    pub(super) fn fill_untrained(&mut self) -> Result<Vec<Replaced<E>>> {
        if self.settings.keep_untrained || self.fillable.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let Some(coverage) = self.model.coverage.take() else { return Ok(Vec::new()) };
        let means = self.stand_in_means(|input| !coverage.was_absent(input));
        let means = match means {
            Ok(means) => means,
            Err(error) => {
                self.model.coverage = Some(coverage);
                return Err(error);
            }
        };
        let (fillable, branches) = (&self.fillable, &self.branches);
        let mut replaced = Vec::new();
        let filled = walk::weights(&mut self.model.module, |tensor, weights| {
            if branches.factor(tensor).is_none() {
                return;
            }
            let numbers = match &fillable[tensor] {
                Some(Fillable::Table(look_up)) => {
                    let reached = coverage.table(look_up.owner);
                    reached.map_or(Vec::new(), |reached| fill_rows(weights, look_up, reached))
                }
                Some(Fillable::StandIn { node, .. }) => {
                    let mean = means.iter().find(|(name, _)| name == node);
                    mean.map_or(Vec::new(), |(_, mean)| replace(weights, mean))
                }
                None => Vec::new(),
            };
            if !numbers.is_empty() {
                replaced.push(Replaced { tensor, numbers });
            }
        });
        self.model.coverage = Some(coverage);
        filled.map_err(Error::device)?;
        Ok(replaced)
    }

    /// Puts back what was there.
    pub(super) fn put_back(&mut self, replaced: &[Replaced<E>]) -> Result<()> {
        if replaced.is_empty() {
            return Ok(());
        }
        walk::weights(&mut self.model.module, |tensor, weights| {
            let of_tensor = replaced.iter().filter(|replaced| replaced.tensor == tensor);
            for (index, number) in of_tensor.flat_map(|replaced| &replaced.numbers) {
                weights[*index] = *number;
            }
        })
        .map_err(Error::device)
    }

    /// For every node with a vector that stands in for an input which was never absent, the mean of
    /// what the node gives for the first training rows.
    fn stand_in_means(
        &self,
        never_absent: impl Fn(&str) -> bool,
    ) -> Result<Vec<(&'static str, Vec<f64>)>> {
        let wanted = self.fillable.iter().flatten().filter_map(|fillable| match fillable {
            Fillable::StandIn { node, input } if never_absent(input) => Some(*node),
            _ => None,
        });
        let wanted: Vec<&'static str> = wanted.collect();
        let rows = self.reference.as_ref().unwrap_or(&self.rows);
        let count = rows.len().min(self.plan.rows).min(REFERENCE_ROWS);
        if wanted.is_empty() || count == 0 {
            return Ok(Vec::new());
        }
        let numbers: Vec<usize> = (0..count).collect();
        let chunk = rows.take(&numbers);
        let mut heads = Ok(Vec::new());
        let outputs = watch::outputs(&wanted, || heads = self.model.heads(&chunk.batch()));
        heads?;
        let means = outputs.into_iter().map(|(node, values)| {
            let width = values.len() / count;
            let sum = |column| values.iter().skip(column).step_by(width.max(1)).sum::<f64>();
            (node, (0..width).map(|column| sum(column) / count as f64).collect())
        });
        Ok(means.collect())
    }
}

/// Gives the rows that were not reached the mean of those that were, but for reserved ones.
fn fill_rows<E: Element>(weights: &mut [E], look_up: &LookUp, reached: &Bits) -> Vec<(usize, E)> {
    let width = look_up.width.max(1);
    let mut mean = vec![0.0; width];
    let mut count = 0.0;
    for (index, row) in weights.chunks_exact(width).enumerate().skip(look_up.reserved) {
        if reached.contains(index) {
            mean.iter_mut().zip(row).for_each(|(mean, number)| *mean += number.as_f64());
            count += 1.0;
        }
    }
    if count == 0.0 {
        return Vec::new();
    }
    mean.iter_mut().for_each(|mean| *mean /= count);
    let mut replaced = Vec::new();
    for (index, row) in weights.chunks_exact_mut(width).enumerate() {
        if !reached.contains(index) {
            let old = replace(row, &mean);
            replaced.extend(old.into_iter().map(|(place, number)| (index * width + place, number)));
        }
    }
    replaced
}

/// Overwrites numbers, and gives what they were.
fn replace<E: Element>(numbers: &mut [E], by: &[f64]) -> Vec<(usize, E)> {
    let pairs = numbers.iter_mut().zip(by).enumerate();
    pairs.map(|(index, (number, by))| (index, std::mem::replace(number, E::of(*by)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_not_reached_get_the_mean_of_the_known_ones() {
        let mut reached = Bits::default();
        [1, 2, 4].into_iter().for_each(|index| reached.insert(index));
        let look_up = LookUp::for_test("city", 0, 2, 2);
        let before = [9.0, 9.0, 8.0, 8.0, 1.0, 2.0, 7.0, 7.0, 3.0, 4.0];
        let mut weights = before;
        let replaced = fill_rows(&mut weights, &look_up, &reached);
        // Rows 0 and 3 were not reached; rows 2 and 4 are the known ones, 1 is reserved.
        assert_eq!(weights, [2.0, 3.0, 8.0, 8.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        replaced.into_iter().for_each(|(index, number)| weights[index] = number);
        assert_eq!(weights, before);
        assert!(fill_rows(&mut weights, &look_up, &Bits::default()).is_empty());
    }
}
