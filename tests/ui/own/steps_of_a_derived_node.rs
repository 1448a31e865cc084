use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    district: u32,
    #[input]
    kind: u32,
    #[derived(crossed(district, kind, 100), standardize)]
    #[branch(Embedding(100, 4))]
    both: u32,
    #[derived(kind + 1, standardise)]
    misspelt: f32,
    #[derived(kind + 1, words(100, 20))]
    words: f32,
    #[merge(concat(both, misspelt, words))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
