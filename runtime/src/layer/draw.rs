//! Which random numbers a layer draws.

/// The counters that random numbers are made from, so that a resumed run repeats them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// Where the whole run starts.
    pub seed: u64,
    /// The layer's place among the layers that draw.
    pub layer: u64,
    /// The training step.
    pub step: u64,
}
