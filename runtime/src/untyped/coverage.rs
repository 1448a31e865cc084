//! What training has reached: which rows of embedding tables were looked up, and which optional
//! inputs were absent.
//!
//! A row that no training row looks up keeps its random initial values, and so does the vector for an
//! absent input that is never absent. What stands in for them is the mean of what was trained
//! (`train::untrained`); this is the record that tells the two apart. It belongs to the model rather
//! than to a run: what an earlier run has trained must not be replaced by a later one.

use std::collections::{BTreeMap, BTreeSet};

use multi_input_kernel::Element;

use super::{outputs_of, LookUp};
use crate::{data::Batch, definition::Graph};

/// What the rows of a batch reach, before it is known whether the step is taken. A row reaches what lies
/// on the way to an output for which it counts: nothing else gets a gradient from it.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// The look-ups, each with the outputs that it is on the way to.
    look_ups: Vec<(LookUp, Vec<usize>)>,
    /// The optional inputs, by their places, each with the outputs that it is on the way to.
    optional: Vec<(usize, Vec<usize>)>,
    /// For each of the look-ups, the rows of its table.
    indices: Vec<Vec<usize>>,
    /// Optional inputs that are absent from some row.
    absent: Vec<usize>,
}

impl Reached {
    /// Nothing yet.
    pub(crate) fn new(graph: &'static Graph) -> Reached {
        let look_ups = LookUp::all(graph);
        let inputs = graph.inputs.iter().enumerate();
        let optional = inputs.filter(|(_, input)| input.missing.is_some());
        Reached {
            indices: vec![Vec::new(); look_ups.len()],
            look_ups: look_ups
                .into_iter()
                .map(|look_up| (look_up, outputs_of(graph, look_up.node)))
                .collect(),
            optional: optional
                .map(|(place, input)| (place, outputs_of(graph, input.name)))
                .collect(),
            absent: Vec::new(),
        }
    }

    /// Takes note of the rows of a batch, instead of what was there. `counts` says whether a row (the
    /// second number) counts for an output (the first). Tables of branches that `is_trained` does not
    /// hold for are not reached.
    pub(crate) fn set(
        &mut self,
        batch: &Batch<'_>,
        counts: &dyn Fn(usize, usize) -> bool,
        is_trained: &dyn Fn(&str) -> bool,
    ) {
        let Reached { look_ups, optional, indices, absent } = self;
        let for_any = |outputs: &[usize], row| outputs.iter().any(|&output| counts(output, row));
        absent.clear();
        for ((look_up, outputs), indices) in look_ups.iter().zip(indices) {
            indices.clear();
            if !is_trained(look_up.owner) {
                continue;
            }
            batch.each_category(look_up.column, |row, index| {
                if look_up.trains(index) && for_any(outputs, row) {
                    indices.push(index);
                }
            });
        }
        for (column, outputs) in optional {
            let lacks = |row| !batch.is_present(*column, row) && for_any(outputs, row);
            if (0..batch.len()).any(lacks) {
                absent.push(*column);
            }
        }
    }
}

/// What training has reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Coverage {
    /// For each node with a table, one bit a row: whether it was looked up.
    tables: BTreeMap<String, Bits>,
    /// The optional inputs that were absent from some row.
    absent: BTreeSet<String>,
}

/// One bit for each index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bits(Vec<u8>);

impl Bits {
    /// As a file holds them.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Bits {
        Bits(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn insert(&mut self, index: usize) {
        if self.0.len() <= index / 8 {
            self.0.resize(index / 8 + 1, 0);
        }
        self.0[index / 8] |= 1 << (index % 8);
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0.get(index / 8).is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    }
}

impl Coverage {
    /// Takes note of what a step has trained.
    pub(crate) fn add(&mut self, graph: &'static Graph, reached: &Reached) {
        let looked_up = reached.look_ups.iter().zip(&reached.indices);
        for ((look_up, _), indices) in looked_up.filter(|(_, indices)| !indices.is_empty()) {
            let bits = match self.tables.get_mut(look_up.owner) {
                Some(bits) => bits,
                None => self.tables.entry(look_up.owner.to_owned()).or_default(),
            };
            indices.iter().for_each(|index| bits.insert(*index));
        }
        for &input in &reached.absent {
            let name = graph.inputs[input].name;
            if !self.absent.contains(name) {
                self.absent.insert(name.to_owned());
            }
        }
    }

