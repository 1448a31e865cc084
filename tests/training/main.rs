//! What surrounds the steps of a training run: its settings, checkpoints, logs and reports.

mod baselines;
mod importance;
mod labels;
mod loop_by_hand;
mod notices;
mod own;
mod own_metrics;
mod partial_targets;
mod report;
mod resume;
mod runs;
mod same_run;
mod sensor;
mod settings;
mod slices;
mod sparse_tables;
mod spoilt_weights;
#[path = "../support/mod.rs"]
mod support;
mod tensorboard;
mod terminal;
mod uncertainty;
mod units;
mod zero_weights;
