//! A crate that calls multi-input otherwise.

pub extern crate multi_input as renamed;

use renamed::multi_input_model;

mod inner {
    use renamed::multi_input_model;

    #[multi_input_model(crate = renamed)]
    pub struct House {
        #[input(standardize)]
        #[branch(Dense(32, relu))]
        measurements: [f32; 10],
        #[input(missing = zeros)]
        #[branch(Embedding(100, 16), Flatten)]
        district: Option<u32>,
        #[merge(concat(measurements, district))]
        joined: [f32; 48],
        #[from(joined)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        price: f32,
    }
}

/// A crate that passes it on.
mod facade {
    pub use renamed as inside;
}

#[derive(renamed::Newtype)]
#[newtype(crate = crate::facade::inside)]
pub struct Rooms([f32; 2]);

#[multi_input_model(crate = crate::facade::inside)]
pub struct Flat {
    #[input(wraps = [f32; 2])]
    rooms: Rooms,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

fn main() {
    let row = inner::HouseInputs { measurements: [0.0; 10], district: None };
    assert_eq!(row.measurements.len() + FlatInputs { rooms: Rooms([1.0, 2.0]) }.rooms.0.len(), 12);
}
