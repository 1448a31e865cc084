//! Merges as other libraries and arithmetic write them.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[input]
    #[branch(Dense(4))]
    garden: [f32; 3],
    #[merge(cat(rooms, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_0: f32,
    #[merge(rooms + garden)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_1: f32,
    #[merge(concat[rooms, garden])]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_2: f32,
    #[merge(concat([rooms, garden]))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_3: f32,
    #[merge(rooms, garden)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_4: f32,
    #[merge(concat(rooms garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_5: f32,
    #[merge(concat("rooms", "garden"))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_6: f32,
    #[merge(minus(rooms, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_7: f32,
    #[merge(matmul(rooms, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_8: f32,
    #[merge(concat(rooms, garden, dim = 0))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price_9: f32,
}

fn main() {}
