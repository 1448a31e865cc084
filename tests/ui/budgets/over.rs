use multi_input::prelude::*;

#[multi_input_model(max_parameters = 1_000, max_flops = 4e3, max_memory = "4 kB")]
pub struct House {
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

/// All of a branch is shared, and a prediction is paid for each time.
#[multi_input_model(max_parameters = 30, max_flops = 100)]
pub struct Pair {
    #[input]
    #[branch(Dense(10, bias = false))]
    first: [f32; 5],
    #[input]
    #[branch(shared = first)]
    second: [f32; 5],
    #[merge(dot(first, second))]
    #[output(loss = mse)]
    likeness: f32,
}

fn main() {
    let _ = House::build(&Cpu::default(), Seed(7));
}
