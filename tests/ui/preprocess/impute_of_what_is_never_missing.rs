//! Neither a whole number nor a flag is ever NaN.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Visit {
    #[input(impute(mean), standardize)]
    count: i64,
    #[input(impute(constant = 0.0))]
    first: bool,
    #[merge(concat(count, first))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    minutes: f32,
}

fn main() {}
