//! A model with a thing of the user's own at every place, and its rows.

use multi_input::{data::Table, prelude::*, preprocess::Preprocessing};

use crate::my;

const DEGREE: usize = 3;
const SHARE: f64 = 0.1;

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct Trip {
    #[input(standardize, my::Winsorize(SHARE))]
    #[branch(Dense(4, tanh))]
    weather: [f32; 2],

    #[input(my::Polynomial(DEGREE) => [DEGREE])]
    #[branch(Dense(4, tanh))]
    hour: f32,

    #[input(my::Length => f32, standardize)]
    note: String,

    #[input(my::Lower, categories(8))]
    #[branch(Embedding(auto, 2))]
    district: String,

    #[input(my::Sign => u32)]
    #[branch(Embedding(auto, 2))]
    change: f32,

    #[input(my::Jitter(0.01), missing = zeros)]
    #[branch(Dense(4))]
    traffic: Option<[f32; 2]>,

    #[input]
    from: [f64; 2],

    #[input]
    to: [f64; 2],

    #[input]
    cars: u32,

    #[derived(my::Distance(from, to, scale = 2.0), standardize)]
    distance: f32,

    #[derived((cars + 1) / ln(weather + 200.0), my::Winsorize(0.0))]
    jam: [f32; 2],

    #[derived(my::TextSize(note))]
    #[branch(Embedding(auto, 2))]
    size: u32,

    #[merge(my::Gated(hour, traffic, sharpness = 0.5))]
    gated: [f32; 4],

    #[merge(my::Outer(weather, district) => [4 * 2])]
    outer: [f32; 8],

    #[merge(concat(gated, outer, note, change, from, to, distance, jam, size))]
    #[branch(Dense(8, relu), Dense(1))]
    #[output(loss = mse, metrics(mae), my::Log(offset = 1.0))]
    minutes: f32,
}

pub fn rows(count: usize) -> Vec<TripSample> {
    let row = |row: usize| {
        let wave = |k: f64| (row as f64 * k).sin();
        let single = |k: f64| wave(k) as f32;
        TripSample {
            weather: [single(0.7), 20.0 + single(1.3)],
            hour: single(0.3),
            note: "x".repeat(row % 7),
            district: ["North", "SOUTH", "north", "East"][row % 4].to_owned(),
            change: [-1.0, 0.0, 2.0][row % 3],
            traffic: (!row.is_multiple_of(3)).then_some([single(0.5), single(0.9)]),
            from: [wave(0.2), 1.0],
            to: [wave(0.4), 2.0],
            cars: (row % 5) as u32,
            minutes: 10.0 + 3.0 * single(0.3) + (row % 3) as f32,
        }
    };
    (0..count).map(row).collect()
}

pub fn inputs(rows: Vec<TripSample>) -> Vec<TripInputs> {
    rows.into_iter().map(TripInputs::from).collect()
}

pub fn trainer(epochs: usize) -> Trainer<Trip, Adam> {
    let trainer = Trainer::new(Adam::new(1e-2)).epochs(epochs).batch_size(16);
    trainer.seed(Seed(3)).progress(Progress::silent())
}

pub fn trained(epochs: usize, rows: &[TripSample]) -> Model<Trip> {
    let mut model = Trip::build(&Cpu::default(), Seed(3));
    trainer(epochs).fit(&mut model, rows).unwrap();
    model
}

/// The bits of predictions.
pub fn minutes(model: &Model<Trip>, rows: &[TripInputs]) -> Vec<u32> {
    let predicted = model.predict(rows).unwrap();
    predicted.iter().map(|outputs| outputs.minutes.to_bits()).collect()
}

/// The preprocessing that is fitted on rows, and the rows as a table.
pub fn fitted(rows: &[TripSample]) -> (Preprocessing, Table) {
    let mut table = Table::of_samples(&Trip::GRAPH);
    rows.iter().for_each(|row| table.push(|to| Trip::write_sample(row, to)).unwrap());
    let all: Vec<usize> = (0..rows.len()).collect();
    (Preprocessing::fit(&Trip::GRAPH, &table, &all).unwrap(), table)
}
