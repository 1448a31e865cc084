use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Embedding(10, 4))]
    district: u32,
    #[from(district)]
    hidden: [f32; 4],
    #[derived(crossed(district, both, 100))]
    #[branch(Embedding(100, 4))]
    both: u32,
    #[derived(crossed(district, hidden, 100))]
    #[branch(Embedding(100, 4))]
    other: u32,
    #[derived(crossed(district, district, 100))]
    #[branch(Embedding(100, 4))]
    twice: u32,
    #[merge(concat(hidden, both, other, twice))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
