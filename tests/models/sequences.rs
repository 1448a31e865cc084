//! Models that read sequences: the shapes, the gradients, and that they learn.

use crate::{
    check_slopes,
    support::{gradients, parameters},
};
use dfdx::{
    nn::{DeviceBuildExt, ModuleMut, ZeroGrads},
    prelude::*,
};
use multi_input::{multi_input_model, prelude as mi, Seed};

const WORDS: usize = 7;
const UNITS: usize = 6;
const SHARE: f64 = 0.25;

#[multi_input_model]
pub struct Review {
    #[input]
    #[branch(Embedding(30, 8), LSTM(UNITS))]
    words: [u32; WORDS],

    #[input]
    #[branch(Dense(4, relu))]
    numbers: [f32; 3],

    #[merge(concat(words, numbers))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

/// Every kind of layer, every option, sizes that only rustc knows.
#[multi_input_model]
pub struct Readings {
    #[input]
    #[branch(LSTM(UNITS, return_sequences = true), GRU(4, go_backwards = true))]
    signal: [[f32; 4]; 6],

    #[input]
    #[branch(
        Embedding(9, 3),
        PositionalEmbedding,
        MultiHeadAttention(2, 4),
        LayerNorm,
        GRU(UNITS, return_sequences = true, reset_after = false),
        SimpleRNN(4)
    )]
    codes: [u32; WORDS],

    #[input(missing = learned)]
    #[branch(SimpleRNN(4, relu, dropout = SHARE), tanh)]
    rest: Option<[[f32; 2]; WORDS]>,

    #[merge(add(signal, codes, rest))]
    #[branch(Dense(2))]
    #[output(loss = mse)]
    score: [f32; 2],
}

fn reviews(count: u32) -> Vec<ReviewSample> {
    let row = |row: u32| {
        let mut words = [0u32; WORDS];
        for (step, word) in words.iter_mut().enumerate() {
            *word = (row * 7 + step as u32 * row * 11 + row / 3) % 30;
        }
        let numbers = [(row as f32 * 0.7).sin(), (row as f32 * 1.1).cos(), 0.5];
        // The last word matters most, as it may to one who reads in order.
        let stars = (words[WORDS - 1] % 5) as f32 + 0.3 * (words[0] % 3) as f32 + numbers[0];
        ReviewSample { words, numbers, stars }
    };
    (0..count).map(row).collect()
}

#[test]
fn a_model_of_words_and_numbers_learns() {
    let rows = reviews(96);
    let mut model = Review::build(&Cpu::default(), Seed(7));
    let history = mi::Trainer::new(mi::Adam::new(1e-2))
        .epochs(30)
        .batch_size(16)
        .seed(Seed(7))
        .fit(&mut model, &rows)
        .unwrap();
    let losses = history.curve("loss");
    assert!(losses[losses.len() - 1] < 0.2 * losses[0], "{losses:?}");

    let inputs: Vec<ReviewInputs> = reviews(3).into_iter().map(ReviewInputs::from).collect();
    assert_eq!(model.predict(&inputs).unwrap().len(), 3);
}

#[test]
fn the_summary_counts_the_gates() {
    let text = Review::summary().to_string();
    let lstm = 4 * UNITS * (8 + UNITS + 1);
    assert!(text.contains(&format!("{lstm}")), "{text}");
    let total = 30 * 8 + lstm + 4 * 3 + 4 + UNITS + 4 + 1;
    let module = Cpu::default().build_module::<Review, f64>();
    let found: usize = parameters(&module).iter().map(|(_, values)| values.len()).sum();
    assert_eq!(found, total);
}

fn readings(device: &Cpu) -> ReadingsBatch<usize, f64, Cpu> {
    let wave = |count: usize, k: f64| (0..count).map(|i| (i as f64 * k).sin()).collect::<Vec<_>>();
    let codes = (0..2 * WORDS).map(|i| (i * i) % 9).collect();
    ReadingsBatch {
        signal: device.tensor_from_vec(wave(48, 1.3), (2, Const, Const)),
        codes: device.tensor_from_vec(codes, (2, Const)),
        rest: multi_input::missing::Optional {
            values: device.tensor_from_vec(wave(28, 0.9), (2, Const, Const)),
            present: device.tensor_from_vec(vec![1.0, 0.0], (2, Const)),
        },
        tape: NoneTape,
    }
}

#[test]
fn every_parameter_of_a_sequence_gets_its_gradient() {
    let device = Cpu::seed_from_u64(3);
    let module = device.build_module::<Readings, f64>();
    // Every run starts from the same module, and so leaves out the same.
    let loss = |module: &ReadingsModel<f64, Cpu>| {
        let mut module = module.clone();
        let batch = readings(&device).traced(module.alloc_grads());
        let heads = module.forward_mut(batch);
        heads.score.put_tape(heads.tape).square().sum::<Rank0, _>()
    };
    let found = gradients(&module, &loss(&module).backward());
    assert_eq!(found.len(), parameters(&module).len());
    check_slopes(&module, |module| loss(module).array(), found, 1e-6);
}
