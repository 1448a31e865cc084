//! The models of `tests/fixtures/weights_keras.py` and `weights_torch.py`, and their rows.

use multi_input::prelude::*;
use serde_json::Value;

#[multi_input_model]
#[derive(Clone)]
pub struct House {
    #[input]
    #[branch(Dense(8, relu), Dense(4, relu))]
    numerical: [f32; 10],
    #[input]
    #[branch(Embedding(20, 3), Flatten)]
    categorical: u32,
    #[merge(concat(numerical, categorical))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Post {
    #[input]
    #[branch(Conv2D(4, (3, 3), relu), MaxPool2D((2, 2)), Flatten)]
    image: [[[f32; 6]; 8]; 3],
    #[input]
    #[branch(Embedding(20, 4), LSTM(5))]
    text: [u32; 7],
    #[merge(concat(image, text))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    topic: Class<3>,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Patient {
    #[input]
    input_a: [f32; 10],
    #[input(missing = zeros)]
    input_b: Option<[f32; 5]>,
    #[merge(concat(input_a, input_b))]
    #[branch(Dense(8, relu), Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Twins {
    #[input]
    #[branch(Dense(3, tanh), Dense(3, tanh))]
    left: [f32; 4],
    #[input]
    #[branch(Dense(3, tanh), Dense(3, tanh))]
    right: [f32; 4],
    #[merge(concat(left, right))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

/// The recorded rows and predictions of a model.
pub struct Answers<'a>(pub &'a Value);

impl Answers<'_> {
    pub fn rows(&self) -> usize {
        let inputs = self.0["inputs"].as_object().unwrap();
        inputs.values().next().unwrap().as_array().unwrap().len()
    }

    /// The numbers of an input in a row.
    pub fn input<const N: usize>(&self, name: &str, row: usize) -> [f32; N] {
        let numbers = self.0["inputs"][name][row].as_array().unwrap();
        std::array::from_fn(|at| numbers[at].as_f64().unwrap() as f32)
    }

    pub fn indices<const N: usize>(&self, name: &str, row: usize) -> [u32; N] {
        self.input::<N>(name, row).map(|number| number as u32)
    }

    /// A picture, whose channels are last in Keras.
    pub fn picture<const C: usize, const H: usize, const W: usize>(
        &self,
        name: &str,
        row: usize,
        channels_last: bool,
    ) -> [[[f32; W]; H]; C] {
        let numbers = self.0["inputs"][name][row].as_array().unwrap();
        let number = |c: usize, h: usize, w: usize| match channels_last {
            true => (h * W + w) * C + c,
            false => (c * H + h) * W + w,
        };
        std::array::from_fn(|c| {
            std::array::from_fn(|h| {
                std::array::from_fn(|w| numbers[number(c, h, w)].as_f64().unwrap() as f32)
            })
        })
    }

    /// Compares an output in a row.
    pub fn same(&self, output: &str, row: usize, ours: &[f32]) {
        let theirs: Vec<f64> = self.0["outputs"][output][row]
            .as_array()
            .unwrap_or_else(|| panic!("no output {output}"))
            .iter()
            .map(|number| number.as_f64().unwrap())
            .collect();
        assert_eq!(ours.len(), theirs.len(), "{output}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let difference = (f64::from(*ours) - theirs).abs();
            assert!(difference <= 1e-5 * theirs.abs().max(1.0), "{output}: {ours}, not {theirs}");
        }
    }
}

pub fn check_house(model: &Model<House>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let [categorical] = answers.indices("categorical", row);
        let numerical = answers.input("numerical", row);
        let predicted = model.predict(&[HouseInputs { numerical, categorical }]).unwrap();
        answers.same("output", row, &[predicted[0].target]);
    }
}

pub fn check_post(model: &Model<Post>, answers: &Answers<'_>, channels_last: bool) {
    for row in 0..answers.rows() {
        let image = answers.picture("image", row, channels_last);
        let text = answers.indices("text", row);
        let predicted = model.predict(&[PostInputs { image, text }]).unwrap();
        answers.same("output", row, predicted[0].topic.as_array());
    }
}

pub fn check_patient(model: &Model<Patient>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let [present] = answers.input("input_b_mask", row);
        let input_b = (present == 1.0).then(|| answers.input("input_b", row));
        let input_a = answers.input("input_a", row);
        let predicted = model.predict(&[PatientInputs { input_a, input_b }]).unwrap();
        answers.same("output", row, &[predicted[0].target]);
    }
}

pub fn check_twins(model: &Model<Twins>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let (left, right) = (answers.input("left", row), answers.input("right", row));
        let predicted = model.predict(&[TwinsInputs { left, right }]).unwrap();
        answers.same("output", row, &[predicted[0].target]);
    }
}

/// Steps of four numbers.
pub fn sequence<const L: usize>(numbers: [f32; 24]) -> [[f32; 4]; L] {
    std::array::from_fn(|step| std::array::from_fn(|at| numbers[step * 4 + at]))
}
