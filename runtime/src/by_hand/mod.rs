//! Two small models, implemented by hand as the macro would, and what training does with them.

mod checkpoints;
mod models;
mod resuming;
mod training;
