//! What surrounds the steps of a training run: its settings, checkpoints, logs and reports.

mod importance;
mod notices;
mod report;
mod resume;
mod settings;
#[path = "../support/mod.rs"]
mod support;
mod tensorboard;
mod terminal;
