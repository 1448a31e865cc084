use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(8, relu, init = he), Dense(8, bias = 3), Dense(8, init = 3))]
    rooms: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
