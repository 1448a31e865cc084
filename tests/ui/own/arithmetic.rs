use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 3],
    #[input]
    people: [f32; 2],
    #[input]
    name: String,
    #[derived(rooms / people)]
    unequal: _,
    #[derived(rooms / name)]
    text: _,
    #[derived(rooms % 2)]
    remainder: _,
    #[derived(log(rooms))]
    unknown: _,
    #[derived(1 + 2)]
    constant: _,
    #[derived(rooms + 1)]
    typed: f32,
    #[derived(rooms * 2)]
    optional: Option<[f32; 3]>,
    #[merge(concat(unequal, text, remainder, unknown, constant, typed, optional))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
