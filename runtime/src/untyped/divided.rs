//! Sharded tables whose rows are divided among the ranks of a cluster.
//!
//! A rank holds the rows of its [`TableShare`]. What a batch looks up is fetched from the ranks that
//! hold it, before the pass. All ranks take part in every fetch, also those that look up nothing,
//! because they hold what others look up. Ranks with fewer batches than others therefore go on
//! taking part until all are done ([`UntypedModel::until_all_are_done`]).

use dfdx::tensor::UniqueId;
use multi_input_base::{Error, Result};
use multi_input_kernel::{Backend, Element};
use multi_input_nn::sharded::{self, FetchedTable, FetchedTables, TableShare};

use super::{parameters, row_sums::RowSums, tables, AnyModule, Coverage, LookUp, UntypedModel};
use crate::{
    cluster::{damaged, Cluster, Reader, Writer},
    data::Batch,
    definition::Graph,
};

/// The tables of a model that are divided.
pub(crate) struct Divided {
    pub(crate) cluster: Cluster,
    pub(crate) share: TableShare,
    /// In the order of their tensors.
    pub(crate) tables: Vec<DividedTable>,
}

/// A table that is divided.
pub(crate) struct DividedTable {
    /// The name of its tensor.
    pub(crate) tensor: String,
    /// A look-up in it.
    pub(crate) look_up: LookUp,
    /// The encoded columns that look up in it.
    columns: Vec<usize>,
}

impl DividedTable {
    /// Appends rows of those held to `to`.
    pub(crate) fn copy<E: Element>(&self, weights: &[E], held: &[usize], to: &mut Vec<E>) {
        let width = self.look_up.width;
        held.iter().for_each(|row| to.extend_from_slice(&weights[row * width..][..width]));
    }
}

/// What the ranks look up on this one: for each table and rank the rows, by their numbers among those
/// held.
pub(crate) type Requests = Vec<Vec<Vec<usize>>>;

/// What a table has for the ranks.
pub(crate) struct Served<E> {
    /// The tensor with the rows held.
    id: UniqueId,
    /// By rank.
    rows: Vec<Vec<E>>,
}

/// The rows that are looked up in each table, in any order and as often as they are looked up.
pub(crate) type Wanted = Vec<Vec<usize>>;

/// The rows that this rank holds of all sharded tables of a model on `cluster`.
pub(crate) fn share_of(cluster: &Cluster) -> TableShare {
    TableShare::of(cluster.rank(), cluster.ranks())
}

impl Divided {
    /// The sharded tables of a module that was built with the share of this rank; `None` without any,
    /// or with one rank.
    ///
    /// # Errors
    /// [`Error::Settings`] with every table that cannot be divided.
    pub(crate) fn of<E: Element, D: Backend<E>>(
        module: &dyn AnyModule<E, D>,
        cluster: &Cluster,
    ) -> Result<Option<Divided>> {
        let (graph, ranks) = (module.graph(), cluster.ranks());
        if ranks == 1 {
            return Ok(None);
        }
        let look_ups = LookUp::all(graph);
        let own = parameters::list(module);
        let of_tensors = tables(&look_ups, own.iter().map(|tensor| tensor.name.as_str()));
        let sharded = own.into_iter().zip(of_tensors).filter_map(|(tensor, look_up)| {
            let look_up = look_up.filter(|look_up| look_up.sharded)?;
            let in_it = look_ups.iter().filter(|other| other.owner == look_up.owner);
            let columns = in_it.map(|look_up| look_up.column).collect();
            Some(DividedTable { tensor: tensor.name, look_up, columns })
        });
        let tables: Vec<DividedTable> = sharded.collect();
        let mistakes = mistakes(graph, &look_ups, ranks);
        match (mistakes.is_empty(), tables.is_empty()) {
            (false, _) => Err(Error::Settings(mistakes)),
            (true, true) => Ok(None),
            (true, false) => {
                Ok(Some(Divided { cluster: cluster.clone(), share: share_of(cluster), tables }))
            }
        }
    }

