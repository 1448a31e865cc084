//! The pipeline behind `#[multi_input_model]`.
