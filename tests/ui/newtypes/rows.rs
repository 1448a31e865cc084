//! Values in rows that are not of the field's newtype.

use multi_input::prelude::*;

#[derive(Clone, Debug, Newtype)]
pub struct Metres(f32);
#[derive(Clone, Debug, Newtype)]
pub struct Feet(f32);
#[derive(Clone, Debug, Newtype)]
pub struct District(u32);

#[multi_input_model]
pub struct House {
    #[input(wraps = f32, standardize)]
    height: Metres,
    #[input(wraps = f32, missing = mean)]
    width: Option<Metres>,
    #[input(wraps = u32)]
    #[branch(Embedding(100, 4), Flatten)]
    districts: [District; 2],
    #[merge(concat(height, width, districts))]
    #[branch(Dense(1))]
    #[output(loss = mse, wraps = f32)]
    price: Metres,
}

fn main() {
    let _ = HouseInputs { height: Feet(9.8), width: None, districts: [District(1), District(2)] };
    let _ = HouseInputs { height: 3.0, width: Some(Metres(8.0)), districts: [1, 2] };
    let predicted = |row: HouseOutputs| -> Feet { row.price };
}
