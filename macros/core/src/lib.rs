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

mod check;
mod codegen;
mod compare;
mod diagnostics;
mod expand;
#[cfg(test)]
mod fuzz;
mod graph;
mod lint;
mod names;
mod newtype;
mod parse;
mod part;
mod plan;
mod print;
mod requirement;
mod shape;
mod suggest;
mod table;
mod text;
mod warn;

pub use expand::expand_model;
pub use newtype::expand_newtype;