    /// The index of the divided table whose tensor has this name.
    pub(crate) fn index_of(&self, tensor: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.tensor == tensor)
    }

    /// No rows.
    pub(crate) fn nothing(&self) -> Wanted {
        vec![Vec::new(); self.tables.len()]
    }

    /// Adds the rows that a batch looks up.
    pub(crate) fn want(&self, batch: &Batch<'_>, wanted: &mut Wanted) {
        for (table, wanted) in self.tables.iter().zip(wanted) {
            let columns = table.columns.iter();
            columns.for_each(|column| {
                batch.each_index(*column, |row| {
                    // The layer refuses an index beyond the table.
                    wanted.extend(Some(row).filter(|row| *row < table.look_up.rows));
                });
            });
        }
    }

    /// Fetches rows from the ranks that hold them. `serve` gives the rows that the ranks look up
    /// here. A rank that is not `active` wants nothing any more; `None` if no rank is active.
    pub(crate) fn fetch<E: Element>(
        &self,
        wanted: &Wanted,
        active: bool,
        serve: impl FnOnce(&Requests) -> Vec<Served<E>>,
    ) -> Result<Option<FetchedTables<E>>> {
        let wanted = wanted.iter().map(|rows| each_once(rows)).collect::<Vec<_>>();
        let messages = self.messages(&wanted, active);
        let messages = self.cluster.exchange("the look-ups of a batch", messages)?;
        let mut readers: Vec<Reader<'_>> = messages.iter().map(|message| Reader(message)).collect();
        let mut is_any_active = false;
        for reader in &mut readers {
            is_any_active |= reader.take(1)? == [1];
        }
        if !is_any_active {
            return Ok(None);
        }
        let requests = self.tables.iter().map(|table| {
            let of_rank = |reader: &mut Reader<'_>| self.request(table, reader);
            readers.iter_mut().map(of_rank).collect::<Result<_>>()
        });
        let served = serve(&requests.collect::<Result<_>>()?);
        let replies = (0..messages.len()).map(|rank| {
            let mut reply = Vec::new();
            served.iter().for_each(|table| E::append_bytes(&table.rows[rank], &mut reply));
            reply
        });
        let replies = self.cluster.exchange("the rows of a batch", replies.collect())?;
        let mut readers: Vec<Reader<'_>> = replies.iter().map(|reply| Reader(reply)).collect();
        let fetched = self.tables.iter().zip(&served).zip(wanted).map(|((table, served), rows)| {
            let width = table.look_up.width;
            let mut weights = vec![E::zero(); rows.len() * width];
            // Each rank replies in ascending order.
            for (row, weights) in rows.iter().zip(weights.chunks_exact_mut(width.max(1))) {
                let bytes = readers[self.share.owner(*row)].take(E::BYTES * width)?;
                E::read_bytes(bytes, weights);
            }
            Ok((served.id, FetchedTable::new(rows, weights)))
        });
        fetched.collect::<Result<_>>().map(Some)
    }

    /// The rows of a table that a rank looks up here, by their numbers among those held.
    fn request(&self, table: &DividedTable, reader: &mut Reader<'_>) -> Result<Vec<usize>> {
        let held = reader.rows()?.map(|row| {
            self.share.held(row).filter(|_| row < table.look_up.rows).ok_or_else(damaged)
        });
        held.collect()
    }

    /// The message to each rank with the rows that are wanted of it.
    fn messages(&self, wanted: &[Vec<usize>], active: bool) -> Vec<Vec<u8>> {
        let ranks = self.cluster.ranks();
        let mut requests: Vec<_> = (0..ranks).map(|_| Writer(vec![u8::from(active)])).collect();
        for rows in wanted {
            let mut of_rank = vec![Vec::new(); ranks];
            rows.iter().for_each(|row| of_rank[self.share.owner(*row)].push(*row));
            for (request, rows) in requests.iter_mut().zip(of_rank) {
                request.rows(rows.into_iter());
            }
        }
        requests.into_iter().map(|request| request.0).collect()
    }
}

