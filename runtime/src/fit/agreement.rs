//! What all ranks of a cluster have to have in common before the first step.

use std::path::{Path, PathBuf};

use multi_input_base::{Error, Notice, NoticeKind, Result};
use multi_input_data::{preprocess::FittedFields, SkipRefused};
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
        saved: Option<&SavedRun<E>>,
    ) -> Result<()> {
        let Some(cluster) = &self.settings.cluster else { return Ok(()) };
        compare(cluster, "the start of a run", &self.in_common(model, same_run, saved))
    }

    /// Compares what decides how the rows of a source are counted, before they are.
    ///
    /// # Errors
    /// [`Error::Cluster`] with the first difference.
    pub(super) fn agree_on_counting(
        &self,
        kept: &FittedFields,
        skips: Option<&dyn SkipRefused>,
        resumed: Option<&Path>,
    ) -> Result<()> {
        let Some(cluster) = &self.settings.cluster else { return Ok(()) };
        let settings = &self.settings;
        let by_class = self.weighting.by_class.iter();
        let by_class: Vec<_> = by_class.map(|own| (own.index, &own.weights)).collect();
        // The name alone: folders may differ between machines.
        let resumed = resumed.and_then(Path::file_name).map(|name| name.to_string_lossy());
        let named = |name: &str, value: String| (name.to_owned(), value);
        let own = [
            named("the checkpoint to go on from", resumed.map_or("none".to_owned(), Into::into)),
            named("the number of shards", settings.shards().count.to_string()),
            named("`batch_size`", settings.batch_size.to_string()),
            named("`class_weight`", format!("{by_class:?}")),
            named("the fields with `sample_weight`", format!("{:?}", self.weighting.by_row)),
            named(
                "the fields that are fitted already",
                kept.names().collect::<Vec<_>>().join(", "),
            ),
            named("whether refused rows are skipped", skips.is_some().to_string()),
        ];
        compare(cluster, "the start of a run on a source", &own)
    }

    /// What decides on the outcome of the run, in words.
    fn in_common<E: Element, D: Backend<E>>(
        &self,
        model: &UntypedModel<E, D>,
        same_run: &SameRun,
        saved: Option<&SavedRun<E>>,
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
        let coverage = if model.coverage.is_some() { "known" } else { "unknown" };
        all.push(("which rows of tables are trained".to_owned(), coverage.to_owned()));
        all.extend(same_run.0.iter().cloned());
        all
    }
}

/// Compares names and values with those of the other ranks.
fn compare(cluster: &Cluster, at: &'static str, own: &[(String, String)]) -> Result<()> {
    let mut part = Writer::default();
    for (name, value) in own {
        part.bytes(name.as_bytes());
        part.bytes(value.as_bytes());
    }
    let mut first: Option<Vec<(String, String)>> = None;
    for (rank, part) in cluster.gather(at, part.0)?.iter().enumerate() {
        let mut reader = Reader(part);
        let mut of_rank = Vec::new();
        while !reader.0.is_empty() {
            of_rank.push((reader.text()?, reader.text()?));
        }
        let first = first.get_or_insert_with(|| of_rank.clone());
        let mut pairs = first.iter().zip(&of_rank);
        if let Some(((name, of_first), (_, other))) = pairs.find(|(first, other)| first != other) {
            return Err(Error::Cluster(format!(
                "all ranks have to train alike, but differ in {name}: {of_first} on rank 0, {other} \
                 on rank {rank}"
            )));
        }
    }
    Ok(())
}
