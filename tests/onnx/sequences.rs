//! Layers over steps, whose outputs are outputs of the model, with masks anywhere in a sequence.

use std::path::PathBuf;

use multi_input::prelude::*;
use serde::Serialize;
use serde_json::{json, Value};

use crate::recorded;

/// The steps of a sequence that count: all, in front, behind, with holes, one, none.
const MASKS: [[bool; 5]; 8] = [
    [true; 5],
    [false, false, true, true, true],
    [true, true, true, false, false],
    [true, false, true, false, true],
    [false, true, false, true, false],
    [false, false, false, false, true],
    [true, false, false, false, false],
    [false; 5],
];

/// Numbers in -2..2 from a position.
fn number(position: usize) -> f32 {
    let fraction = (position as f64 * 0.618_033_988_749_895).fract();
    (fraction * 4.0 - 2.0) as f32
}

/// The steps of row `row`, each of which is `padding` where it does not count.
fn steps(row: usize, padding: &Value, step: impl Fn(usize) -> Value) -> Vec<Value> {
    let counts = MASKS[row % MASKS.len()];
    let step = |(index, counts): (usize, bool)| match counts {
        true => step(row * 31 + index * 7),
        false => padding.clone(),
    };
    counts.into_iter().enumerate().map(step).collect()
}

/// A model that was trained, so that no bias is zero. It is read from a file, because a training has other
/// bits on another processor.
fn trained<M: Network + Clone>(name: &str, rows: &[Value]) -> Model<M>
where
    M::Sample: serde::de::DeserializeOwned + Clone,
{
    let file: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "fixtures/onnx_models", &format!("{name}.model")]
            .iter()
            .collect();
    if std::env::var_os(recorded::BLESS).is_none() {
        return Model::load(file, &Cpu::default()).unwrap();
    }
    let samples: Vec<M::Sample> =
        rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    let mut model = Model::<M>::build(&Cpu::default(), Seed(7));
    Trainer::new(Adam::new(1e-2)).epochs(4).fit(&mut model, &samples).unwrap();
    model.save(file).unwrap();
    model
}

/// Recurrent layers.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Recurrent {
    #[input]
    x: [[f32; 3]; 5],
    #[from(x)]
    #[branch(Masking(-1.0))]
    masked: _,

    #[from(x)]
    #[branch(LSTM(4))]
    #[output]
    lstm: _,
    #[from(x)]
    #[branch(GRU(3, return_sequences, go_backwards))]
    #[output]
    gru_backwards: _,
    #[from(x)]
    #[branch(Bidirectional(SimpleRNN(2, sigmoid, return_sequences)))]
    #[output]
    both: _,

    #[from(masked)]
    #[branch(LSTM(4))]
    #[output]
    masked_lstm: _,
    #[from(masked)]
    #[branch(LSTM(2, go_backwards))]
    #[output]
    masked_lstm_backwards: _,
    #[from(masked)]
    #[branch(GRU(3))]
    #[output]
    masked_gru: _,
    #[from(masked)]
    #[branch(GRU(3, reset_after = false))]
    #[output]
    masked_gru_reset_before: _,
    #[from(masked)]
    #[branch(SimpleRNN(3))]
    #[output]
    masked_tanh: _,
    #[from(masked)]
    #[branch(SimpleRNN(3, relu, go_backwards))]
    #[output]
    masked_relu: _,
    #[from(masked)]
    #[branch(SimpleRNN(3, softmax))]
    #[output]
    masked_softmax: _,
    #[from(masked)]
    #[branch(Bidirectional(LSTM(2)))]
    #[output]
    masked_concat: _,
    #[from(masked)]
    #[branch(Bidirectional(GRU(2), sum))]
    #[output]
    masked_sum: _,
    #[from(masked)]
    #[branch(Bidirectional(SimpleRNN(2, linear), average))]
    #[output]
    masked_average: _,
    #[from(masked)]
    #[branch(Bidirectional(GRU(2, reset_after = false), multiply))]
    #[output]
    masked_product: _,

    #[from(masked)]
    #[branch(LSTM(2, return_sequences), DropMask)]
    #[output]
    all_lstm: _,
    #[from(masked)]
    #[branch(
        GRU(2, return_sequences, go_backwards),
        LSTM(2, return_sequences, go_backwards),
        DropMask
    )]
    #[output]
    all_twice: _,
    #[from(masked)]
    #[branch(SimpleRNN(2, gelu, return_sequences), DropMask)]
    #[output]
    all_gelu: _,
    #[from(masked)]
    #[branch(Bidirectional(LSTM(2, return_sequences)), DropMask)]
    #[output]
    all_concat: _,
    #[from(masked)]
    #[branch(Bidirectional(GRU(2, return_sequences), sum), DropMask)]
    #[output]
    all_sum: _,
    #[from(masked)]
    #[branch(Bidirectional(SimpleRNN(2, elu, return_sequences), average), DropMask)]
    #[output]
    all_average: _,
    #[from(masked)]
    #[branch(Bidirectional(GRU(2, return_sequences), multiply), DropMask)]
    #[output]
    all_product: _,

    #[merge(concat(
        lstm,
        masked_lstm,
        masked_lstm_backwards,
        masked_gru,
        masked_gru_reset_before,
        masked_tanh,
        masked_relu,
        masked_softmax,
        masked_concat,
        masked_sum,
        masked_average,
        masked_product
    ))]
    last: _,
    #[merge(concat(
        gru_backwards,
        both,
        all_lstm,
        all_twice,
        all_gelu,
        all_concat,
        all_sum,
        all_average,
        all_product
    ))]
    #[branch(Flatten)]
    all: _,
    #[merge(concat(last, all))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn recorded_recurrent_layers() {
    let row = |row: usize| {
        let step = |at: usize| json!([number(at), number(at + 1), number(at + 2)]);
        json!({"x": steps(row, &json!([-1.0, -1.0, -1.0]), step), "y": number(row * 5)})
    };
    let rows: Vec<Value> = (0..24).map(row).collect();
    recorded::check("recurrent", &trained::<Recurrent>("recurrent", &rows), &rows);
}

