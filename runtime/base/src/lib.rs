//! What all crates of multi-input share: [`Error`] and [`Notice`], what they quote out of data
//! ([`quote`]), and the counters that all random numbers come from ([`Seed`], [`RngKey`]).
//!
//! It knows nothing of rows, tensors, layers or training; of the errors of those it has the words alone, so
//! that users match on one type whatever went wrong. A new error is a variant of [`Error`] in `error.rs`, a
//! new purpose of random numbers one of [`Stream`] in `seed.rs`.
#![forbid(unsafe_code)]

mod checkpoint_error;
mod error;
mod notice;
pub mod quote;
mod rng_key;
mod seed;

pub use checkpoint_error::CheckpointError;
pub use error::{Error, Result};
pub use notice::{Notice, NoticeKind};
pub use rng_key::RngKey;
pub use seed::{Generator, Seed, Stream};
