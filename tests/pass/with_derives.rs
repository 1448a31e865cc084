//! Derives and foreign attributes reach the rows.

use multi_input::multi_input_model;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename = "house")]
pub struct House {
    /// What was measured.
    #[input(standardize, columns("rooms", "age"))]
    #[branch(Dense(32, relu))]
    floor_plan: [f32; 2],
    #[input]
    #[branch(Embedding(100, 16), Flatten)]
    #[serde(rename = "borough", alias = "district", skip_serializing_if = "is_zero")]
    district: u32,
    #[merge(concat(floor_plan, district))]
    joined: [f32; 48],
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

/// Predictions of classes take the derives too.
#[multi_input_model]
#[derive(Clone, Debug, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
pub struct Kind {
    #[input]
    measurements: [f32; 2],
    #[from(measurements)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    kind: multi_input::Class<3>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn needs<T: Clone + std::fmt::Debug + PartialEq + serde::Serialize>() {}
fn reads<T: serde::de::DeserializeOwned>() {}

#[test]
fn compiles_and_runs() {
    needs::<HouseInputs>();
    needs::<HouseSample>();
    needs::<HouseOutputs>();
    reads::<HouseInputs>();
    reads::<HouseSample>();
    needs::<KindOutputs>();
    reads::<KindOutputs>();
    let sample = HouseSample { floor_plan: [1.0, 2.0], district: 3, price: 4.0 };
    assert_eq!(HouseInputs::from(sample.clone()).district, 3);
    assert_eq!(sample, sample.clone());
}
