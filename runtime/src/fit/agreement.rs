//! What all ranks of a cluster have to have in common before the first step.

use std::path::PathBuf;

use multi_input_base::{Error, Notice, NoticeKind, Result};
use multi_input_kernel::{Backend, Element};

use super::{
    same_run::{RowsFrom, SameRun},
    settings::Settings,
    setup::Setup,
};
use crate::{
    checkpoint::{CheckpointError, SavedRun},
    cluster::{Cluster, Reader, Writer},
    untyped::UntypedModel,
};

impl Settings {
    /// A run with shards is one on a cluster, of one rank where none is given.
    pub(crate) fn with_cluster(mut self) -> Settings {
        if self.virtual_shards.is_some() {
            self.cluster.get_or_insert_with(Cluster::alone);
        }
        self
    }

    /// Sets the number of shards of a run that is resumed. Rows in memory may be divided into more
    /// shards than before, if there are more ranks; a source is read by shards, and is not.
    pub(super) fn keep_shards(
        &mut self,
        saved: Option<(PathBuf, usize)>,
        from: RowsFrom,
    ) -> Result<()> {
        let Some((path, shards)) = saved else { return Ok(()) };
        if let Some(expected) = self.virtual_shards.filter(|expected| *expected != shards) {
            return Err(CheckpointError::OtherRun {
                path,
                setting: "`virtual_shards`".to_owned(),
                expected: expected.to_string(),
                found: shards.to_string(),
            }
            .into());
        }
        let ranks = self.cluster.as_ref().map_or(1, Cluster::ranks);
        self.resumed_shards = Some(match from {
            RowsFrom::Memory => shards.max(ranks),
            RowsFrom::Source => shards,
        });
        if self.resumed_shards != Some(1) {
            self.cluster.get_or_insert_with(Cluster::alone);
        }
        Ok(())
    }
}

impl Settings {
    /// The notice about ranks without a shard.
    pub(super) fn idle_ranks(&self) -> Option<Notice> {
        let (ranks, shards) = (self.cluster.as_ref()?.ranks(), self.shards().count);
        (shards < ranks).then(|| {
            let message = format!(
                "the run that is resumed divides its source into {shards} shards, so {} of {ranks} \
                 ranks have no work; begin a run that may go on with more ranks with \
                 `virtual_shards({ranks})`",
                ranks - shards
            );
            Notice::new(NoticeKind::Other, message)
        })
    }
}

impl Setup<'_> {
    /// Compares settings, rows and weights with those of the other ranks.
    ///
    /// # Errors
    /// [`Error::Cluster`] with the first difference.
    pub(super) fn agree<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        same_run: &SameRun,
        saved: Option<&SavedRun>,
    ) -> Result<()> {
        let Some(cluster) = &self.settings.cluster else { return Ok(()) };
        let own = self.in_common(model, same_run, saved);
        let mut part = Writer::default();
        for (name, value) in &own {
            part.bytes(name.as_bytes());
            part.bytes(value.as_bytes());
        }
        let mut first: Option<Vec<(String, String)>> = None;
        for (rank, part) in cluster.gather("the start of a run", part.0)?.iter().enumerate() {
            let mut reader = Reader(part);
            let mut of_rank = Vec::new();
            while !reader.0.is_empty() {
                of_rank.push((reader.text()?, reader.text()?));
            }
            let first = first.get_or_insert_with(|| of_rank.clone());
            let mut pairs = first.iter().zip(&of_rank);
            if let Some(((name, of_first), (_, other))) =
                pairs.find(|(first, other)| first != other)
            {
                return Err(Error::Cluster(format!(
                    "all ranks have to train alike, but differ in {name}: {of_first} on rank 0, {other} \
                     on rank {rank}"
                )));
            }
        }
        Ok(())
    }

    /// What decides on the outcome of the run, in words.
    fn in_common<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        same_run: &SameRun,
        saved: Option<&SavedRun>,
    ) -> Vec<(String, String)> {
        let settings = &self.settings;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut all = vec![("the version of multi-input".to_owned(), version)];
        all.push(("the number of shards".to_owned(), settings.shards().count.to_string()));
        all.push(("`wire`".to_owned(), format!("{:?}", settings.wire)));
        all.push(("`epochs`".to_owned(), settings.epochs.to_string()));
        let at = saved.map(|saved| format!("epoch {}, step {}", saved.epoch, saved.step));
        all.push(("where it resumes".to_owned(), at.unwrap_or_else(|| "nowhere".to_owned())));
        let weights = format!("checksum {:08x}", model.weights_checksum());
        all.push(("what the model has at the start".to_owned(), weights));
        all.extend(same_run.0.iter().cloned());
        all
    }
}
