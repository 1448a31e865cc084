//! What one model takes from another, and how a model goes on with new words.

mod derived;
mod growing;
#[path = "../weights/models.rs"]
mod models;
mod renamed;
mod scale;
mod sharded;
#[path = "../support/mod.rs"]
mod support;
mod take;
#[path = "../weights/torch.rs"]
mod torch;
mod vectors;
