//! A picture whose channels are last.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Digit {
    #[input]
    #[branch(Conv2D(8, 3, relu), Flatten)]
    picture: [[[f32; 3]; 28]; 28],
    #[from(picture)]
    #[branch(Dense(10))]
    #[output(loss = cross_entropy)]
    digit: multi_input::Class<10>,
}

fn main() {}
