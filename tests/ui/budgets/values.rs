use multi_input::prelude::*;

const LIMIT: u64 = 1_000_000;

#[multi_input_model(max_parameters = "1_000_000")]
pub struct House0 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_parameters = 0, max_flops = 1.5)]
pub struct House1 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_memory = "4 Mb")]
pub struct House2 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_memory = "4")]
pub struct House3 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_memory = 4MB)]
pub struct House4 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_memory = 4 MB)]
pub struct House5 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_parameters)]
pub struct House6 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_flops(100_000))]
pub struct House7 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_flops = 100_000, max_flops = 200_000)]
pub struct House8 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_parameter = 1_000_000)]
pub struct House9 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_parameters = LIMIT)]
pub struct House10 {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(32, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
