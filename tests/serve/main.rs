//! Models behind HTTP, as their clients see them.

mod description;
mod documented;
mod house;
mod openapi;
mod predict;
mod refused;
mod running;
mod streams;
mod swapped;
