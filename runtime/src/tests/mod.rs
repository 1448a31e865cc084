//! Tests that train two small models inside the crate.

mod attribution;
mod checkpoints;
mod models;
mod partial_dependence;
mod reasons;
mod resuming;
mod training;
