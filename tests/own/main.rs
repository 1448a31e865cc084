//! Steps, merges and derivations of a user's own, written with what is public.

mod derived;
mod merges;
mod my;
mod steps;
mod trip;
