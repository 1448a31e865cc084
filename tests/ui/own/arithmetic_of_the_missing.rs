use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(missing = zeros)]
    rooms: Option<f32>,
    #[input(impute(mean))]
    people: f32,
    #[derived(rooms / people)]
    each: f32,
    #[merge(concat(rooms, people, each))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
