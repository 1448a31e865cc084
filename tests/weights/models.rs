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

/// A branch for each layer.
#[multi_input_model(allow(linear_stack, untrained))]
#[derive(Clone)]
pub struct EveryLayer {
    #[input]
    series: [[f32; 4]; 6],
    #[input]
    picture: [[[f32; 6]; 5]; 3],
    #[input]
    words: [u32; 6],
    #[input]
    row: [f32; 6],

    #[from(row)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(row)]
    #[branch(Dense(2, bias = false))]
    #[output]
    bare: _,
    #[from(series)]
    #[branch(Conv1D(3, 2, relu), MaxPool1D(2), Flatten, Dense(2))]
    #[output]
    conv1d: _,
    #[from(series)]
    #[branch(LSTM(3))]
    #[output]
    lstm: _,
    #[from(series)]
    #[branch(GRU(3, dropout = 0.1))]
    #[output]
    gru: _,
    #[from(series)]
    #[branch(GRU(3, reset_after = false))]
    #[output]
    gru_before: _,
    #[from(series)]
    #[branch(SimpleRNN(3, relu))]
    #[output]
    simple: _,
    #[from(series)]
    #[branch(Bidirectional(LSTM(2)))]
    #[output]
    both: _,
    #[from(series)]
    #[branch(Bidirectional(GRU(2), merge = sum))]
    #[output]
    summed: _,
    #[from(series)]
    #[branch(LSTM(3, return_sequences), LSTM(3, go_backwards))]
    #[output]
    stacked: _,
    #[from(series)]
    #[branch(MultiHeadAttention(2, 3), GlobalAveragePool1D)]
    #[output]
    attention: _,
    #[from(series)]
    #[branch(TimeDistributed(Dense(3)), Flatten)]
    #[output]
    distributed: _,
    #[from(series)]
    #[branch(LayerNorm, RMSNorm(epsilon = 1e-6), Flatten)]
    #[output]
    norms: _,
    #[from(row)]
    #[branch(Dense(4), BatchNorm, Dense(2))]
    #[output]
    batch: _,
    #[from(picture)]
    #[branch(Conv2D(4, (2, 3), relu, padding = same), GroupNorm(2), MaxPool2D(2), Flatten, BatchNorm, Dense(2))]
    #[output]
    conv2d: _,
    #[from(picture)]
    #[branch(SeparableConv2D(4, (2, 2), depth_multiplier = 2), GlobalAveragePool2D)]
    #[output]
    separable: _,
    #[from(series)]
    #[branch(PositionalEmbedding, Flatten)]
    #[output]
    positions: _,
    #[from(words)]
    #[branch(EmbeddingBag(11, 3))]
    #[output]
    bag: _,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Transformer {
    #[input]
    #[branch(TransformerBlock(2, 2, 5), GlobalAveragePool1D)]
    series: [[f32; 4]; 6],
    #[from(series)]
    #[branch(Dense(3, tanh), Dense(1))]
    #[output(loss = mse)]
    target: f32,
}

#[multi_input_model]
#[derive(Clone)]
pub struct Prepared {
    #[input(standardize)]
    row: [f32; 6],
    #[from(row)]
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

pub fn check_transformer(model: &Model<Transformer>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let series = sequence(answers.input::<24>("series", row));
        let predicted = model.predict(&[TransformerInputs { series }]).unwrap();
        answers.same("output", row, &[predicted[0].target]);
    }
}

pub fn check_every_layer(model: &Model<EveryLayer>, answers: &Answers<'_>) {
    for row in 0..answers.rows() {
        let inputs = EveryLayerInputs {
            series: sequence(answers.input::<24>("series", row)),
            picture: answers.picture("picture", row, true),
            words: answers.indices("words", row),
            row: answers.input("row", row),
        };
        let predicted = model.predict(&[inputs]).unwrap().remove(0);
        macro_rules! same {
            ($($output:ident),*) => {$(answers.same(stringify!($output), row, &predicted.$output);)*};
        }
        answers.same("price", row, &[predicted.price]);
        same!(
            bare,
            conv1d,
            lstm,
            gru,
            gru_before,
            simple,
            both,
            summed,
            stacked,
            attention,
            distributed,
            norms,
            batch,
            conv2d,
            separable,
            positions,
            bag
        );
    }
}

/// Steps of four numbers.
pub fn sequence<const L: usize>(numbers: [f32; 24]) -> [[f32; 4]; L] {
    std::array::from_fn(|step| std::array::from_fn(|at| numbers[step * 4 + at]))
}
