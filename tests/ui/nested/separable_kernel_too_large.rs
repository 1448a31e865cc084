use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(SeparableConv2D(4, 9), Flatten)]
    words: [[[f32; 8]; 8]; 3],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
