use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, "kind", 100))]
    #[branch(Embedding(100, 4))]
    text: u32,
    #[derived(crossed(district, kind, 100, slat = 3))]
    #[branch(Embedding(100, 4))]
    misspelt: u32,
    #[derived(crossed(district, kind, 100, salt = -1.0))]
    #[branch(Embedding(100, 4))]
    negative: u32,
    #[derived(crosed(district, kind, 100))]
    #[branch(Embedding(100, 4))]
    unknown: u32,
    #[derived]
    #[branch(Embedding(100, 4))]
    empty: u32,
    #[merge(concat(text, misspelt, negative, unknown, empty))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
