//! A picture and numbers in one model: convolutions, poolings and normalised channels in a branch,
//! for sizes that the macro sees and for those that only rustc knows.

use crate::support::parameters;
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Sighting {
    #[input]
    #[branch(Conv2D(8, 3, relu), MaxPool2D(2), Flatten)]
    photo: [[[f32; 9]; 7]; 3],

    #[input]
    #[branch(Dense(4, tanh))]
    numbers: [f32; 2],

    #[merge(concat(photo, numbers))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

const FILTERS: usize = 4;
const KERNEL: usize = 3;
const STRIDE: usize = 2;
const PADDING: usize = 1;
const GROUPS: usize = 2;
const POOL: usize = 2;

/// Every argument, once as a literal and once as a path.
#[multi_input_model]
pub struct Everything {
    #[input(missing = zeros)]
    #[branch(
        Conv2D(4, (3, 5), stride = (2, 1), padding = same, groups = 2, bias = false, l2 = 1e-4),
        BatchNorm(momentum = 0.9),
        AvgPool2D((2, 1), stride = 1, padding = 0),
        Conv2D(FILTERS, (KERNEL, 2), relu, stride = (STRIDE, 1), padding = PADDING, groups = GROUPS),
        MaxPool2D(POOL, stride = (1, STRIDE), padding = same),
        ZeroPad2D(((0, PADDING), (1, 2))),
        UpSampling2D((POOL, 1)),
        GlobalMaxPool2D
    )]
    photo: Option<[[[f32; 9]; 7]; 2]>,

    #[input]
    #[branch(
        Conv1D(FILTERS, KERNEL, tanh, padding = same, dilation = 2),
        MaxPool1D(POOL),
        Conv1D(6, 2, stride = STRIDE, groups = 2, bias = false),
        AvgPool1D(2, stride = 1, padding = PADDING),
        GlobalAveragePool1D
    )]
    series: [[f32; 3]; 11],

    #[merge(concat(photo, series))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

fn wave(i: usize, k: f64) -> f32 {
    (i as f64 * k).sin() as f32
}

/// A photo whose brightness falls to one side; the score is how far, and the first number.
fn sample(i: usize) -> SightingSample {
    let (tilt, number) = (wave(i, 0.7), wave(i, 1.3));
    let mut photo = [[[0.0; 9]; 7]; 3];
    for (channel, rows) in photo.iter_mut().enumerate() {
        for (row, pixels) in rows.iter_mut().enumerate() {
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let noise = 0.1 * wave(i + 31 * channel + 7 * row + column, 2.1);
                *pixel = tilt * (column as f32 - 4.0) / 4.0 + noise;
            }
        }
    }
    SightingSample { photo, numbers: [number, 1.0], score: tilt + 0.5 * number }
}

#[test]
fn a_model_with_a_picture_learns() {
    let rows: Vec<_> = (0..64).map(sample).collect();
    let mut model = Sighting::build(&Cpu::default(), Seed(7));
    let history =
        Trainer::new(Adam::new(5e-3)).epochs(20).batch_size(16).fit(&mut model, &rows).unwrap();
    let losses = history.curve("loss");
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < 0.1 * first && last < 0.05, "{first} to {last}");
}

/// Rows of `Everything`, which need not make sense.
fn rows() -> Vec<EverythingSample> {
    let row = |i: usize| {
        let mut photo = [[[0.0; 9]; 7]; 2];
        let pixels = photo.iter_mut().flatten().flatten().enumerate();
        pixels.for_each(|(k, pixel)| *pixel = wave(i * 131 + k, 0.37));
        let mut series = [[0.0; 3]; 11];
        let steps = series.iter_mut().flatten().enumerate();
        steps.for_each(|(k, number)| *number = wave(i * 37 + k, 0.73));
        let photo = (i % 4 != 3).then_some(photo);
        EverythingSample { photo, series, score: wave(i, 0.9) }
    };
    (0..12).map(row).collect()
}

#[test]
fn sizes_from_constants_give_the_shapes_of_literals() {
    let shapes = |name: &str| {
        let node = Everything::GRAPH.nodes.iter().find(|node| node.name == name).unwrap();
        node.layers.iter().map(|layer| layer.shape.to_vec()).collect::<Vec<_>>()
    };
    let photo: [&[usize]; 8] =
        [&[4, 4, 9], &[4, 4, 9], &[4, 3, 9], &[4, 2, 10], &[4, 2, 5], &[4, 3, 8], &[4, 6, 8], &[4]];
    assert_eq!(shapes("photo"), photo);
    let series: [&[usize]; 5] = [&[11, 4], &[5, 4], &[2, 6], &[3, 6], &[6]];
    assert_eq!(shapes("series"), series);
    let counts = Everything::GRAPH.nodes.iter().flat_map(|node| node.layers);
    assert_eq!(counts.filter_map(|layer| layer.parameters).sum::<usize>(), 195);
}

#[test]
fn every_layer_trains_and_is_saved() {
    let rows = rows();
    let device = Cpu::default();
    let mut model = Everything::build(&device, Seed(1));
    let fresh = parameters::<f32, _>(model.module());
    assert_eq!(fresh.iter().map(|(_, values)| values.len()).sum::<usize>(), 195);
    Trainer::new(Adam::new(1e-2)).epochs(2).batch_size(5).fit(&mut model, &rows).unwrap();
    for ((name, before), (_, after)) in fresh.iter().zip(parameters::<f32, _>(model.module())) {
        let moved = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        assert!(before.is_empty() || moved * 2 > before.len(), "{name}: {moved} moved");
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("everything.safetensors");
    model.save(&path).unwrap();
    let loaded: Model<Everything> = Model::load(&path, &device).unwrap();
    let inputs: Vec<_> =
        rows.iter().map(|row| EverythingInputs { photo: row.photo, series: row.series }).collect();
    let scores = |model: &Model<Everything>| {
        let predicted = model.predict(&inputs).unwrap();
        predicted.iter().map(|outputs| outputs.score).collect::<Vec<_>>()
    };
    assert_eq!(scores(&loaded), scores(&model));
}
