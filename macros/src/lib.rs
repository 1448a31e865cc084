//! The attribute `#[multi_input_model]`. Use it through the crate `multi-input`.
