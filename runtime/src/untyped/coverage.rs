//! The coverage of training: which rows of embedding tables were looked up, and which optional
//! inputs were absent.
//!
//! A row that no training row looks up keeps its random initial value, and so does the learned
//! vector of an input that is never absent. `fit::untrained` replaces them by means of trained
//! values, and this record tells which are untrained. It belongs to the model, not to a run,
//! because a later run must not overwrite what an earlier run has trained.

use std::collections::{BTreeMap, BTreeSet};

use multi_input_base::Result;
use multi_input_kernel::Element;
use multi_input_nn::sharded::TableShare;

use super::{outputs_of, row_sums::RowSums, transfer::SourceOf, LookUp};
use crate::{
    cluster::{Reader, Writer},
    data::Batch,
    definition::Graph,
};

/// The coverage of one batch, recorded before it is known whether its step is taken. A row covers
/// the nodes on the paths to the outputs it counts for; no other node gets a gradient from it.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// The look-ups, each with the outputs it leads to.
    look_ups: Vec<(LookUp, Vec<usize>)>,
    /// The indices of the optional inputs, each with the outputs it leads to.
    optional: Vec<(usize, Vec<usize>)>,
    /// For each look-up, the indices of the table rows.
    indices: Vec<Vec<usize>>,
    /// The optional inputs that are absent in at least one row.
    absent: Vec<usize>,
}

impl Reached {
    /// An empty record.
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
                .map(|(index, input)| (index, outputs_of(graph, input.name)))
                .collect(),
            absent: Vec::new(),
        }
    }

    /// Replaces the record by that of `batch`. `counts(output, row)` says whether a row counts for
    /// an output. Tables whose node `is_trained` rejects are not recorded.
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
            batch.each_category(look_up.column, look_up.with_padding, |row, index| {
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

/// The coverage of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Coverage {
    /// For each node with a table, one bit per row: whether the row was looked up.
    tables: BTreeMap<String, Bits>,
    /// The optional inputs that were absent in at least one row.
    absent: BTreeSet<String>,
}

/// What a batch covers that no batch before has covered, for other ranks of a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct News {
    /// Rows of tables, by the number of the look-up.
    rows: BTreeMap<usize, BTreeSet<usize>>,
    /// Optional inputs.
    absent: BTreeSet<usize>,
}

impl News {
    pub(crate) fn write(&self, to: &mut Writer) {
        to.numbers(&self.absent.iter().copied().collect::<Vec<_>>());
        to.number(self.rows.len());
        for (look_up, rows) in &self.rows {
            to.number(*look_up);
            to.rows(rows.iter().copied());
        }
    }

    /// Adds those of other rows, which [`write`](News::write) has written.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Result<()> {
        self.absent.extend(from.numbers()?);
        for _ in 0..from.number()? {
            let (look_up, rows) = (from.number()?, from.rows()?);
            self.rows.entry(look_up).or_default().extend(rows);
        }
        Ok(())
    }
}

/// One bit per index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bits(Vec<u8>);

impl Bits {
    /// From the bytes of a file.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Bits {
        Bits(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The indices below `count`.
    fn first(count: usize) -> Bits {
        let mut bits = Bits::default();
        (0..count).for_each(|index| bits.insert(index));
        bits
    }

    pub(crate) fn insert(&mut self, index: usize) {
        if self.0.len() <= index / 8 {
            self.0.resize(index / 8 + 1, 0);
        }
        self.0[index / 8] |= 1 << (index % 8);
    }

    /// Inserts the indices of `others`.
    pub(crate) fn extend(&mut self, others: &Bits) {
        if self.0.len() < others.0.len() {
            self.0.resize(others.0.len(), 0);
        }
        self.0.iter_mut().zip(&others.0).for_each(|(own, other)| *own |= other);
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0.get(index / 8).is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    }
}

impl Coverage {
    /// Adds the coverage of a step.
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

    /// Adds to `news` what is covered for the first time.
    pub(crate) fn find_news(&self, graph: &'static Graph, reached: &Reached, news: &mut News) {
        let looked_up = reached.look_ups.iter().zip(&reached.indices).enumerate();
        for (number, ((look_up, _), indices)) in looked_up {
            let known = self.tables.get(look_up.owner);
            let is_new = |index: &&usize| known.is_none_or(|known| !known.contains(**index));
            let mut new = indices.iter().filter(is_new).copied().peekable();
            if new.peek().is_some() {
                news.rows.entry(number).or_default().extend(new);
            }
        }
        let is_new = |input: &&usize| !self.absent.contains(graph.inputs[**input].name);
        news.absent.extend(reached.absent.iter().filter(is_new));
    }

