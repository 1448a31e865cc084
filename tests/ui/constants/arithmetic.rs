//! Arithmetic on literals that has no result, and literals of another type.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(8 - 16), Dense(8 - 16 + 20), Dense(64 / 0), Dense(64 % 0), Dense(1 << 64), Dense(!0))]
    rooms: [f32; 10],
    #[input]
    #[branch(Dense(8i32), Dense(2 * 8u8), Dense(Self::WIDTH), Dense(8, relu, bias = True))]
    areas: [f32; 10],
    #[input]
    #[branch(Flatten, Dense(2))]
    pixels: [[f32; 4294967296]; 4294967296],
    #[merge(concat(rooms, areas, pixels, axis = last))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
