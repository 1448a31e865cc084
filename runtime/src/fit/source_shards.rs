//! The shards of a source, of which each rank reads its own.

use std::collections::BTreeSet;

use multi_input_base::Result;
use multi_input_data::reading::{Shard, ShardRows};

use super::{settings::Settings, stream::RowsOfSource, GatherCounts};
use crate::cluster::{Cluster, Reader, Shards, Writer};

/// A source of training rows in shards.
pub(super) struct SourceShards<'a> {
    pub(super) source: &'a dyn RowsOfSource,
    /// Those that this rank reads.
    pub(super) own: Vec<ShardRows>,
    /// The ranks that read the others, if there are any.
    pub(super) cluster: Option<Cluster>,
}

impl<'a> SourceShards<'a> {
    /// The shards of a run with these settings.
    pub(super) fn new(
        source: &'a dyn RowsOfSource,
        settings: &Settings,
    ) -> Result<SourceShards<'a>> {
        let cluster = settings.cluster.clone();
        let own = match &cluster {
            None => vec![ShardRows::ALL],
            Some(cluster) => {
                let find = |shards: &[Shard], gather: GatherCounts<'_>| source.find(shards, gather);
                find_shards(cluster, &settings.shards(), &find)?
            }
        };
        Ok(SourceShards { source, own, cluster })
    }

    /// Reads each shard of this rank by `read`, and returns what that gives for all shards of all ranks,
    /// in their order.
    pub(super) fn each(
        &self,
        cluster: &Cluster,
        read: impl FnMut(&ShardRows) -> Result<Vec<u8>>,
    ) -> Result<Vec<Vec<u8>>> {
        let own = self.own.iter().map(read).collect::<Result<Vec<_>>>()?;
        let mut part = Writer::default();
        part.list(&own);
        let mut all = Vec::new();
        for part in cluster.gather("a pass over the rows", part.0)? {
            all.extend(Reader(&part).list()?.into_iter().map(<[u8]>::to_vec));
        }
        Ok(all)
    }

    /// The row numbers of all ranks.
    pub(super) fn union(&self, own: BTreeSet<usize>) -> Result<BTreeSet<usize>> {
        let Some(cluster) = &self.cluster else { return Ok(own) };
        let mut part = Writer::default();
        part.numbers(&own.into_iter().collect::<Vec<_>>());
        let mut all = BTreeSet::new();
        for part in cluster.gather("the rows that are refused", part.0)? {
            all.extend(Reader(&part).numbers()?);
        }
        Ok(all)
    }
}

/// The rows of the shards of this rank.
pub(super) fn find_shards(
    cluster: &Cluster,
    shards: &Shards,
    find: &dyn Fn(&[Shard], GatherCounts<'_>) -> Result<Vec<ShardRows>>,
) -> Result<Vec<ShardRows>> {
    let own = shards.own.clone().map(|index| Shard { index, count: shards.count });
    let mut gather = |counts: &[usize]| {
        let mut part = Writer::default();
        part.numbers(counts);
        let parts = cluster.gather("the number of rows", part.0)?;
        let mut all = Vec::new();
        for part in parts {
            all.extend(Reader(&part).numbers()?);
        }
        Ok(all)
    };
    find(&own.collect::<Vec<_>>(), &mut gather)
}
