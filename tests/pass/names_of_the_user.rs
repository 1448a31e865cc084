//! Constants, statics, functions, macros and traits of the user's whose names the expansion might use.

#![allow(non_upper_case_globals, dead_code, unused_macros)]

use multi_input::{multi_input_model, Seed};

const rows: usize = 4;
const seed: u64 = 7;
const device: u8 = 0;
const x: usize = 8;
const row: usize = 1;
const tape: () = ();
const mask: bool = true;
const size: usize = 3;
const module: &str = "";
const value_0: f32 = 0.0;
const mask_1: f32 = 0.0;
const text: &str = "";
const key: u64 = 1;
const own: u8 = 1;
const E: usize = 5;
const D: usize = 6;
static batch: u8 = 1;
static heads: u8 = 1;
static inputs: u8 = 1;
static sample: u8 = 1;
static visitor: u8 = 1;
static cells: u8 = 1;
static deserializer: u8 = 1;
static gradients: u8 = 1;
static penalties: u8 = 1;
static s: u8 = 1;
static frozen: u8 = 1;
static values: u8 = 1;
// Those of the nodes.
static rooms: u8 = 1;
static title: u8 = 1;
const joined: u8 = 1;
static price: f32 = 3.0;
const class: u8 = 1;

fn output() {}
fn present() {}

macro_rules! vec {
    () => {};
}
macro_rules! panic {
    () => {};
}
macro_rules! unreachable {
    () => {};
}

/// Every value has these methods, which take it before a method of its own could borrow it.
trait Hostile: Sized {
    fn forward(self) {}
    fn build(self) {}
    fn len(self) {}
    fn into(self) {}
    fn clone(self) {}
    fn push(self, _: u8) {}
    fn extend(self, _: u8) {}
    fn take(self, _: u8) {}
    fn dim(self, _: usize) {}
    fn at(self, _: usize) {}
    #[allow(clippy::wrong_self_convention)] // As a trait of the user may be.
    fn as_str(self) {}
}

impl<X> Hostile for X {}

#[multi_input_model]
pub struct Names {
    #[input(standardize, missing = learned)]
    #[branch(Dense(x, relu, l2 = 0.1), Dropout(0.1), BatchNorm, Dense(E))]
    rooms: Option<[f32; rows]>,
    #[input(words(100, x))]
    #[branch(Embedding(auto, D, mask), LSTM(size))]
    title: String,
    #[merge(concat(rooms, title))]
    joined: _,
    #[from(joined)]
    #[branch(Dense(4), frozen)]
    #[output]
    embedding: _,
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse, weight = learned, standardize, metrics(mae))]
    price: f32,
    #[from(joined)]
    #[branch(Dense(size))]
    #[output(loss = cross_entropy, metrics(top_k(k = 2), f1(average = macro)), categories)]
    class: multi_input::Class<size>,
}

#[test]
fn compiles_and_runs() {
    let _ = (Names::build(&dfdx::tensor::Cpu::default(), Seed(seed)), &batch, price);
    let names: std::vec::Vec<&str> = Names::GRAPH.nodes.iter().map(|node| node.name).collect();
    assert_eq!(names, ["rooms", "title", "joined", "embedding", "price", "class"]);
}
