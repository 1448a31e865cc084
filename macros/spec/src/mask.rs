//! Masks: which steps of a sequence count, and which are padding.
//!
//! A mask is part of a shape, so its presence is known at compile time. Its values are computed
//! beside the tensor; a model without masks has no code for them.

use crate::{Shape, Text};

/// The effect of a layer on a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskRule {
    /// The layer processes each step on its own: the mask is passed on unread.
    Keeps,
    /// The layer combines steps and skips masked ones. The mask is passed on if the output has
    /// steps.
    Reads,
    /// The layer's output formula determines the mask.
    Sets,
    /// The layer would mix padding with other steps: a masked input is an error.
    Loses,
}

/// The error for a masked sequence as input of `what`, which ignores masks.
pub const fn lost(what: &str, input: &Shape) -> Text {
    Text::new("`")
        .str(what)
        .str("` would mix the steps of padding in ")
        .shape(input)
        .str(" with the others; put `DropMask` before it, so that all steps count on purpose")
}
