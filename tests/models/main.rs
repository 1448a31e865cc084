//! Models as their users write them: what they compute and learn, and that every gradient is right.

mod end_to_end;
mod gradients;
mod images;
mod masks;
mod missing;
mod sequences;
#[path = "../support/mod.rs"]
mod support;
