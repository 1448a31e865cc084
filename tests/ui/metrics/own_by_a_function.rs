//! A path that leads to a function, and a metric given twice.

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
pub struct Room {
    #[input]
    size: f32,
    #[from(size)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::within(0.1), my::Within, my::Within, my::Within::new(share = 0.1)))]
    rent: f32,
}

fn main() {}
