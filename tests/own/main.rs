//! Steps, merges and derivations of a user's own, written with what is public.
#![allow(clippy::result_large_err)] // Functions that run while a model compiles; a constant cannot box.

mod derived;
mod merges;
mod my;
mod steps;
mod trip;
