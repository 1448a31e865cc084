use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(TransformerBlock(heads = 2, key_dim = 4, feed_forward = 8))]
    words: [f32; 3],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
