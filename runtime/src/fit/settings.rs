//! The settings of a training run, independent of the type of the model.

use std::path::PathBuf;

use multi_input_base::{Result, Seed};
use multi_input_data::Table;

use super::{validation::SampleTables, Clip, MovingAverage};
use crate::cluster::{Cluster, Shards, Wire};

/// The settings that are plain values.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) epochs: usize,
    pub(crate) initial_epoch: usize,
    pub(crate) batch_size: usize,
    pub(crate) steps_per_epoch: Option<usize>,
    pub(crate) validation_frequency: usize,
    pub(crate) seed: Seed,
    pub(crate) shuffle: Shuffle,
    pub(crate) shuffle_window: usize,
    /// In bytes.
    pub(crate) shuffle_memory: usize,
    pub(crate) accumulate: usize,
    pub(crate) clip: Option<Clip>,
    pub(crate) moving_average: Option<MovingAverage>,
    pub(crate) whole_tables: bool,
    pub(crate) keep_untrained: bool,
    /// The learning rate factors of branches, relative to the optimizer's rate.
    pub(crate) rates: Vec<(&'static str, f64)>,
    pub(crate) frozen: Vec<&'static str>,
    pub(crate) dropped: Vec<(&'static str, f64)>,
    pub(crate) resume: Option<PathBuf>,
    pub(crate) refit: Refit,
    /// The ranks that train together.
    pub(crate) cluster: Option<Cluster>,
    /// The number of shards of a batch; one for each rank, if it is not given.
    pub(crate) virtual_shards: Option<usize>,
    /// The number of shards of the run that is resumed.
    pub(crate) resumed_shards: Option<usize>,
    /// The form in which gradients travel.
    pub(crate) wire: Wire,
}

impl Settings {
    /// The shards of a batch, and those of this rank.
    pub(crate) fn shards(&self) -> Shards {
        let place = self.cluster.as_ref().map_or((0, 1), |own| (own.rank(), own.ranks()));
        let count = self.resumed_shards.or(self.virtual_shards).unwrap_or(place.1);
        Shards::of_rank(count, place)
    }
}

/// The fields whose preprocessing is fitted anew, although it is fitted already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refit {
    All,
    Fields(Vec<&'static str>),
}

/// Keras's defaults.
impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epochs: 1,
            initial_epoch: 0,
            batch_size: 32,
            steps_per_epoch: None,
            validation_frequency: 1,
            seed: Seed(0),
            shuffle: Shuffle::EachEpoch,
            shuffle_window: 10_000,
            shuffle_memory: 128 << 20,
            accumulate: 1,
            clip: None,
            moving_average: None,
            whole_tables: false,
            keep_untrained: false,
            rates: Vec::new(),
            frozen: Vec::new(),
            dropped: Vec::new(),
            resume: None,
            refit: Refit::Fields(Vec::new()),
            cluster: None,
            virtual_shards: None,
            resumed_shards: None,
            wire: Wire::Full,
        }
    }
}

/// The class weights of an output, as pairs of class and weight.
pub(crate) struct ClassWeights {
    pub(crate) index: usize,
    pub(crate) weights: Vec<(usize, f64)>,
}

/// The order of the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// A new random order in every epoch, which depends on seed and epoch only.
    EachEpoch,
    /// The order in which the rows were given.
    Never,
}

/// The validation rows.
pub(crate) enum ValidationRows {
    /// No validation.
    None,
    /// The last fraction of the training rows.
    Split(f64),
    /// Separate rows in memory, or the error of encoding them.
    Rows(Result<Table>),
    /// A source that is read anew for every validation.
    Source(Box<dyn SampleTables + Send + Sync>),
}
