//! The models: a regression with standardized input and target, and a classification without
//! preprocessing.

use multi_input_data::Class;

use crate::multi_input_model;

#[multi_input_model(crate = crate)]
#[derive(Debug, PartialEq)]
pub(super) struct House {
    /// The last number is the row's weight in tests of weights.
    #[input(standardize)]
    #[branch(Dense(8, relu))]
    measurements: [f32; 3],
    #[input(standardize, missing = mean)]
    #[branch(Dense(8, relu))]
    age: Option<f32>,
    #[merge(add(measurements, age))]
    #[branch(Dense(1, l2 = 0.001))]
    #[output(loss = mse, metrics(mae, r2), weighted_metrics(mae), standardize)]
    price: f32,
}

/// 250 to 350, a scale on which an untrained model is far off.
pub(super) fn houses(count: usize) -> Vec<HouseSample> {
    let unit = |row: usize, by: usize| ((row * by) % 17) as f32 / 8.5 - 1.0;
    (0..count)
        .map(|row| {
            let (a, b, c) = (unit(row, 3), unit(row, 5), unit(row, 7));
            let age = (row % 4 != 0).then_some(10.0 + c);
            let price = 300.0 + 20.0 * a - 10.0 * b + 5.0 * age.map_or(0.0, |age| age - 10.0);
            HouseSample { measurements: [a, 10.0 * b, 1.0], age, price }
        })
        .collect()
}

impl HouseSample {
    /// The row's weight.
    pub(super) fn weight(&self) -> f32 {
        self.measurements[2]
    }

    /// Sets the row's weight to 0.
    pub(super) fn ignore(&mut self) {
        self.measurements[2] = 0.0;
    }
}

/// The inputs of samples.
pub(super) fn inputs(rows: &[HouseSample]) -> Vec<HouseInputs> {
    let of = |row: &HouseSample| HouseInputs { measurements: row.measurements, age: row.age };
    rows.iter().map(of).collect()
}

#[multi_input_model(crate = crate)]
pub(super) struct Post {
    #[input]
    point: [f32; 2],
    #[from(point)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    topic: Class<3>,
}

/// Points around three centres.
pub(super) fn posts(count: usize) -> Vec<PostSample> {
    let row = |row: usize| {
        let class = row % 3;
        let noise = ((row * 7) % 11) as f32 / 11.0 - 0.5;
        let (x, y) = [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0)][class];
        PostSample { point: [x + noise, y - noise], topic: Class::new(class).unwrap() }
    };
    (0..count).map(row).collect()
}
