//! Paths that lead to no metric: to a type that is none, to nothing, to a function.

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

#[multi_input_model]
pub struct Flat {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::Wihtin(0.1)))]
    rent: f32,
}

#[multi_input_model]
pub struct Room {
    #[input]
    size: f32,
    #[from(size)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(my::within(0.1), my::Within, my::Within))]
    rent: f32,
}

fn main() {}
