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

#[multi_input_model(crate = crate::facade::inside)]
pub struct Flat {
    #[input]
    rooms: [f32; 2],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

fn main() {
    let row = inner::HouseInputs { measurements: [0.0; 10], district: None };
    assert_eq!(row.measurements.len() + FlatInputs { rooms: [1.0, 2.0] }.rooms.len(), 12);
}
