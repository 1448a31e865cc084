//! Masks: which steps of a sequence count, and which are padding.
//!
//! A mask belongs to the shape of what flows, so that it is known at compile time where there is
//! one. Its values are computed beside the tensor; a model without masks knows nothing of them.

use crate::{Shape, Text};

/// What a layer makes of the mask of what flows in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskRule {
    /// It treats every step by itself: the mask stays, and the layer need not know it.
    Keeps,
    /// It looks at several steps and leaves out those that are masked. The mask stays where the
    /// steps do.
    Reads,
    /// Its output formula says whether there is a mask from here on.
    Sets,
    /// It would mix padding with the rest: a masked sequence is refused.
    Loses,
}

/// What is wrong where a masked sequence flows into `what`, which is not told of the mask.
pub const fn lost(what: &str, input: &Shape) -> Text {
    Text::new("`")
        .str(what)
        .str("` would mix the steps of padding in ")
        .shape(input)
        .str(" with the others; put `DropMask` before it, so that all steps count on purpose")
}
