//! Types that no row holds, each with the one that is meant.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    field_0: str,
    #[input]
    field_1: &'static str,
    #[input]
    field_2: char,
    #[input]
    field_3: [f32],
    #[input]
    field_4: &[f32; 10],
    #[input]
    field_5: impl Into<f32>,
    #[input]
    field_6: *const f32,
    #[input]
    field_7: Some<f32>,
    #[input]
    field_8: Option,
    #[input]
    field_9: Image,
    #[input]
    field_10: Image<3, 224, 224>,
    #[input]
    field_11: Class<3, 4>,
    #[input]
    field_12: Vec,
    #[input]
    field_13: f16,
    #[input]
    field_14: i32,
    #[input]
    field_15: float,
    #[input]
    field_16: int,
    #[input]
    field_17: Strin,
    #[input]
    field_18: HashMap<String, f32>,
    #[input]
    field_19: (f32, f32),
    #[input]
    field_20: fn() -> f32,
    #[input]
    field_21: Array2<f32>,
    #[input]
    field_22: [f32; "10"],
    #[input]
    field_23: [f32; 3.0],
    #[input]
    field_24: Box<f32>,
    #[input]
    field_25: DateTime,
    #[input]
    field_26: Duration,
    #[merge(concat(field_0, field_1, field_2, field_3, field_4, field_5, field_6, field_7, field_8, field_9, field_10, field_11, field_12, field_13, field_14, field_15, field_16, field_17, field_18, field_19, field_20, field_21, field_22, field_23, field_24, field_25, field_26))]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy)]
    kind: Class,
}

fn main() {}
