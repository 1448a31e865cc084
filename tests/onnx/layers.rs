//! Layers and merges without time in small models, each of whose nodes is a prediction of its own.

use multi_input::prelude::*;

use crate::answers::{answered, rows};

/// The number of row `row` and place `place`, between -2 and 2.
fn number(row: usize, place: usize) -> f32 {
    (2.0 * ((row * 131 + place * 37) as f64 * 0.61803).sin()) as f32
}

fn category(row: usize, place: usize, categories: usize) -> u32 {
    ((row * 7 + place * 5 + row * place) % categories) as u32
}

fn sequence<const F: usize, const L: usize>(row: usize) -> [[f32; F]; L] {
    std::array::from_fn(|step| std::array::from_fn(|feature| number(row, step * F + feature)))
}

fn vector<const N: usize>(row: usize, start: usize) -> [f32; N] {
    std::array::from_fn(|place| number(row, start + place))
}

fn words<const N: usize>(row: usize, categories: usize) -> [u32; N] {
    std::array::from_fn(|place| category(row, place, categories))
}

const KERNEL: usize = 3;

#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug)]
struct Picture {
    #[input]
    photo: [[[f32; 9]; 7]; 4],
    #[from(photo)]
    #[branch(Conv2D(6, (3, 5), elu, stride = (2, 1), padding = same, groups = 2, bias = false), BatchNorm, Flatten)]
    #[output]
    grouped: _,
    #[from(photo)]
    #[branch(Conv2D(4, KERNEL, gelu, stride = 2, padding = same), GroupNorm(2), AvgPool2D((2, 3), stride = (1, 2), padding = same), Flatten)]
    #[output]
    strided: _,
    #[from(photo)]
    #[branch(Conv2D(5, 2, softmax, dilation = (2, 3)), MaxPool2D((3, 2), stride = 2, padding = 1), Flatten)]
    #[output]
    dilated: _,
    #[from(photo)]
    #[branch(SeparableConv2D(3, (3, 2), tanh, stride = (2, 1), padding = same, depth_multiplier = 2), Flatten)]
    #[output]
    separable: _,
    #[from(photo)]
    #[branch(ZeroPad2D(((1, 0), (2, 3))), UpSampling2D((2, 3)), AvgPool2D(3, stride = 2, padding = 1), Flatten)]
    #[output]
    pixels: _,
    #[from(photo)]
    #[branch(Conv2D(3, 3, selu, padding = 2, stride = 3), MaxPool2D(2, padding = same), Reshape(2, 6), softmax, Flatten)]
    #[output]
    padded: _,
    #[from(photo)]
    #[branch(BatchNorm, GlobalMaxPool2D)]
    #[output]
    largest: _,
    #[from(photo)]
    #[branch(GlobalAveragePool2D, softplus)]
    #[output]
    mean: _,
    #[from(photo)]
    #[branch(softmax, Flatten)]
    #[output]
    along_rows: _,
    #[merge(concat(grouped, largest, mean))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    class: Class<3>,
}

#[test]
fn pictures() {
    let (inputs, samples) = rows!(PictureInputs, PictureSample, |row| {
        photo: std::array::from_fn(|channel| sequence(row + 40 * channel))
    } { class: Class::new(row % 3).unwrap() });
    let mut model = Picture::build(&Cpu::default(), Seed(1));
    answered!("picture", model, inputs, samples);
}

#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug)]
struct Series {
    #[input]
    steps: [[f32; 6]; 11],
    #[from(steps)]
    #[branch(Conv1D(4, 3, leaky_relu, stride = 2, padding = same, groups = 2), BatchNorm, Flatten)]
    #[output]
    grouped: _,
    #[from(steps)]
    #[branch(Conv1D(5, 2, softmax, dilation = 3, bias = false), MaxPool1D(3, stride = 2, padding = same), Flatten)]
    #[output]
    dilated: _,
    #[from(steps)]
    #[branch(AvgPool1D(4, stride = 3, padding = 2), LayerNorm(epsilon = 0.1), Flatten)]
    #[output]
    pooled: _,
    #[from(steps)]
    #[branch(GroupNorm(3), RMSNorm, Dense(2, silu, bias = false), Flatten)]
    #[output]
    normed: _,
    #[from(steps)]
    #[branch(BatchNorm, GlobalMaxPool1D)]
    #[output]
    largest: _,
    #[from(steps)]
    #[branch(GlobalAveragePool1D, GroupNorm(2), Dropout(0.3))]
    #[output]
    mean: _,
    #[merge(concat(grouped, largest, mean))]
    #[branch(Dense(1, bias = false), Thresholds(3))]
    #[output(loss = ordinal)]
    grade: Class<4>,
}

