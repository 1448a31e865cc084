//! Only a struct with named fields and no parameters is a model.

use multi_input::multi_input_model;

#[multi_input_model]
pub enum Choice {
    First,
    Second,
}

#[multi_input_model]
pub struct Tuple(#[input] [f32; 10], #[output(loss = mse)] f32);

#[multi_input_model]
pub struct Unit;

#[multi_input_model]
pub union Either {
    numbers: [f32; 10],
    flag: bool,
}

#[multi_input_model]
pub fn model() {}

#[multi_input_model]
pub struct Sized<const N: usize> {
    #[input]
    rooms: [f32; N],
    #[from(rooms)]
    #[output(loss = mse)]
    same: [f32; N],
}

#[multi_input_model]
pub struct Bounded<T>
where
    T: Copy,
{
    #[input]
    rooms: T,
}

fn main() {
    // No error of its own.
    let _ = (Choice::First, Unit, Tuple([0.0; 10], 0.0));
}
