//! A callback on an output of another model.
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

#[multi_input_model]
pub struct Flat {
    #[input]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    rent: f32,
}

fn main() {
    let _ = Trainer::<House, _>::new(Adam::new(1e-3))
        .callback(EarlyStopping::on(Monitor::val(Flat::rent, metric::Mae)));
}
