//! A path that leads nowhere, reported once.

use multi_input::multi_input_model;

mod my {
    #[derive(Debug)]
    pub struct Within {
        pub share: f64,
    }

    pub fn within() -> f64 {
        0.1
    }
}

#[multi_input_model]
pub struct Flat {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::Median(0.1)))]
    rent: f32,
}

fn main() {}
