//! Rows from files and what the models' preprocessing makes of them.

mod augmentation;
mod cells;
mod derived;
mod exact_numbers;
mod forms;
mod hostile_texts;
mod lists;
mod newtypes;
mod pictures;
mod raw_records;
mod raw_rows;
mod refused_rows;
mod saved;
mod shared_vocabularies;
#[path = "../support/mod.rs"]
mod support;
mod tables;
mod unknown;
mod words;
