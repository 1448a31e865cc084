//! Models of masked sequences: what the types say, that padding changes nothing, the gradients, and
//! that they learn.

use crate::{
    check_slopes,
    support::{gradients, parameters},
};
use dfdx::{
    nn::{DeviceBuildExt, Module, ModuleMut, ZeroGrads},
    prelude::*,
};
use multi_input::{missing::Optional, multi_input_model, prelude as mi, Seed};

const WORDS: usize = 7;
const CODES: usize = 12;
const UNITS: usize = 4;

/// Every way of a mask: created, kept, read, dropped, merged, stated, absent.
#[multi_input_model]
pub struct Stay {
    #[input]
    #[branch(
        Embedding(CODES, 6, mask),
        PositionalEmbedding,
        Dense(UNITS, tanh),
        Dropout(0.1),
        LayerNorm,
        RMSNorm(epsilon = 0.5),
        relu
    )]
    note: [u32; WORDS],

    #[input]
    #[branch(Masking(-1), BatchNorm, GRU(UNITS, return_sequences, go_backwards))]
    vitals: [[f32; 3]; WORDS],

    /// Absent as a whole, or padded.
    #[input(missing = learned)]
    #[branch(Embedding(9, UNITS, mask = true), BatchNorm, GroupNorm(2))]
    drugs: Option<[u32; WORDS]>,

    #[from(note)]
    #[branch(MultiHeadAttention(2, 3, dropout = 0.2))]
    seen: Masked<[[f32; UNITS]; WORDS]>,

    #[merge(maximum(seen, vitals, drugs))]
    most: _,

    #[merge(concat(most, note))]
    #[branch(SimpleRNN(UNITS))]
    read: [f32; UNITS],

    #[merge(concat(seen, vitals, drugs, axis = 0))]
    #[branch(GlobalAveragePool1D)]
    mean: [f32; UNITS],

    #[from(seen)]
    #[branch(GlobalMaxPool1D)]
    largest: _,

    #[from(vitals)]
    #[branch(DropMask, Flatten, Dense(UNITS))]
    all: _,

    #[merge(add(read, mean, largest, all))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    days: f32,
}

#[test]
fn the_summary_and_the_graph_show_the_masks() {
    let text = Stay::summary().to_string();
    for shown in ["[7, 4] masked", "[21, 4] masked", "[7, 8] masked", "[7, 3] masked"] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
    let node = |name| Stay::GRAPH.nodes.iter().find(|node| node.name == name).unwrap();
    assert!(node("note").masked && !node("note").input_masked);
    assert!(node("read").input_masked && !node("read").masked);
    assert!(node("all").input_masked && !node("all").layers[0].masked);
}

fn batch(device: &Cpu) -> StayBatch<usize, f64, Cpu> {
    let note = vec![3, 7, 1, 0, 0, 0, 0, 0, 0, 5, 2, 0, 11, 1, 0, 0, 0, 0, 0, 0, 0];
    let drugs = vec![1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0, 0, 0, 0, 0];
    let mut vitals: Vec<f64> = (0..63).map(|i| (i as f64 * 1.3).sin()).collect();
    // Steps 5 and 6 of the first row, and the whole of the second.
    vitals[15..42].fill(-1.0);
    StayBatch {
        note: device.tensor_from_vec(note, (3, Const)),
        vitals: device.tensor_from_vec(vitals, (3, Const, Const)),
        drugs: Optional {
            values: device.tensor_from_vec(drugs, (3, Const)),
            present: device.tensor_from_vec(vec![1.0, 1.0, 0.0], (3, Const)),
        },
        tape: NoneTape,
    }
}

#[test]
fn every_parameter_gets_its_gradient() {
    let device = Cpu::seed_from_u64(3);
    let module = device.build_module::<Stay, f64>();
    // Every run starts from the same module, and so leaves out the same.
    let loss = |module: &StayModel<f64, Cpu>| {
        let mut module = module.clone();
        let batch = batch(&device).traced(module.alloc_grads());
        let heads = module.forward_mut(batch);
        heads.days.put_tape(heads.tape).square().sum::<Rank0, _>()
    };
    let found = gradients(&module, &loss(&module).backward());
    check_slopes(&module, |module| loss(module).array(), found, 1e-5);
}

#[test]
fn what_stands_in_for_padding_does_not_matter() {
    #[multi_input_model]
    struct Short {
        #[input]
        #[branch(Embedding(9, 5, mask), MultiHeadAttention(2, 3), LSTM(4))]
        words: [u32; 3],
        #[from(words)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        score: f32,
    }
    #[multi_input_model]
    struct Long {
        #[input]
        #[branch(Embedding(9, 5, mask), MultiHeadAttention(2, 3), LSTM(4))]
        words: [u32; 6],
        #[from(words)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        score: f32,
    }
    let device = Cpu::default();
    let short = Cpu::seed_from_u64(3).build_module::<Short, f64>();
    let mut long = Cpu::seed_from_u64(4).build_module::<Long, f64>();
    crate::support::set(&mut long, &parameters(&short));
    let words = device.tensor([[3usize, 8, 1]]);
    let expected = short.forward(ShortBatch { words, tape: NoneTape }).score.as_vec();
    for padded in [[0, 0, 0, 3, 8, 1], [3, 8, 1, 0, 0, 0], [0, 3, 0, 8, 0, 1]] {
        let words = device.tensor([padded]);
        let found = long.forward(LongBatch { words, tape: NoneTape }).score.as_vec();
        assert!((found[0] - expected[0]).abs() < 1e-12, "{padded:?}");
    }
}

#[multi_input_model]
pub struct Review {
    #[input]
    #[branch(Embedding(20, 8, mask), LSTM(8, return_sequences), GlobalAveragePool1D)]
    words: [u32; 9],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn a_masked_model_learns_whatever_the_length() {
    let row = |row: u32| {
        let length = 1 + row % 9;
        let mut words = [0; 9];
        for step in 0..length {
            words[(9 - length + step) as usize] = 1 + (row * 7 + step * 5 + row / 3) % 19;
        }
        let sum: u32 = words.iter().map(|word| word % 4).sum();
        // The mean over the words that are there, whatever their number.
        ReviewSample { words, stars: sum as f32 / length as f32 }
    };
    let rows: Vec<_> = (0..128).map(row).collect();
    let mut model = Review::build(&Cpu::default(), Seed(7));
    let history = mi::Trainer::new(mi::Adam::new(1e-2))
        .epochs(40)
        .batch_size(16)
        .seed(Seed(7))
        .fit(&mut model, &rows)
        .unwrap();
    let losses = history.curve("loss");
    assert!(losses[losses.len() - 1] < 0.05 * losses[0], "{losses:?}");
    // A row of nothing but padding is no number that is not one.
    let empty = model.predict(&[ReviewInputs { words: [0; 9] }]).unwrap();
    assert!(empty[0].stars.is_finite());
}
