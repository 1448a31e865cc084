//! The pipeline behind `#[multi_input_model]`.

mod diagnostics;
mod parse;
mod suggest;
mod text;
