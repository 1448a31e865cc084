//! What the README's image and text model gives, and what a step of it takes: in a package of its
//! own, since it computes for longer than it takes to optimise it.

mod example2;
mod steady;
#[path = "../support/mod.rs"]
mod support;

use multi_input::prelude::*;

/// The seed's second example.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Post {
    #[input]
    #[branch(Conv2D(32, 3, relu), MaxPool2D(2), Flatten)]
    photo: [[[f32; 64]; 64]; 3],

    #[input]
    #[branch(Embedding(10_000, 64), LSTM(32))]
    caption: [u32; 100],

    #[merge(concat(photo, caption))]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    topic: Class<10>,
}