#[test]
fn series() {
    let (inputs, samples) = rows!(SeriesInputs, SeriesSample, |row| { steps: sequence(row) }
        { grade: Class::new(row % 4).unwrap() });
    let mut model = Series::build(&Cpu::default(), Seed(2));
    answered!("series", model, inputs, samples);
}

#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug)]
struct Padding {
    #[input]
    #[branch(Embedding(4, 4, mask))]
    text: [u32; 5],
    #[input]
    #[branch(Embedding(4, 4, mask))]
    title: [u32; 5],
    #[input]
    #[branch(Embedding(3, 4, mask))]
    one: [u32; 1],
    #[input(missing = learned)]
    #[branch(Embedding(4, 4, mask), BatchNorm)]
    note: Option<[u32; 5]>,
    #[input(missing = zeros)]
    #[branch(Embedding(4, 4, mask), GroupNorm(2))]
    remark: Option<[u32; 5]>,
    #[from(text)]
    #[branch(
        Dense(4, tanh),
        LayerNorm,
        RMSNorm,
        Dropout(0.1),
        relu,
        BatchNorm,
        GroupNorm(2),
        GlobalMaxPool1D
    )]
    #[output]
    long: _,
    #[from(text)]
    #[branch(GlobalAveragePool1D)]
    #[output]
    mean: _,
    #[merge(add(text, title, one))]
    #[branch(GlobalAveragePool1D)]
    #[output]
    sum: _,
    #[merge(multiply(text, note))]
    #[branch(GlobalMaxPool1D)]
    #[output]
    product: _,
    #[merge(average(text, note, remark))]
    #[branch(GlobalAveragePool1D)]
    #[output]
    average: _,
    #[merge(maximum(text, one, title))]
    #[branch(GlobalAveragePool1D)]
    #[output]
    largest: _,
    #[merge(minimum(one, remark, note))]
    #[branch(GroupNorm(1), GlobalAveragePool1D)]
    #[output]
    smallest: _,
    #[input]
    plain: [[f32; 4]; 2],
    #[merge(maximum(text, sub))]
    #[branch(Flatten)]
    #[output]
    chosen: _,
    #[input]
    sub: [[f32; 4]; 5],
    #[merge(concat(text, plain, note, axis = 0))]
    #[branch(GlobalAveragePool1D)]
    #[output]
    joined: _,
    #[merge(concat(text, title))]
    #[branch(GlobalMaxPool1D)]
    #[output]
    beside: _,
    #[merge(subtract(text, title))]
    #[branch(GlobalAveragePool1D)]
    #[output]
    difference: _,
    #[merge(concat(long, mean, sum, product, average, largest, smallest, joined, present(note)))]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    y: bool,
}

#[test]
fn padding() {
    let (inputs, samples) = rows!(PaddingInputs, PaddingSample, |row| {
        text: if row % 9 == 5 { [0; 5] } else { words(row, 4) },
        title: words(row + 3, 4),
        one: words(row, 3),
        note: (row % 3 != 1).then(|| words(row + 1, 4)),
        remark: (row % 4 != 1).then(|| words(row + 2, 4)),
        plain: sequence(row),
        sub: sequence(row + 1)
    } { y: row % 2 == 0 });
    let mut model = Padding::build(&Cpu::default(), Seed(3));
    answered!("padding", model, inputs, samples);
}

#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug)]
struct Merges {
    #[input(missing = zeros)]
    a: Option<[f32; 3]>,
    #[input(missing = learned)]
    b: Option<[f32; 3]>,
    #[input]
    c: [f32; 3],
    #[input]
    matrix: [[f32; 3]; 4],
    #[input]
    cube: [[[f32; 2]; 3]; 4],
    #[merge(average(a, b, c))]
    #[output]
    average: _,
    #[merge(average(a, matrix, c))]
    #[branch(Flatten)]
    #[output]
    averages: _,
    #[merge(subtract(matrix, a))]
    #[branch(Flatten)]
    #[output]
    difference: _,
    #[merge(multiply(a, b, matrix))]
    #[branch(Flatten)]
    #[output]
    product: _,
    #[merge(maximum(a, b, c))]
    #[output]
    largest: _,
    #[merge(minimum(a, matrix))]
    #[branch(Flatten)]
    #[output]
    smallest: _,
    #[merge(dot(b, c))]
    #[output]
    dot: _,
    #[merge(dot(b, c, normalize = true))]
    #[output]
    cosine: _,
    #[merge(dot(matrix, a))]
    #[output]
    dots: _,
    #[merge(dot(cube, matrix, axis = 0, normalize = true))]
    #[branch(Flatten)]
    #[output]
    dots_of_cube: _,
    #[merge(distance(matrix, other))]
    #[output]
    distance: _,
    #[from(matrix)]
    #[branch(Dense(3, elu))]
    other: _,
    #[merge(concat(matrix, other, axis = 0))]
    #[branch(Flatten)]
    #[output]
    joined: _,
    #[merge(add(average, dot, present(a)))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn merges() {
    let (inputs, samples) = rows!(MergesInputs, MergesSample, |row| {
        a: (row % 3 != 1).then(|| vector(row, 0)),
        b: (row % 4 != 1).then(|| vector(row, 3)),
        c: vector(row, 6),
        matrix: sequence(row),
        cube: std::array::from_fn(|channel| sequence(row + channel))
    } { y: number(row, 9) });
    let mut model = Merges::build(&Cpu::default(), Seed(4));
    answered!("merges", model, inputs, samples);
}

