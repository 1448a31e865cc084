//! Nodes, rows, callbacks and models of one model in a call of another.

use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input(missing = zeros)]
    garden: Option<[f32; 3]>,
    #[from(garden)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}

#[multi_input_model]
pub struct Flat {
    #[input]
    #[branch(Dense(8))]
    rooms: [f32; 4],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    rent: f32,
}

fn frozen(model: &mut Model<House>, rows: &[HouseSample]) -> multi_input::Result<History> {
    Trainer::new(Adam::new(1e-3)).freeze(Flat::rooms).fit(model, rows)
}

fn watched(model: &mut Model<House>, rows: &[HouseSample]) -> multi_input::Result<History> {
    let rent = Monitor::val(Flat::rent, metric::Mae);
    Trainer::new(Adam::new(1e-3)).callback(EarlyStopping::on(rent)).fit(model, rows)
}

fn validated(flats: &[FlatSample], model: &mut Model<House>, rows: &[HouseSample]) -> multi_input::Result<History> {
    Trainer::new(Adam::new(1e-3)).validation_data(flats).fit(model, rows)
}

fn stopped() {
    let stopping = EarlyStopping::on(Monitor::<Flat>::val_loss());
    let _ = Trainer::<House, _>::new(Adam::new(1e-3)).callback(stopping);
}

fn slow() {
    let _ = Trainer::<House, _>::new(Adam::new(1e-3)).learning_rate_of(Flat::rooms, 0.1);
}

fn main() {
    let _ = (frozen, watched, validated, stopped, slow);
}
