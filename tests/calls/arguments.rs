//! What is no optimizer, callback, node, output, metric or row.

use std::rc::Rc;

use multi_input::{
    callback::{Callback, Event, Flow, Training},
    prelude::*,
};

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(4))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae))]
    price: f32,
}

struct Mine;

struct Kept(Rc<u8>);

impl Callback<House> for Kept {
    fn name(&self) -> &'static str {
        "Kept"
    }

    fn on(&mut self, _: &Event<'_>, _: &mut dyn Training<House>) -> multi_input::Result<Flow> {
        Ok(Flow::Continue)
    }
}

fn optimizer(model: &mut Model<House>, rows: &[HouseSample]) -> multi_input::Result<History> {
    Trainer::new(1e-3).epochs(3).fit(model, rows)
}

fn callbacks(trainer: fn() -> Trainer<House, Adam>) {
    let _ = trainer().callback(Mine);
    let _ = trainer().callback(vec![EarlyStopping::on(Monitor::val_loss())]);
    let _ = trainer().callback(Kept(Rc::new(1)));
    let _ = trainer().on_event(|_, _| 3);
}

fn nodes(trainer: fn() -> Trainer<House, Adam>) {
    let _ = trainer().freeze("rooms");
    let _ = trainer().sample_weight(House::rooms, |_| 1.0);
}

fn metrics() {
    let _ = Monitor::val(House::price, "mae");
}

fn rows() -> multi_input::Result<Vec<House>> {
    read_csv("houses.csv")
}

fn matrix(model: &Model<House>, rows: &[HouseSample]) -> multi_input::Result<()> {
    model.confusion_matrix(House::price, rows)?;
    Ok(())
}

fn main() {
    let _ = (optimizer, callbacks, nodes, metrics, rows, matrix);
}
