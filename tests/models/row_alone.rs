//! A row alone, and among others: as near as `Model::predict` says.

use multi_input::prelude::*;

/// Products of every kind: of matrices, of windows, and step by step.
#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Everything {
    #[input]
    #[branch(Dense(64, relu), Dense(33))]
    numbers: [f32; 10],
    #[input]
    #[branch(Conv2D(8, 3, relu), Flatten, Dense(16))]
    picture: [[[f32; 12]; 12]; 3],
    #[input]
    #[branch(LSTM(24))]
    steps: [[f32; 5]; 9],
    #[merge(concat(numbers, picture, steps))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    answer: f32,
}

fn rows(count: usize) -> Vec<EverythingInputs> {
    let wave = |i: usize, k: usize| ((i * 131 + k * 17) as f32 * 0.37).sin();
    let row = |i: usize| EverythingInputs {
        numbers: std::array::from_fn(|k| wave(i, k)),
        picture: std::array::from_fn(|c| {
            std::array::from_fn(|y| std::array::from_fn(|x| wave(i, c * 144 + y * 12 + x)))
        }),
        steps: std::array::from_fn(|t| std::array::from_fn(|k| wave(i, t * 5 + k))),
    };
    (0..count).map(row).collect()
}

fn answers(model: &Model<Everything>, rows: &[EverythingInputs]) -> Vec<f32> {
    model.predict(rows).unwrap().into_iter().map(|outputs| outputs.answer).collect()
}

#[test]
fn a_row_alone_differs_from_one_among_others_by_rounding_alone() {
    let model = Everything::build(&Cpu::default(), Seed(3));
    let rows = rows(300);
    let together = answers(&model, &rows);
    assert_eq!(answers(&model, &rows), together, "the same rows give the same bits");
    let largest = together.iter().fold(0.0_f32, |largest, answer| largest.max(answer.abs()));
    for at_once in [1, 2, 3, 5, 8, 32, 100] {
        let apart: Vec<f32> =
            rows.chunks(at_once).take(40).flat_map(|rows| answers(&model, rows)).collect();
        let off = apart.iter().zip(&together).map(|(a, b)| (a - b).abs());
        let off = off.fold(0.0, f32::max) / largest;
        assert!(off < 2e-6, "{at_once} rows at once are off by {off}");
    }
}
