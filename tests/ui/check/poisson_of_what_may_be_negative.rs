//! A rate that may be negative.
use multi_input::multi_input_model;

#[multi_input_model]
pub struct Calls {
    #[input]
    hour: [f32; 2],
    #[from(hour)]
    #[branch(Dense(1))]
    #[output(loss = poisson)]
    count: f32,
    #[from(hour)]
    #[branch(Dense(1, softplus))]
    #[output(loss = poisson)]
    answered: f32,
}

fn main() {}
