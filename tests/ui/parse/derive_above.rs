//! A derive above the attribute runs on the struct before the macro.

use multi_input::multi_input_model;

#[derive(Clone, Debug)]
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
    let row = HouseInputs { rooms: [0.0; 10] };
    println!("{:?}", row.clone());
}