/// Attention, and layers on each step.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Attention {
    #[input]
    x: [[f32; 3]; 5],
    #[from(x)]
    #[branch(Masking, PositionalEmbedding)]
    masked: _,

    #[from(x)]
    #[branch(MultiHeadAttention(2, 3))]
    #[output]
    heads: _,
    #[from(x)]
    #[branch(MultiHeadAttention(1, 2, causal))]
    #[output]
    causal: _,
    #[from(x)]
    #[branch(TransformerBlock(2, 2, 4))]
    #[output]
    block: _,
    #[from(masked)]
    #[branch(MultiHeadAttention(2, 3), DropMask)]
    #[output]
    masked_heads: _,
    #[from(masked)]
    #[branch(MultiHeadAttention(3, 1, causal), DropMask)]
    #[output]
    masked_causal: _,
    #[from(masked)]
    #[branch(TransformerBlock(2, 2, 4, gelu), DropMask)]
    #[output]
    masked_block: _,
    #[from(masked)]
    #[branch(TransformerBlock(1, 3, 4, silu, causal), DropMask)]
    #[output]
    masked_causal_block: _,
    #[from(masked)]
    #[branch(TimeDistributed(Dense(3, tanh)), GroupNorm(3), DropMask)]
    #[output]
    each: _,

    #[input]
    #[branch(TimeDistributed(Conv2D(2, 2, relu)), TimeDistributed(GlobalMaxPool2D), LSTM(2))]
    #[output]
    film: [[[[f32; 3]; 3]; 1]; 5],
    #[input]
    #[branch(
        TimeDistributed(Conv1D(2, 2)),
        TimeDistributed(Flatten),
        TimeDistributed(LayerNorm),
        LSTM(2)
    )]
    #[output]
    blocks: [[[f32; 2]; 3]; 5],

    #[merge(concat(
        heads,
        causal,
        block,
        masked_heads,
        masked_causal,
        masked_block,
        masked_causal_block,
        each
    ))]
    #[branch(Flatten)]
    all: _,
    #[merge(concat(all, film, blocks))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn recorded_attention() {
    let row = |row: usize| {
        let step = |at: usize| json!([number(at), number(at + 1), number(at + 2)]);
        let pair = |at: usize| json!([number(at), number(at + 1)]);
        let picture = |at: usize| json!([[step(at), step(at + 3), step(at + 6)]]);
        json!({
            "x": steps(row, &json!([0.0, 0.0, 0.0]), step),
            "film": (0..5).map(|index| picture(row * 17 + index)).collect::<Vec<_>>(),
            "blocks": (0..5).map(|index| json!([pair(row + index), pair(row + 9), pair(index)])).collect::<Vec<_>>(),
            "y": number(row * 5),
        })
    };
    let rows: Vec<Value> = (0..16).map(row).collect();
    recorded::check("attention", &trained::<Attention>("attention", &rows), &rows);
}

/// Lists, whose padding has a mask, and categories of which 0 is padding.
#[multi_input_model]
#[derive(Clone, Debug, Serialize)]
pub struct Padded {
    #[input(pad(5, before))]
    #[branch(Embedding(9, 3, mask), Bidirectional(LSTM(2)))]
    #[output]
    before: Vec<u32>,
    #[input(pad(5))]
    #[branch(LSTM(3))]
    #[output]
    behind: Vec<[f32; 2]>,
    #[input(pad(4), missing = zeros)]
    #[branch(Embedding(9, 3, mask), TransformerBlock(1, 2, 3), GRU(2))]
    #[output]
    zeros: Option<Vec<u32>>,
    #[input(pad(4), missing = learned)]
    #[branch(Embedding(9, 3, mask), GRU(2, return_sequences))]
    learned: Option<Vec<u32>>,
    #[from(learned)]
    #[branch(LSTM(2, go_backwards))]
    #[output]
    learned_last: _,
    #[input]
    #[branch(Embedding(9, 3, mask), SimpleRNN(2))]
    #[output]
    words: [u32; 5],
    #[merge(concat(before, behind, zeros, learned_last, words))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn recorded_padded_lists() {
    let row = |row: usize| {
        let ids = |len: usize| (0..len).map(|index| (row * 3 + index * 5) % 8).collect::<Vec<_>>();
        let pairs: Vec<_> = (0..(row + 2) % 6).map(|index| [number(index), number(row)]).collect();
        let optional = |absent: usize| match row % 4 == absent {
            true => Value::Null,
            false => json!(ids((row + absent) % 5)),
        };
        json!({
            "before": ids(row % 6),
            "behind": pairs,
            "zeros": optional(1),
            "learned": optional(2),
            "words": steps(row, &json!(0), |at| json!(1 + at % 8)),
            "y": number(row * 5),
        })
    };
    let rows: Vec<Value> = (0..24).map(row).collect();
    recorded::check("padded", &trained::<Padded>("padded", &rows), &rows);
}
