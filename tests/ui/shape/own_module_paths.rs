//! Modules of one's own that rustc cannot resolve, or that are private: its error alone, with the crate
//! around it.

use multi_input::prelude::*;

const EIGHT: usize = 8;
fn twice(x: f32) -> f32 {
    2.0 * x
}
struct Hidden;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Xylophone<8> => [10], my_crate::Gate<10> => [10], crate::layers::Gate => [10])]
    rooms: [f32; 10],
    #[input]
    #[branch(twice => [10], EIGHT => [10])]
    garden: [f32; 10],
    #[input]
    #[branch(Hidden => [10])]
    street: [f32; 10],
    #[merge(concat(rooms, garden, street))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    let model = House::build(&Cpu::default(), Seed(7));
    model.predict(&[HouseInputs { rooms: [0.0; 10], garden: [0.0; 10], street: [0.0; 10] }])?;
    println!("{} {}", House::summary(), twice(EIGHT as f32));
    model.save("house.safetensors")
}