    /// Adds what other rows have covered for the first time; numbers that the model does not have
    /// are ignored.
    pub(crate) fn add_news(&mut self, graph: &'static Graph, news: &News) {
        let look_ups = LookUp::all(graph);
        for (number, rows) in &news.rows {
            let Some(look_up) = look_ups.get(*number) else { continue };
            self.add_rows(look_up.owner, rows.iter().copied());
        }
        let names = news.absent.iter().filter_map(|input| graph.inputs.get(*input));
        self.absent.extend(names.map(|input| input.name.to_owned()));
    }

    /// Replaces the untrained rows of a table by the mean of the trained ones, except reserved
    /// rows, and appends the old values to `overwritten`. Without trained rows nothing changes.
    pub(crate) fn fill_table<E: Element>(
        &self,
        look_up: &LookUp,
        weights: &mut [E],
        overwritten: Option<&mut Vec<E>>,
    ) {
        let share = TableShare::WHOLE;
        if let Some(mean) = self.sums_of_rows((look_up, share), weights).mean() {
            self.fill_rows((look_up, share), &mean, weights, overwritten);
        }
    }

    /// Replaces the untrained ones among the rows of a share by `mean`, and appends the old values to
    /// `overwritten`.
    pub(crate) fn fill_rows<E: Element>(
        &self,
        table: (&LookUp, TableShare),
        mean: &[f64],
        weights: &mut [E],
        mut overwritten: Option<&mut Vec<E>>,
    ) {
        for row in self.unreached(table, weights) {
            if let Some(overwritten) = &mut overwritten {
                overwritten.extend_from_slice(row);
            }
            row.iter_mut().zip(mean).for_each(|(number, mean)| *number = E::of(*mean));
        }
    }

    /// Restores the rows overwritten by [`fill_rows`](Coverage::fill_rows).
    pub(crate) fn restore_rows<E: Element>(
        &self,
        table: (&LookUp, TableShare),
        weights: &mut [E],
        overwritten: &[E],
    ) {
        let width = table.0.width.max(1);
        let rows = self.unreached(table, weights).zip(overwritten.chunks_exact(width));
        rows.for_each(|(row, overwritten)| row.copy_from_slice(overwritten));
    }

