//! Layers and operands that change nothing.

#![deny(deprecated)]

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Conv2D(4, 3, relu), MaxPool2D(1), Flatten, Flatten, Dropout(0))]
    photo: [[[f32; 8]; 8]; 3],
    #[input]
    #[branch(Dense(8, relu))]
    rooms: [f32; 3],
    #[merge(subtract(rooms, rooms))]
    nothing: _,
    #[merge(dot(rooms, rooms, normalize))]
    one: _,
    #[merge(concat(photo, nothing, one, rooms, photo))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