/// The rows in ascending order.
fn each_once(rows: &[usize]) -> Vec<usize> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// Why the sharded tables of a model cannot be divided among ranks.
fn mistakes(graph: &'static Graph, look_ups: &[LookUp], ranks: usize) -> Vec<String> {
    let mut mistakes = Vec::new();
    for node in graph.nodes {
        let owner = node.shared.and_then(|owner| graph.node(owner)).unwrap_or(node);
        let Some(place) = owner.layers.iter().position(super::look_up::is_sharded) else {
            continue;
        };
        let name = node.name;
        let known = look_ups.iter().find(|look_up| look_up.node == name && look_up.sharded);
        match known.filter(|_| place == 0) {
            // The compiler lets categories reach no other branch; a graph by hand might.
            None => mistakes.push(format!(
                "the table of `{name}` cannot be divided among ranks: a `sharded` table is the first \
                 layer of a branch on an input, so that what a batch looks up is known before the \
                 pass"
            )),
            Some(_) if node.shared.is_some() => {}
            Some(LookUp { rows, .. }) if *rows < ranks => mistakes.push(format!(
                "the table of `{name}` has {rows} rows, which cannot be divided among {ranks} ranks: \
                 leave `sharded` out"
            )),
            Some(LookUp { rows, .. }) if u32::try_from(*rows).is_err() => mistakes.push(format!(
                "the table of `{name}` has {rows} rows; a sharded table has fewer than 2^32"
            )),
            Some(_) => {}
        }
    }
    mistakes
}

impl<E: Element, D: Backend<E>> UntypedModel<E, D> {
    /// Calls `work`, a pass of a batch, with the rows that it looks up in divided tables.
    pub(crate) fn with_fetched<R>(
        &self,
        batch: &Batch<'_>,
        work: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        let Some(divided) = &self.divided else { return work() };
        let mut wanted = divided.nothing();
        divided.want(batch, &mut wanted);
        let mut fetched = self.fetch(divided, &wanted, true)?.unwrap_or_default();
        sharded::scope(&mut fetched, work)
    }

