//! A user who derives `Deserialize` gets serde's own, with all its attributes.

use multi_input::multi_input_model;

#[multi_input_model]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct House {
    #[input]
    #[serde(default, rename = "size")]
    measurements: [f32; 10],
    #[input(missing = mean)]
    garden: Option<f32>,
    #[merge(concat(measurements, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn reads<T: serde::de::DeserializeOwned>() {}

#[test]
fn compiles_and_runs() {
    reads::<HouseInputs>();
    reads::<HouseSample>();
}
