use multi_input::prelude::*;

const TWO: usize = 2;
const THREE: usize = 3;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; TWO],
    #[input]
    people: [f32; THREE],
    #[derived(rooms / people)]
    each: _,
    #[merge(concat(rooms, people, each))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
