//! Without a derive the rows still come from files, and have no more than that.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Dense(32, relu))]
    measurements: [f32; 10],
    #[from(measurements)]
    #[branch(Dense(1))]
    #[output(loss = mae)]
    price: f32,
}

// No conflict with what the user writes by hand.
impl Clone for HouseInputs {
    fn clone(&self) -> Self {
        HouseInputs { measurements: self.measurements }
    }
}

impl Default for HouseSample {
    fn default() -> Self {
        HouseSample { measurements: [0.0; 10], price: 0.0 }
    }
}

fn reads<T: serde::de::DeserializeOwned>() {}

#[test]
fn compiles_and_runs() {
    reads::<HouseInputs>();
    let inputs: HouseInputs = HouseSample::default().into();
    assert_eq!(inputs.clone().measurements, [0.0; 10]);
}
