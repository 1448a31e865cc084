//! Loading weights from what holds none.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {
    let mut model = House::build(&Cpu::default(), Seed(1));
    let _ = model.load_weights("house.safetensors");
    let _ = model.load_weights(Weights::torch("state.safetensors"));
}
