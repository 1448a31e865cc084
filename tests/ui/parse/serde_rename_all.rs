use multi_input::prelude::*;

#[multi_input_model]
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct House {
    #[input]
    floor_plan: [f32; 2],
    #[from(floor_plan)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
