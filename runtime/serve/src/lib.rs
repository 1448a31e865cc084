//! An HTTP server for multi-input models. `multi_input::serve` is its typed face; what is here knows no
//! model's types: a [`Predictor`] reads rows from JSON, predicts tables of them and describes itself.
//!
//! From the ground up: `predictor`, `refusal` (answers to bad requests), `rows` and `answer` (JSON to rows,
//! predictions to JSON), `settings`, `queue`, `metrics`, `deployment` (a model that can be replaced),
//! `batch` (requests that are predicted together), `shadow`, `mount` (a deployment with its threads),
//! `openapi`, `routes`, `server` (models by name), `connections` (slow clients, and an end without a lost
//! request).
#![forbid(unsafe_code)]

mod answer;
mod batch;
mod connections;
mod deployment;
mod draining;
mod metrics;
mod mount;
mod openapi;
mod patience;
mod predictor;
mod queue;
mod refusal;
mod routes;
mod rows;
mod server;
mod settings;
mod shadow;

pub use axum;
pub use connections::{run, Connections};
pub use deployment::Deployment;
pub use predictor::{Explanation, Predictor, Share, TakeNumbers};
pub use server::Server;
pub use settings::Settings;