    /// The untrained ones among the rows of a share.
    fn unreached<'a, E>(
        &'a self,
        (look_up, share): (&LookUp, TableShare),
        weights: &'a mut [E],
    ) -> impl Iterator<Item = &'a mut [E]> {
        let reached = self.tables.get(look_up.owner);
        let rows = weights.chunks_exact_mut(look_up.width.max(1)).enumerate();
        let is_reached =
            move |held: usize| reached.is_some_and(|reached| reached.contains(share.row(held)));
        rows.filter(move |(held, _)| !is_reached(*held)).map(|(_, numbers)| numbers)
    }

    /// The sums over the trained rows of a share, without reserved rows.
    pub(crate) fn sums_of_rows<E: Element>(
        &self,
        (look_up, share): (&LookUp, TableShare),
        weights: &[E],
    ) -> RowSums {
        let width = look_up.width.max(1);
        let mut sums = RowSums::new(look_up);
        let Some(reached) = self.tables.get(look_up.owner) else { return sums };
        for (held, numbers) in weights.chunks_exact(width).enumerate() {
            let row = share.row(held);
            if row >= look_up.reserved && reached.contains(row) {
                sums.add_row(numbers);
            }
        }
        sums
    }

    /// The coverage of a model that takes its nodes from the model of this coverage.
    pub(crate) fn of_nodes(&self, graph: &Graph, source_of: &SourceOf<'_>) -> Coverage {
        let tables = graph.nodes.iter().filter_map(|node| {
            let bits = self.tables.get(source_of(node.name)?)?;
            Some((node.name.to_owned(), bits.clone()))
        });
        let was_absent =
            |name: &&'static str| source_of(name).is_some() && self.absent.contains(*name);
        let inputs = graph.inputs.iter().map(|input| input.name);
        Coverage {
            tables: tables.collect(),
            absent: inputs.filter(was_absent).map(str::to_owned).collect(),
        }
    }

    /// Takes the coverage of the table of `owner`, which has `rows` rows, from another model. All
    /// rows count as trained if `base` is not known.
    pub(crate) fn take_table(&mut self, owner: &str, rows: usize, base: Option<&Coverage>) {
        let bits = match base {
            Some(base) => base.tables.get(owner).cloned(),
            None => Some(Bits::first(rows)),
        };
        match bits {
            Some(bits) => drop(self.tables.insert(owner.to_owned(), bits)),
            None => drop(self.tables.remove(owner)),
        }
    }

    /// Adds that an optional input was absent, if it was in the training of `base`, or if that is
    /// not known.
    pub(crate) fn take_absence(&mut self, input: &str, base: Option<&Coverage>) {
        if base.is_none_or(|base| base.was_absent(input)) {
            self.absent.insert(input.to_owned());
        }
    }

    /// Adds trained rows of a table.
    pub(crate) fn add_rows(&mut self, owner: &str, rows: impl Iterator<Item = usize>) {
        let bits = self.tables.entry(owner.to_owned()).or_default();
        rows.for_each(|row| bits.insert(row));
    }

    /// The trained rows of a node's table.
    pub(crate) fn table(&self, owner: &str) -> Option<&Bits> {
        self.tables.get(owner)
    }

    /// Whether an optional input was absent in at least one row.
    pub(crate) fn was_absent(&self, input: &str) -> bool {
        self.absent.contains(input)
    }

    /// The tables by node and the inputs that were absent, for saving.
    pub(crate) fn parts(&self) -> (&BTreeMap<String, Bits>, &BTreeSet<String>) {
        (&self.tables, &self.absent)
    }

    /// From the parts in a file.
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
    fn news_are_read_as_they_are_written() {
        let of = |rows: &[(usize, &[usize])], absent: &[usize]| News {
            rows: rows
                .iter()
                .map(|(number, rows)| (*number, rows.iter().copied().collect()))
                .collect(),
            absent: absent.iter().copied().collect(),
        };
        let all = of(&[(0, &[7, 1 << 31]), (3, &[0])], &[2]);
        for news in [News::default(), of(&[], &[0, 5]), all.clone()] {
            let (mut message, mut read) = (Writer::default(), all.clone());
            news.write(&mut message);
            read.read(&mut Reader(&message.0)).unwrap();
            assert_eq!(read.rows, all.rows);
            assert!(read.absent.is_superset(&news.absent) && read.absent.contains(&2));
            let mut alone = News::default();
            alone.read(&mut Reader(&message.0)).unwrap();
            assert_eq!(alone, news);
            for len in 0..message.0.len() {
                assert!(News::default().read(&mut Reader(&message.0[..len])).is_err(), "{len}");
            }
        }
    }

    #[test]
    fn rows_that_were_not_reached_get_the_mean_of_the_known_ones() {
        static NONE: Graph = Graph {
            schema: Schema { name: "None", inputs: &[], derived: &[], targets: &[] },
            nodes: &[],
            outputs: &[],
            values: &[],
            cost: crate::definition::Cost { flops: 0, memory: 0 },
        };
        let look_up = LookUp::for_test("city", [5, 2], 2);
        let mut coverage = Coverage::default();
        let before = [9.0, 9.0, 8.0, 8.0, 1.0, 2.0, 7.0, 7.0, 3.0, 4.0];
        let mut weights = before;
        coverage.fill_table(&look_up, &mut weights, None);
        assert_eq!(weights, before, "nothing was reached");
        let (look_ups, indices) = (vec![(look_up, vec![0])], vec![vec![1, 2, 4]]);
        coverage.add(&NONE, &Reached { look_ups, indices, ..Reached::new(&NONE) });
        let mut overwritten = Vec::new();
        coverage.fill_table(&look_up, &mut weights, Some(&mut overwritten));
        // Rows 0 and 3 are untrained; rows 2 and 4 are trained; row 1 is reserved.
        assert_eq!(weights, [2.0, 3.0, 8.0, 8.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
        coverage.restore_rows((&look_up, TableShare::WHOLE), &mut weights, &overwritten);
        assert_eq!(weights, before);
    }
}
