use multi_input::prelude::*;

const BUCKETS: usize = 100;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, kind, BUCKETS))]
    #[branch(Embedding(50, 4))]
    both: u32,
    #[from(both)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
