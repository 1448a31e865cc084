//! Tests that train two small models inside the crate.

mod checkpoints;
mod models;
mod resuming;
mod training;
