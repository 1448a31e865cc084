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
    #[cfg(test)]
    pub(crate) fn for_test(
        owner: &'static str,
        column: usize,
        width: usize,
        reserved: usize,
    ) -> LookUp {
        LookUp { owner, column, width, rows: 0, reserved, masked: false }
    }

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

/// The optional input whose absence a node's learned vector stands in for.
pub(crate) fn optional_input_of(graph: &'static Graph, node: &Node) -> Option<usize> {
    let own = |name: &str| graph.inputs.iter().position(|input| input.name == name);
    let is_optional = |input: &usize| graph.inputs[*input].missing.is_some();
    own(node.name).filter(is_optional).or_else(|| {
        let mut fed_by = node.fed_by.iter().filter_map(|name| find(graph, name));
        fed_by.find_map(|fed_by| optional_input_of(graph, fed_by))
    })
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
    /// Takes note of the rows of a batch for which `counts` holds. Tables of branches that
    /// `is_trained` does not hold for learn nothing from it.
    pub(crate) fn add(
        &mut self,
        graph: &'static Graph,
        look_ups: &[LookUp],
        batch: &Batch<'_>,
        (counts, is_trained): (&dyn Fn(usize) -> bool, &dyn Fn(&str) -> bool),
    ) {
        for look_up in look_ups.iter().filter(|look_up| is_trained(look_up.owner)) {
            let bits = match self.tables.get_mut(look_up.owner) {
                Some(bits) => bits,
                None => self.tables.entry(look_up.owner.to_owned()).or_default(),
            };
            batch.each_category(look_up.column, |row, index| {
                if counts(row) && !(look_up.masked && index == 0) {
                    bits.insert(index);
                }
            });
        }
        for (column, input) in graph.inputs.iter().enumerate() {
            let is_new = input.missing.is_some() && !self.absent.contains(input.name);
            if is_new && (0..batch.len()).any(|row| counts(row) && !batch.is_present(column, row)) {
                self.absent.insert(input.name.to_owned());
            }
        }
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
}