#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug)]
struct Towers {
    #[input]
    #[branch(
        Embedding(9, 4),
        Dense(5, silu),
        Dense(4),
        selu,
        Dense(3, softplus),
        Dropout(0.5),
        LayerNorm,
        Dense(4, gelu),
        Dense(3)
    )]
    left: u32,
    #[input]
    #[branch(shared = left)]
    right: u32,
    #[input(missing = learned)]
    #[branch(frozen, Dense(3, leaky_relu), BatchNorm)]
    r#type: Option<[f32; 2]>,
    #[input]
    #[branch(EmbeddingBag(9, 3))]
    #[output]
    bag: [u32; 4],
    #[from(list)]
    #[branch(EmbeddingBag(9, 3, max))]
    #[output]
    largest: _,
    #[input]
    list: [u32; 4],
    #[input]
    weights: [f32; 4],
    #[merge(weighted(list, weights))]
    #[branch(EmbeddingBag(9, 3, sum))]
    #[output]
    weighted: _,
    #[merge(distance(left, right))]
    #[output]
    distance: _,
    #[merge(concat(left, right, r#type, bag, weighted))]
    #[branch(Dense(4, relu), Dense(2, linear), sigmoid)]
    #[output(loss = binary_cross_entropy)]
    constant: [bool; 2],
    #[from(r#type)]
    #[branch(Dense(1, tanh))]
    #[output(loss = mae)]
    r#match: f32,
}

#[test]
fn towers() {
    let (inputs, samples) = rows!(TowersInputs, TowersSample, |row| {
        left: category(row, 1, 9),
        right: category(row, 2, 9),
        r#type: (row % 3 != 1).then(|| vector(row, 3)),
        bag: words(row, 9),
        list: words(row + 1, 9),
        weights: vector(row, 5)
    } { constant: [row % 2 == 0, row % 3 == 0], r#match: number(row, 1) });
    let mut model = Towers::build(&Cpu::default(), Seed(5));
    answered!("towers", model, inputs, samples);
    let mut model = Model::<Towers, f64>::build(&Cpu::default(), Seed(6));
    answered!("towers_f64", model, inputs, samples);
}

/// Lists of unequal length, padded before the branch: either operand of `weighted` may be shorter.
#[multi_input_model(allow(untrained))]
#[derive(Clone, Debug)]
struct Basket {
    #[input(pad(4))]
    #[branch(Embedding(9, 4, mask))]
    items: Vec<u32>,
    #[input(pad(4))]
    raw: Vec<u32>,
    #[input(pad(4), missing = learned)]
    amounts: Option<Vec<f32>>,
    #[merge(weighted(raw, amounts))]
    #[branch(EmbeddingBag(9, 4, sum))]
    #[output]
    weighted: _,
    #[from(raw)]
    #[branch(EmbeddingBag(9, 4, max))]
    #[output]
    largest: _,
    #[from(raw)]
    #[branch(EmbeddingBag(9, 4))]
    #[output]
    mean: _,
    #[from(items)]
    #[branch(GroupNorm(2), GlobalMaxPool1D)]
    #[output]
    read: _,
    #[merge(concat(weighted, largest, mean, read))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    y: f32,
}

fn list(row: usize) -> Vec<u32> {
    (0..row % 6).map(|place| category(row, place, 9)).collect()
}

#[test]
fn lists() {
    let (inputs, samples) = rows!(BasketInputs, BasketSample, |row| {
        items: list(row),
        raw: list(row + 2),
        amounts: (row % 5 != 1).then(|| (0..row % 7).map(|place| number(row, place)).collect())
    } { y: number(row, 9) });
    let mut model = Basket::build(&Cpu::default(), Seed(7));
    answered!("lists", model, inputs, samples);
}
