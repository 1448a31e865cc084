//! A constant expression of any form where a size, a number, a flag, an axis, a list or a column stands.

use multi_input::{data::Source, multi_input_model};

pub struct Config {
    pub width: usize,
    pub widths: [usize; 2],
    pub rate: f64,
    pub bias: bool,
    pub edges: [f64; 2],
    pub column: &'static str,
}

pub const CONFIG: Config = Config {
    width: 8,
    widths: [8, 4],
    rate: 0.25,
    bias: false,
    edges: [0.5, 1.5],
    column: "age in years",
};

pub trait Sized2 {
    const SIZE: usize;
}

pub struct Two;

impl Sized2 for Two {
    const SIZE: usize = 2;
}

macro_rules! four {
    () => {
        4
    };
}

const fn twice(size: usize) -> usize {
    size * 2
}

const PAIR: (usize, usize) = (3, 5);
const BIG: bool = true;
const STEPS: isize = 0;
const COLUMNS: [&str; 3] = ["east", "west", "north"];
const CHANNELS: usize = 3;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct Everything {
    #[input(columns(COLUMNS))]
    #[branch(
        Dense(CONFIG.width, relu, bias = CONFIG.bias),
        Dense(CONFIG.widths[1], relu, l2 = CONFIG.rate / 10.0),
        Dense(PAIR.0, relu, bias = !BIG),
        Dense(if BIG { 16 } else { 8 }, relu),
        Dense(match PAIR.1 { 5 => 6, _ => 7 }, relu),
        Dense(1 << 4, relu),
        Dense(four!(), relu),
        Dense({ let half = twice(3); half / 2 }, relu),
        Dense(const { 3 }, relu),
        Dense(<Two as Sized2>::SIZE, relu),
        Dense(::std::mem::size_of::<u64>(), relu),
        Dense(PAIR.0.pow(2) & !1 | 1, relu),
        Dense([8, 4][1], tanh),
        Dropout(if BIG { 0.5 } else { CONFIG.rate })
    )]
    winds: [f32; COLUMNS.len()],
    #[input(bins(edges = CONFIG.edges), columns(CONFIG.column))]
    #[branch(Embedding(auto, twice(2)))]
    age: f32,
    #[input(columns(concat!("ki", "nd")))]
    #[branch(Embedding(1 << 7, auto), Dense(four!()))]
    kind: u32,
    #[input(resize(1 << 3, CONFIG.width))]
    #[branch(Conv2D(four!(), PAIR.0, relu, bias = BIG, padding = PAIR.0 / 2), GlobalAveragePool2D)]
    picture: multi_input::Image<{ CHANNELS }>,
    #[input]
    #[branch(Dense(four!()))]
    past: [[f32; 1 << 1]; PAIR.0],
    #[input]
    #[branch(Dense(four!()))]
    future: [[f32; 1 << 1]; PAIR.1],
    #[merge(concat(past, future, axis = STEPS))]
    #[branch(LSTM(four!(), go_backwards = BIG))]
    time: _,
    #[merge(add(winds, age, kind, picture, time))]
    sum: [f32; four!()],
    #[from(sum)]
    #[branch(Dense({ PAIR.0 }))]
    #[output(loss = cross_entropy, weight = CONFIG.rate, metrics(top_k(k = PAIR.0 - 1)))]
    class: multi_input::Class<{ PAIR.0 }>,
    #[from(sum)]
    #[branch(Dense(PAIR.1 - 1))]
    #[output(loss = huber(delta = CONFIG.rate), columns("a", CONFIG.column, COLUMNS[0], COLUMNS[1]))]
    numbers: [f32; PAIR.1 - 1],
}

#[test]
fn compiles_and_has_the_sizes() {
    let shape = |name: &str| {
        let node = Everything::GRAPH.nodes.iter().find(|node| node.name == name).unwrap();
        node.shape
    };
    assert_eq!(shape("winds"), [4]);
    assert_eq!((shape("age"), shape("picture"), shape("time")), (&[4][..], &[4][..], &[4][..]));
    assert_eq!((shape("class"), shape("numbers")), (&[3][..], &[4][..]));
    let past = Everything::GRAPH.nodes.iter().find(|node| node.name == "winds").unwrap();
    assert_eq!(past.layers[0].parameters, Some(3 * 8), "without biases");
    assert_eq!(past.layers[2].parameters, Some(4 * 3), "without biases");
}

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
struct Winds {
    #[input(columns(COLUMNS))]
    winds: [f32; 3],
    #[from(winds)]
    #[branch(Dense(1))]
    #[output(loss = mse, columns(CONFIG.column))]
    age: f32,
}

#[test]
fn columns_in_constants_are_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "age in years,north,west,east\n7,3,2,1\n").unwrap();
    let rows = multi_input::data::Csv::<WindsSample>::new(file.path()).read_all().unwrap();
    assert_eq!(rows, [WindsSample { winds: [1.0, 2.0, 3.0], age: 7.0 }]);
}
