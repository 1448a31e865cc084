//! A module of one's own in other forms than `Twice => [8]`. Its import counts as used.

use dfdx::nn::builders::Linear;
use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(
        Linear<10, 8> => (8),
        Twice => 8,
        Twice => [f32; 8],
        Twice -> [8],
        Twice [8],
        Twice =>,
        Twice => [8] relu,
        Twice(8) => [8],
        Twice::new(8) => [8],
        Box<dyn Fn(f32) -> f32>,
        dyn Twice => [8],
        _ => [8]
    )]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

pub struct Twice;

fn main() {}
