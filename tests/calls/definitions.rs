//! What is no definition, no dtype, and a generic function without bounds.

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

fn text() {
    let _: Model<String> = Model::build(&Cpu::default(), Seed(7));
}

fn whole() {
    let _ = Model::<House, i32>::build(&Cpu::default(), Seed(7));
}

fn built<M>() -> Model<M> {
    Model::build(&Cpu::default(), Seed(7))
}

fn main() {
    let _ = (text, whole, built::<House>);
}
