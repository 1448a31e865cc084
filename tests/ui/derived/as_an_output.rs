use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, kind, 100))]
    #[branch(Embedding(100, 4), Dense(1))]
    #[output(loss = mse)]
    price: u32,
}

fn main() {}
