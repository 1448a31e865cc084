//! Shapes that the user states, against those that were inferred.

use crate::{Shape, Text};

/// A size that the user gave.
pub const fn size(given: usize) -> Result<usize, Text> {
    match given {
        0 => Err(Text::new("a size is at least 1, this is 0")),
        _ => Ok(given),
    }
}

/// A hidden node's declared shape against the one that comes out of its branch.
pub const fn declared(declared: &Shape, inferred: &Shape) -> Result<Shape, Text> {
    if declared.is_masked() && !inferred.is_masked() {
        return Err(Text::new("declared ").shape(declared).str(", but what comes out is ").shape(
            inferred,
        )
        .str(", without a mask: `Embedding(categories, width, mask)` or `Masking(value)` creates one, \
              and it ends where the steps do, or in a merge with what has none"));
    }
    if !declared.is_masked() && inferred.is_masked() {
        return Err(Text::new("declared ")
            .shape(declared)
            .str(", but what comes out is ")
            .shape(inferred)
            .str(
                "; write `Masked<...>` around the type, `_` to take what comes out, or end the \
                  branch in `DropMask`",
            ));
    }
    if declared.differs(inferred) {
        return Err(Text::new("declared ")
            .shape(declared)
            .str(", but what comes out is ")
            .shape(inferred)
            .str("; correct the type, or write `_` to take what comes out"));
    }
    Ok(*inferred)
}

/// An output's target against the head that predicts it. `needed` is one number for `f32` and
/// `bool`, and one for each class of `Class<N>`.
pub const fn head(needed: &Shape, inferred: &Shape) -> Result<Shape, Text> {
    if inferred.is_masked() {
        return Err(Text::new("the loss would count the steps of padding in ")
            .shape(inferred)
            .str(
                "; end its branch in `DropMask`, so that all steps count on purpose, or make one \
                  vector of the steps that count, with `LSTM(units)` or `GlobalAveragePool1D`",
            ));
    }
    if needed.differs(inferred) {
        return Err(Text::new("needs a head of ")
            .shape(needed)
            .str(" to predict its type, but what comes out is ")
            .shape(inferred)
            .str("; end its branch in `Dense(")
            .size(needed.elements())
            .str(")`"));
    }
    Ok(*inferred)
}

/// A step whose vocabulary is that of the input `owner`, against the step there: both have as many
/// entries.
pub const fn vocabulary(owner: &str, here: &Shape, there: &Shape) -> Result<Shape, Text> {
    if here.below.differs(there.below) {
        return Err(Text::new("the vocabulary of `")
            .str(owner)
            .str("` has room for ")
            .size(there.below)
            .str(", but here it is said to be ")
            .size(here.below));
    }
    Ok(*here)
}

/// What flows into a shared branch, against what flows into the branch of `owner`, where it is
/// written.
pub const fn shared(owner: &str, here: &Shape, there: &Shape) -> Result<Shape, Text> {
    if here.differs(there) {
        return Err(Text::new("shares the branch of `")
            .str(owner)
            .str("`, which takes ")
            .shape(there)
            .str(", but what flows in is ")
            .shape(here));
    }
    if here.below.differs(there.below) {
        return Err(Text::new("shares the branch of `")
            .str(owner)
            .str("`, which looks up categories below ")
            .size(there.below)
            .str(", but these are below ")
            .size(here.below));
    }
    Ok(*here)
}
