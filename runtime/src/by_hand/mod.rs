//! Two small models, and what training does with them inside of the crate.

mod checkpoints;
mod models;
mod resuming;
mod training;
