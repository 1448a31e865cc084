//! Inputs of different newtypes in one sum.

use multi_input::prelude::*;

#[derive(Newtype)]
pub struct Metres(f32);
#[derive(Newtype)]
pub struct Feet(f32);

#[multi_input_model]
pub struct House {
    #[input(wraps = f32)]
    height: Metres,
    #[input(wraps = f32)]
    depth: Metres,
    #[input(wraps = f32)]
    width: Feet,
    #[input]
    rooms: f32,
    #[derived(height - width)]
    gap: f32,
    #[derived(ln(max(depth + rooms, -height + width) / rooms))]
    widest: f32,
    #[derived(height - width * 0.3048 + rooms / width)]
    converted: f32,
    #[merge(maximum(height, depth, width))]
    longest: _,
    #[merge(concat(gap, widest, converted, longest))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
