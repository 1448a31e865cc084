//! What training has reached: which rows of embedding tables were looked up, and which optional
//! inputs were absent.
//!
//! A row that no training row looks up keeps its random initial values, and so does the vector for an
//! absent input that is never absent. What stands in for them is the mean of what was trained
//! (`train::untrained`); this is the record that tells the two apart. It belongs to the model rather
//! than to a run: what an earlier run has trained must not be replaced by a later one.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    data::Batch,
    definition::{Graph, Node},
    kernel::Element,
};

/// An embedding table that is looked up by the categories of an encoded column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookUp {
    /// The node that holds the table.
    pub(crate) owner: &'static str,
    /// The column of the encoded rows.
    pub(crate) column: usize,
    /// How many numbers a row of the table has.
    pub(crate) width: usize,
    /// How many rows the table has.
    pub(crate) rows: usize,
    /// How many of the first indices stand for no value of their own: padding and unknown ones.
    pub(crate) reserved: usize,
    /// Whether index 0 is masked, so that its row is never trained.
    masked: bool,
}

impl LookUp {
    /// All those of a model.
    pub(crate) fn all(graph: &'static Graph) -> Vec<LookUp> {
        graph.nodes.iter().filter_map(|node| LookUp::of(graph, node)).collect()
    }

    fn of(graph: &'static Graph, node: &'static Node) -> Option<LookUp> {
        let owner = node.shared.map_or(Some(node), |owner| find(graph, owner))?;
        let embedding = owner.layers.first().filter(|layer| layer.is("Embedding"))?;
        let column = column_of(graph, node)?;
        let width = embedding.shape.last().copied().unwrap_or(1);
        let last = graph.inputs.get(column).and_then(|input| input.steps.last());
        Some(LookUp {
            owner: owner.name,
            column,
            width,
            rows: embedding.parameters.unwrap_or_default() / width.max(1),
            reserved: last.map_or(0, |step| step.spec.form.reserved),
            masked: embedding.masked,
        })
    }
}

fn find(graph: &'static Graph, name: &str) -> Option<&'static Node> {
    graph.nodes.iter().find(|node| node.name == name)
}

/// The encoded column that flows into a node's branch unchanged.
fn column_of(graph: &'static Graph, node: &Node) -> Option<usize> {
    if let Some(input) = graph.inputs.iter().position(|input| input.name == node.name) {
        return Some(input);
    }
    if let Some(derived) = graph.derived.iter().position(|derived| derived.name == node.name) {
        return Some(graph.inputs.len() + derived);
    }
    match node.fed_by {
        [only] => column_of(graph, find(graph, only).filter(|fed_by| fed_by.layers.is_empty())?),
        _ => None,
    }
}

/// For each tensor of a model, by its name, the look-up whose table it is.
pub(crate) fn tables<'a>(
    look_ups: &[LookUp],
    names: impl Iterator<Item = &'a str>,
) -> Vec<Option<LookUp>> {
    let mut known: Vec<&'static str> = Vec::new();
    let of_tensor = |name: &str| {
        let field = name.split('.').next().unwrap_or(name);
        let look_up = look_ups.iter().find(|look_up| look_up.owner == field)?;
        // The table is the first tensor of its branch.
        let is_first = !known.contains(&look_up.owner);
        known.push(look_up.owner);
        is_first.then_some(*look_up)
    };
    names.map(of_tensor).collect()
}

/// The optional input whose absence a node's learned vector stands in for.
pub(crate) fn optional_input_of(graph: &'static Graph, node: &Node) -> Option<usize> {
    let own = |name: &str| graph.inputs.iter().position(|input| input.name == name);
    let is_optional = |input: &usize| graph.inputs[*input].missing.is_some();
    own(node.name).filter(is_optional).or_else(|| {
        let mut fed_by = node.fed_by.iter().filter_map(|name| find(graph, name));
        fed_by.find_map(|fed_by| optional_input_of(graph, fed_by))
    })
}

/// What the rows of a batch reach, before it is known whether the step is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reached {
    /// Nodes with a table, and rows of it.
    indices: Vec<(&'static str, usize)>,
    /// Optional inputs, by their places, that are absent from some row.
    absent: Vec<usize>,
}

impl Reached {
    /// Takes note of the rows of a batch for which `counts` holds, instead of what was there. Tables of
    /// branches that `is_trained` does not hold for are not reached.
    pub(crate) fn set(
        &mut self,
        graph: &'static Graph,
        look_ups: &[LookUp],
        batch: &Batch<'_>,
        (counts, is_trained): (&dyn Fn(usize) -> bool, &dyn Fn(&str) -> bool),
    ) {
        let Reached { indices, absent } = self;
        indices.clear();
        absent.clear();
        for look_up in look_ups.iter().filter(|look_up| is_trained(look_up.owner)) {
            batch.each_category(look_up.column, |row, index| {
                if counts(row) && !(look_up.masked && index == 0) {
                    indices.push((look_up.owner, index));
                }
            });
        }
        for (column, input) in graph.inputs.iter().enumerate() {
            let lacks = |row| counts(row) && !batch.is_present(column, row);
            if input.missing.is_some() && (0..batch.len()).any(lacks) {
                absent.push(column);
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
        for (owner, index) in &reached.indices {
            let bits = match self.tables.get_mut(*owner) {
                Some(bits) => bits,
                None => self.tables.entry((*owner).to_owned()).or_default(),
            };
            bits.insert(*index);
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
        static NONE: Graph =
            Graph { name: "None", nodes: &[], inputs: &[], derived: &[], outputs: &[] };
        let look_up =
            LookUp { owner: "city", column: 0, width: 2, rows: 5, reserved: 2, masked: false };
        let mut coverage = Coverage::default();
        let before = [9.0, 9.0, 8.0, 8.0, 1.0, 2.0, 7.0, 7.0, 3.0, 4.0];
        let mut weights = before;
        coverage.fill_table(&look_up, &mut weights, None);
        assert_eq!(weights, before, "nothing was reached");
        let indices = [1, 2, 4].map(|index| ("city", index)).to_vec();
        coverage.add(&NONE, &Reached { indices, absent: Vec::new() });
        let mut kept = Vec::new();
        coverage.fill_table(&look_up, &mut weights, Some(&mut kept));
        // Rows 0 and 3 were not reached; rows 2 and 4 are the known ones, 1 is reserved.
        assert_eq!(weights, [2.0, 3.0, 8.0, 8.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        coverage.restore_table(&look_up, &mut weights, &kept);
        assert_eq!(weights, before);
    }
}
