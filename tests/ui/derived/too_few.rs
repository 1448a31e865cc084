use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[derived(crossed(district, 100))]
    #[branch(Embedding(100, 4))]
    alone: u32,
    #[derived(crossed(buckets = 100))]
    #[branch(Embedding(100, 4))]
    of_nothing: u32,
    #[merge(concat(alone, of_nothing))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
