//! Layers over steps, with masks.

use multi_input::prelude::*;
use serde_json::{json, Value};

fn written<M: Network>(name: &str, model: &Model<M>, inputs: &Value, outputs: &Value) {
    let folder = tempfile::tempdir().unwrap();
    model.export_onnx(folder.path().join("model.onnx")).unwrap();
    if let Some(path) = std::env::var_os("ONNX_OUT").map(std::path::PathBuf::from) {
        model.export_onnx(path.join(format!("{name}.onnx"))).unwrap();
        let rows = json!({ "inputs": inputs, "outputs": outputs }).to_string();
        std::fs::write(path.join(format!("{name}.json")), rows).unwrap();
    }
}

#[multi_input_model]
#[derive(Clone)]
struct Steps {
    #[input]
    #[branch(
        LSTM(4, return_sequences = true),
        GRU(3, go_backwards = true, return_sequences = true),
        SimpleRNN(5)
    )]
    plain: [[f32; 3]; 7],
    #[input]
    #[branch(
        Masking,
        LSTM(4, return_sequences = true),
        GRU(3, return_sequences = true, go_backwards = true),
        SimpleRNN(4, gelu, return_sequences = true),
        LSTM(3)
    )]
    masked: [[f32; 3]; 7],
    #[input]
    #[branch(
        Embedding(9, 4, mask),
        PositionalEmbedding,
        TransformerBlock(2, 3, 5, gelu),
        Bidirectional(GRU(3, return_sequences = true, reset_after = false), average),
        MultiHeadAttention(2, 2, causal = true),
        GlobalMaxPool1D
    )]
    words: [u32; 6],
    #[input]
    #[branch(
        Embedding(9, 4, mask),
        LayerNorm,
        GroupNorm(2),
        TimeDistributed(Dense(3, tanh)),
        Bidirectional(LSTM(2))
    )]
    tokens: [u32; 6],
    #[input]
    #[branch(Masking(-1.0), Bidirectional(SimpleRNN(4, softplus, return_sequences = true), multiply), GlobalAveragePool1D)]
    holes: [[f32; 2]; 5],
    #[input]
    #[branch(TimeDistributed(Conv1D(2, 2, relu)), TimeDistributed(Flatten), SimpleRNN(3, relu))]
    blocks: [[[f32; 2]; 4]; 3],
    #[input]
    #[branch(Embedding(9, 3, mask), DropMask, MultiHeadAttention(1, 2), Flatten)]
    dropped: [u32; 4],
    #[merge(concat(plain, masked, words, tokens, holes, blocks, dropped))]
    #[branch(Dense(2))]
    #[output(loss = mse)]
    y: [f32; 2],
}

#[test]
fn steps() {
    let mut model = Steps::build(&Cpu::default(), Seed(7));
    let mut next = 1u32;
    let mut random = move || {
        next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(next >> 8) / f64::from(1 << 24)
    };
    let mut numbers = |padding: f32| {
        let number = (random() * 4.0 - 2.0) as f32;
        (if random() < 0.4 { padding } else { number }, random())
    };
    let mut word = |chance: f64| {
        let (number, at) = numbers(0.0);
        if at < chance {
            0
        } else {
            1 + ((number + 2.0) * 1.9) as u32
        }
    };
    let mut samples = Vec::new();
    for row in 0..40usize {
        let number =
            |a: f64| ((a * 12.9898 + row as f64 * 78.233).sin() * 43758.5453).fract() as f32;
        let skip = |step: usize| {
            row % 5 == 4
                || (row % 3 == 0 && step < row % 6)
                || (row % 3 == 1 && step > row % 7)
                || (row % 3 == 2 && (step + row) % 3 == 0)
        };
        samples.push(StepsSample {
            plain: std::array::from_fn(|i| std::array::from_fn(|j| number((i * 3 + j) as f64))),
            masked: std::array::from_fn(|i| {
                std::array::from_fn(|j| if skip(i) { 0.0 } else { number((i * 5 + j + 40) as f64) })
            }),
            words: std::array::from_fn(|i| if skip(i) { 0 } else { word(0.0).min(8) }),
            tokens: std::array::from_fn(|_| word(0.4).min(8)),
            holes: std::array::from_fn(|i| {
                std::array::from_fn(
                    |j| if skip(i) { -1.0 } else { number((i * 2 + j + 90) as f64) },
                )
            }),
            blocks: std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    std::array::from_fn(|k| number((i * 8 + j * 2 + k + 200) as f64))
                })
            }),
            dropped: std::array::from_fn(|_| word(0.3).min(8)),
            y: [number(1.0), number(2.0)],
        });
    }
    Trainer::new(Adam::new(1e-2)).epochs(2).fit(&mut model, &samples).unwrap();
    let rows: Vec<StepsInputs> = samples.iter().cloned().map(StepsInputs::from).collect();
    let y: Vec<[f32; 2]> = model.predict(&rows).unwrap().iter().map(|p| p.y).collect();
    let inputs = json!({
        "plain": rows.iter().map(|r| json!(r.plain)).collect::<Vec<_>>(),
        "masked": rows.iter().map(|r| json!(r.masked)).collect::<Vec<_>>(),
        "words": rows.iter().map(|r| json!(r.words)).collect::<Vec<_>>(),
        "tokens": rows.iter().map(|r| json!(r.tokens)).collect::<Vec<_>>(),
        "holes": rows.iter().map(|r| json!(r.holes)).collect::<Vec<_>>(),
        "blocks": rows.iter().map(|r| json!(r.blocks)).collect::<Vec<_>>(),
        "dropped": rows.iter().map(|r| json!(r.dropped)).collect::<Vec<_>>(),
    });
    written("steps", &model, &inputs, &json!({ "y": y }));
}
