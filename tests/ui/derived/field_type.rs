use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, kind, 100))]
    #[branch(Embedding(100, 4))]
    after: [f32; 4],
    #[derived(crossed(district, kind, 100))]
    #[branch(Embedding(100, 4))]
    optional: Option<u32>,
    #[merge(concat(after, optional))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
