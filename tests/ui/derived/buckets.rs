use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, kind))]
    #[branch(Embedding(100, 4))]
    none: u32,
    #[derived(crossed(district, kind, 0))]
    #[branch(Embedding(100, 4))]
    zero: u32,
    #[derived(crossed(district, kind, 2.5))]
    #[branch(Embedding(100, 4))]
    half: u32,
    #[derived(crossed(district, kind, buckets = "many"))]
    #[branch(Embedding(100, 4))]
    many: u32,
    #[merge(concat(none, zero, half, many))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
