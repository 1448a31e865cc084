//! Code shared by the benchmarks, each of which uses a part of it.
#![allow(dead_code, unreachable_pub)] // Benchmarks export nothing.

pub mod busy;
pub mod clock;
pub mod models;
pub mod plot;
pub mod random;
pub mod random_rows;

/// The arguments of the benchmark, without the flag that `cargo bench` adds.
pub fn arguments() -> impl Iterator<Item = String> {
    std::env::args().skip(1).filter(|argument| argument != "--bench")
}