    /// Calls `work`, which computes batches of this rank with
    /// [`with_fetched`](Self::with_fetched), while the other ranks compute theirs: all of them call
    /// this, and return when the last one is done. An error of one rank is one of all of them, except that
    /// a rank may have no rows, or none that counts. The cluster stays of use.
    pub(crate) fn together<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        let Some(cluster) = self.cluster() else { return work() };
        cluster.together(|| {
            let done = work();
            if let Err(error @ (Error::Rank { .. } | Error::Cluster(_))) = done {
                return Err(error);
            }
            // A rank with an error goes on giving rows.
            self.until_all_are_done()?;
            let at = "the end of a pass over rows";
            Ok(match done {
                Err(error @ (Error::NoRows(_) | Error::NoTargets(_))) => {
                    cluster.agree(at, Ok(((), String::new()))).and(Err(error))
                }
                done => cluster.agree(at, done.map(|done| (done, String::new()))),
            })
        })?
    }

    /// Gives other ranks the rows that they look up, until all of them are done: the end of what all
    /// ranks compute with [`with_fetched`](Self::with_fetched).
    pub(crate) fn until_all_are_done(&self) -> Result<()> {
        let Some(divided) = &self.divided else { return Ok(()) };
        while self.fetch(divided, &divided.nothing(), false)?.is_some() {}
        Ok(())
    }

    fn fetch(
        &self,
        divided: &Divided,
        wanted: &Wanted,
        active: bool,
    ) -> Result<Option<FetchedTables<E>>> {
        divided.fetch(wanted, active, |requests| {
            self.serve(divided, requests, |index, weights, held, to| {
                divided.tables[index].copy(weights, held, to);
            })
        })
    }

    /// What the ranks look up on this one. `read` appends rows of those held to a list, given the index
    /// of a table, its weights and the numbers of the rows.
    pub(crate) fn serve(
        &self,
        divided: &Divided,
        requests: &Requests,
        mut read: impl FnMut(usize, &[E], &[usize], &mut Vec<E>),
    ) -> Vec<Served<E>> {
        let mut served = Vec::new();
        // Tables are in the order of their tensors.
        self.module.visit(&mut |tensor, weights| {
            let Some(index) = divided.index_of(&tensor.name) else { return };
            let of_rank = |held: &Vec<usize>| {
                let mut rows = Vec::new();
                read(index, weights, held, &mut rows);
                rows
            };
            let rows = requests[index].iter().map(of_rank).collect();
            served.push(Served { id: tensor.id, rows });
        });
        served
    }

    /// Calls `visit` with the rows held of a divided table.
    pub(crate) fn visit_divided(&self, index: usize, mut visit: impl FnMut(&[E])) {
        let tensor = self.divided.as_ref().map(|divided| &divided.tables[index].tensor);
        self.module.visit(&mut |own, weights| {
            if Some(&own.name) == tensor {
                visit(weights);
            }
        });
    }

    /// For every divided table the mean of its trained rows on all ranks, which replaces the others;
    /// `None` without trained rows.
    pub(crate) fn means_of_divided(&self, coverage: &Coverage) -> Result<Vec<Option<Vec<f64>>>> {
        let Some(divided) = &self.divided else { return Ok(Vec::new()) };
        let mut sums = Vec::new();
        self.module.visit(&mut |tensor, weights| {
            if let Some(index) = divided.index_of(&tensor.name) {
                let table = (&divided.tables[index].look_up, divided.share);
                sums.push(coverage.sums_of_rows(table, weights));
            }
        });
        let mut own = Writer::default();
        sums.iter().for_each(|sums| sums.write(&mut own));
        let parts = divided.cluster.gather("the mean of the rows of a table", own.0)?;
        let mut all: Vec<RowSums> =
            divided.tables.iter().map(|table| RowSums::new(&table.look_up)).collect();
        for part in &parts {
            let mut reader = Reader(part);
            all.iter_mut().try_for_each(|sums| sums.add(&mut reader))?;
        }
        Ok(all.iter().map(RowSums::mean).collect())
    }

    /// # Errors
    /// [`Error::Cluster`] if tables are divided, which `what` does not support.
    pub(crate) fn check_whole(&self, what: &str) -> Result<()> {
        let Some(divided) = &self.divided else { return Ok(()) };
        let (ranks, name) = (divided.cluster.ranks(), &divided.tables[0].tensor);
        Err(Error::Cluster(format!(
            "{what} needs all rows of the table `{name}`, which is divided among {ranks} ranks: save \
             the model on all of them, and load the file in a program with one rank"
        )))
    }

    /// The indices and names of the tensors that are sharded tables, divided or not.
    pub(crate) fn sharded_tensors(&self) -> Vec<(usize, String)> {
        let names = parameters::list(&self.module).into_iter().map(|tensor| tensor.name);
        let names: Vec<String> = names.collect();
        let tables = tables(&LookUp::all(self.graph()), names.iter().map(String::as_str));
        let is_sharded = |table: &Option<LookUp>| table.is_some_and(|table| table.sharded);
        let named = names.into_iter().enumerate().zip(tables);
        named.filter(|(_, table)| is_sharded(table)).map(|(tensor, _)| tensor).collect()
    }

    /// For each tensor, by name, the index of the divided table that it is.
    pub(crate) fn divided_tensors<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> Vec<Option<usize>> {
        names.map(|name| self.divided.as_ref()?.index_of(name)).collect()
    }

    /// Whether a tensor has only rows of this rank.
    pub(crate) fn is_divided(&self, tensor: &str) -> bool {
        self.divided.as_ref().is_some_and(|divided| divided.index_of(tensor).is_some())
    }

    /// The cluster among whose ranks tables are divided.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.divided.as_ref().map(|divided| &divided.cluster)
    }
}
