use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, knd, 100))]
    #[branch(Embedding(100, 4))]
    both: u32,
    #[from(both)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
