//! Whether the input of a layer needs a gradient.

/// The origin of a layer's input. A layer omits the gradient of an input that needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The rows of a batch: an input without trainable parameters before it, whose gradient stays
    /// zero.
    Data,
    /// Other layers, or a caller that needs the gradient. `requires_grad=True` in PyTorch.
    Computed,
}
