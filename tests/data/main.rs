//! Rows from files and what the models' preprocessing makes of them.

mod augmentation;
mod derived;
mod raw_records;
mod raw_rows;
mod refused_rows;
mod shared_vocabularies;
#[path = "../support/mod.rs"]
mod support;
mod tables;
