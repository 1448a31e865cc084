//! What the image and text model of `docs/from-keras.md` gives, and what a step of it takes: in a
//! package of its own, since it computes for longer than it takes to optimise it.

mod example2;
/// The article's models, of which the second is meant.
#[path = "../../runtime/benches/support/models.rs"]
mod models;
mod steady;
#[path = "../support/mod.rs"]
mod support;
