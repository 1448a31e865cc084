//! The pipeline behind `#[multi_input_model]`, as an ordinary library:
//!
//! ```text
//! tokens -> parse -> RawModel -> graph -> Graph -> shape -> ShapedGraph -> check -> CheckedGraph
//!        -> plan -> Plan -> codegen -> tokens
//! ```
//!
//! Each stage is a module with one public function and one output type. Errors are collected, so
//! that one run reports all of them.
#![forbid(unsafe_code)]

mod beside;
mod check;
mod codegen;
mod compare;
mod cost;
mod diagnostics;
mod expand;
mod expression;
#[cfg(test)]
mod fuzz;
mod graph;
mod lint;
mod lock;
mod meaning;
mod names;
mod newtype;
mod parse;
mod part;
mod plan;
mod print;
mod requirement;
mod shape;
mod source;
mod suggest;
mod syntax;
mod table;
mod text;
mod tuple;
mod warn;

pub use expand::expand_model;
pub use lock::{compare_with_lock, lock_of};
pub use newtype::expand_newtype;
