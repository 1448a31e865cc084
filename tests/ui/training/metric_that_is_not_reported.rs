//! A monitor of a metric that the output does not list.
use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}

fn main() {
    let _ = Monitor::val(House::price, metric::Mae);
    let _ = Monitor::val(House::price, metric::R2);
}
