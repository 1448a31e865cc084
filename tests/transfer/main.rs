//! What one model takes from another, and how a model goes on with new words.

mod derived;
mod growing;
mod renamed;
mod scale;
#[path = "../support/mod.rs"]
mod support;
mod take;
mod vectors;
