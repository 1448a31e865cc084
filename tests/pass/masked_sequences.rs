//! Masks and layers within layers, with literal and with constant sizes, where names are shadowed.

#![deny(warnings)]
#![allow(dead_code)]

use multi_input::prelude::*;

const WORDS: usize = 6;
const CODES: usize = 30;
const UNITS: usize = 4;
const PADDING: f64 = -1.0;

struct Mask;
struct Masked<T>(T);

#[multi_input_model]
pub struct Literal {
    #[input]
    #[branch(Embedding(30, 8, mask), Bidirectional(LSTM(4, return_sequences), average))]
    words: [u32; 6],

    #[from(words)]
    #[branch(TimeDistributed(Dense(8, relu, l2 = 1e-4)), TransformerBlock(2, 4, 16, gelu, causal))]
    read: Masked<[[f32; 8]; 6]>,

    #[from(read)]
    #[branch(GlobalAveragePool1D, Dense(1))]
    #[output(loss = mse)]
    stars: f32,

    #[from(read)]
    #[branch(DropMask, TimeDistributed(Dense(1, sigmoid)))]
    #[output(loss = binary_cross_entropy)]
    each: [[f32; 1]; 6],
}

#[multi_input_model(allow(same_operand))]
pub struct Constant {
    #[input]
    #[branch(
        Embedding(CODES, UNITS * 2, mask = true),
        Bidirectional(GRU(UNITS, return_sequences = true, dropout = 0.2)),
        frozen
    )]
    words: [u32; WORDS],

    #[input]
    #[branch(Masking(PADDING), Bidirectional(SimpleRNN(UNITS * 2, return_sequences), multiply))]
    numbers: [[f32; UNITS]; WORDS],

    #[input]
    #[branch(
        TimeDistributed(SeparableConv2D(UNITS, 3, relu, padding = same, depth_multiplier = 2)),
        TimeDistributed(MaxPool2D(2)),
        TimeDistributed(Flatten),
        TimeDistributed(LayerNorm(epsilon = 1e-5)),
        Dense(2 * UNITS)
    )]
    pictures: [[[[f32; 4]; 4]; 2]; WORDS],

    #[merge(add(words, numbers))]
    sum: Masked<[[f32; 2 * UNITS]; WORDS]>,

    #[merge(concat(sum, pictures, axis = 0))]
    #[branch(TransformerBlock(2, UNITS, 2 * UNITS, dropout = 0.1), LSTM(UNITS))]
    read: [f32; UNITS],

    #[merge(dot(read, read, normalize))]
    one: [f32; 1],

    #[merge(concat(read, one))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn compiles_and_runs() {
    let device = Cpu::default();
    let model = Literal::build(&device, Seed(1));
    let rows = [LiteralInputs { words: [3, 4, 5, 0, 0, 0] }];
    assert!(model.predict(&rows).unwrap()[0].stars.is_finite());
    let mut model = Constant::build(&device, Seed(1));
    let row = |k: u32| ConstantSample {
        words: [k % 30, 2, 0, 0, 0, 0],
        numbers: [[k as f32, 0.5, 1.0, 2.0], [-1.0; 4], [0.1; 4], [-1.0; 4], [-1.0; 4], [-1.0; 4]],
        pictures: [[[[0.5; 4]; 4]; 2]; 6],
        stars: k as f32,
    };
    let rows: Vec<_> = (0..8).map(row).collect();
    Trainer::new(Adam::new(1e-3)).epochs(1).batch_size(4).fit(&mut model, &rows).unwrap();
    assert!(Constant::summary().to_string().contains("[12, 8] masked"));
}
