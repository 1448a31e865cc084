use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Embedding(50, 8, mask))]
    words: [u32; 7],

    #[merge(dot(words, words))]
    #[branch(Flatten, Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
