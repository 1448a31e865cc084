//! Where what flows into a layer comes from.

/// Where what flows into a layer comes from, for layers that compute no gradient which nobody
/// needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The rows of a batch: nothing is learned by changing them, so their gradient stays zero.
    Data,
    /// Other layers, or a caller who wants the gradient.
    Computed,
}
