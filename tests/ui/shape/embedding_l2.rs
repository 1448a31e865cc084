use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Embedding(10, 4, l2 = -1e-4))]
    district: u32,
    #[input]
    #[branch(Embedding(10, 4, l1 = -0.5))]
    kind: u32,
    #[merge(add(district, kind))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
