//! Shared by all crates of multi-input: [`Error`] and [`Notice`], the escaping of quoted data
//! ([`quote`]), and counter-based random numbers ([`Seed`], [`RngKey`]).
//!
//! The crate does not depend on rows, tensors, layers or training. It only defines their error
//! variants, so that users match on one error type. A new error is a variant of [`Error`] in
//! `error.rs`; a new use of random numbers is a variant of [`Stream`] in `seed.rs`.
#![forbid(unsafe_code)]

mod checkpoint_error;
mod error;
mod notice;
pub mod quote;
mod replace_file;
mod rng_key;
mod seed;

pub use checkpoint_error::CheckpointError;
pub use error::{Error, Result};
pub use notice::{Notice, NoticeKind};
pub use replace_file::{replace_file, PARTIAL};
pub use rng_key::RngKey;
pub use seed::{Generator, Seed, Stream};
