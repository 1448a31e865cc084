//! Layers that exist elsewhere, with what to use instead.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[input]
    #[branch(Conv3D(8, 3))]
    volume: [f32; 10],
    #[input]
    #[branch(Dense(8), PReLU)]
    learned: [f32; 10],
    #[input]
    #[branch(Lambda(8))]
    lambda: [f32; 10],
    #[input]
    #[branch(BiLSTM(8))]
    both: [[f32; 4]; 6],
    #[input]
    #[branch(Concatenate)]
    merged: [f32; 10],
    #[input]
    #[branch(RandomFlip)]
    flipped: [f32; 10],
    #[input]
    #[branch(Dense(8, log_softmax))]
    logits: [f32; 10],
    #[merge(concat(volume, learned, lambda, both, merged, flipped, logits))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