    /// Gives the rows of a table that were not reached the mean of those that were, but for reserved
    /// ones, and appends what they were to `kept`. Where none was reached, nothing changes.
    pub(crate) fn fill_table<E: Element>(
        &self,
        look_up: &LookUp,
        weights: &mut [E],
        mut kept: Option<&mut Vec<E>>,
    ) {
        let Some(mean) = self.mean_of_table(look_up, weights) else { return };
        for row in self.unreached(look_up, weights) {
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(row);
            }
            row.iter_mut().zip(&mean).for_each(|(number, mean)| *number = E::of(*mean));
        }
    }

    /// Puts back what [`fill_table`](Coverage::fill_table) kept.
    pub(crate) fn restore_table<E: Element>(
        &self,
        look_up: &LookUp,
        weights: &mut [E],
        kept: &[E],
    ) {
        let rows = self.unreached(look_up, weights).zip(kept.chunks_exact(look_up.width.max(1)));
        rows.for_each(|(row, kept)| row.copy_from_slice(kept));
    }

    /// The rows of a table that were not reached.
    fn unreached<'a, E>(
        &'a self,
        look_up: &LookUp,
        weights: &'a mut [E],
    ) -> impl Iterator<Item = &'a mut [E]> {
        let reached = self.tables.get(look_up.owner);
        let rows = weights.chunks_exact_mut(look_up.width.max(1)).enumerate();
        let is_reached = move |row: usize| reached.is_some_and(|reached| reached.contains(row));
        rows.filter(move |(row, _)| !is_reached(*row)).map(|(_, numbers)| numbers)
    }

    /// The mean of the rows of a table that were reached and are not reserved.
    fn mean_of_table<E: Element>(&self, look_up: &LookUp, weights: &[E]) -> Option<Vec<f64>> {
        let reached = self.tables.get(look_up.owner)?;
        let width = look_up.width.max(1);
        let mut mean = vec![0.0; width];
        let mut count = 0.0;
        for (index, row) in weights.chunks_exact(width).enumerate().skip(look_up.reserved) {
            if reached.contains(index) {
                mean.iter_mut().zip(row).for_each(|(mean, number)| *mean += number.as_f64());
                count += 1.0;
            }
        }
        mean.iter_mut().for_each(|mean| *mean /= count);
        (count > 0.0).then_some(mean)
    }

    /// The rows of a node's table that were looked up.
    pub(crate) fn table(&self, owner: &str) -> Option<&Bits> {
        self.tables.get(owner)
    }

    /// Whether an optional input was absent from some row.
    pub(crate) fn was_absent(&self, input: &str) -> bool {
        self.absent.contains(input)
    }

    /// The tables by their nodes, and the inputs that were absent, for a file.
    pub(crate) fn parts(&self) -> (&BTreeMap<String, Bits>, &BTreeSet<String>) {
        (&self.tables, &self.absent)
    }

    /// Of what a file holds.
    pub(crate) fn of_parts(tables: BTreeMap<String, Bits>, absent: BTreeSet<String>) -> Coverage {
        Coverage { tables, absent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Schema;

    #[test]
    fn a_set_of_bits_grows_with_its_largest_index() {
        let mut bits = Bits::default();
        [0, 9, 9].into_iter().for_each(|index| bits.insert(index));
        assert_eq!(bits.bytes(), [1, 2]);
        let found: Vec<usize> = (0..20).filter(|&index| bits.contains(index)).collect();
        assert_eq!(found, [0, 9]);
    }

    #[test]
    fn rows_that_were_not_reached_get_the_mean_of_the_known_ones() {
        static NONE: Graph = Graph {
            schema: Schema { name: "None", inputs: &[], derived: &[], targets: &[] },
            nodes: &[],
            outputs: &[],
        };
        let look_up = LookUp::for_test("city", [5, 2], 2);
        let mut coverage = Coverage::default();
        let before = [9.0, 9.0, 8.0, 8.0, 1.0, 2.0, 7.0, 7.0, 3.0, 4.0];
        let mut weights = before;
        coverage.fill_table(&look_up, &mut weights, None);
        assert_eq!(weights, before, "nothing was reached");
        let (look_ups, indices) = (vec![(look_up, vec![0])], vec![vec![1, 2, 4]]);
        coverage.add(&NONE, &Reached { look_ups, indices, ..Reached::new(&NONE) });
        let mut kept = Vec::new();
        coverage.fill_table(&look_up, &mut weights, Some(&mut kept));
        // Rows 0 and 3 were not reached; rows 2 and 4 are the known ones, 1 is reserved.
        assert_eq!(weights, [2.0, 3.0, 8.0, 8.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        coverage.restore_table(&look_up, &mut weights, &kept);
        assert_eq!(weights, before);
    }
}
