//! What the benchmarks share. Each of them takes a part of it.
#![allow(dead_code, unreachable_pub)] // Nothing is exported from a benchmark.

pub mod busy;
pub mod clock;
pub mod models;
pub mod plot;
pub mod random;
pub mod random_rows;

/// What stands behind the name of a benchmark on the command line, without the flag that
/// `cargo bench` adds.
pub fn arguments() -> impl Iterator<Item = String> {
    std::env::args().skip(1).filter(|argument| argument != "--bench")
}
