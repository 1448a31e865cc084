use multi_input::prelude::*;

const WIDTH: usize = 32;
const LIMIT: usize = 1_000;

#[multi_input_model(max_parameters = LIMIT, max_flops = LIMIT + 3, max_memory = "4 KiB")]
pub struct House {
    #[input(standardize)]
    #[branch(Dense(64, relu), Dense(WIDTH, relu))]
    rooms: [f32; 3],
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,
    #[merge(concat(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model(max_flops = 10_000)]
pub struct Series {
    #[input]
    #[branch(
        Bidirectional(LSTM(WIDTH, return_sequences = true)),
        TimeDistributed(Dense(WIDTH)),
        MultiHeadAttention(2, 4),
    )]
    readings: [[f32; 2]; 5],
    #[input]
    #[branch(Dense(WIDTH))]
    level: [f32; 2],
    #[merge(dot(readings, level))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    next: f32,
}

fn main() {}
