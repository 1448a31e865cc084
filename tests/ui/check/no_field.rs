//! A model without a field.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Nothing {}

fn main() {}
