use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    measurements: [f32; 2],
    #[from(measurements)]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = 0.0))]
    price: f32,
}

fn main() {}
