//! A path that leads to a type that is no metric.

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
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae, my::Within(share = 0.1)))]
    price: f32,
}

fn main() {}
