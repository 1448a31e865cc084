//! Sizes that only rustc knows: constants, paths to them, sums, calls of a `const fn`.

use multi_input::multi_input_model;

mod sizes {
    pub const WORDS: usize = 10_000;
    pub const LENGTH: usize = 20;

    pub const fn half(size: usize) -> usize {
        size / 2
    }
}

use sizes::half;

const ROOMS: usize = 10;
const WIDTH: usize = 32;
const TOPICS: usize = 7;
const RATE: f64 = 0.25;
// The names of the expansion's type parameters.
const B: usize = 4;
const E: usize = 5;
const D: usize = 6;
const T: usize = 7;

#[multi_input_model]
#[derive(Clone)]
pub struct Post {
    #[input(standardize)]
    #[branch(Dense(WIDTH + 16, relu), Dropout(RATE), GroupNorm(B), Dense(WIDTH, relu, bias = false))]
    rooms: [f32; ROOMS],
    #[input]
    #[branch(Embedding(sizes::WORDS, half(WIDTH)), Flatten, Dense(WIDTH, tanh, init = zeros), BatchNorm)]
    words: [u32; sizes::LENGTH],
    #[input(missing = learned)]
    #[branch(Reshape(B, E * D), Dense(T), Flatten, Dense(half(WIDTH) * 2))]
    letters: Option<[[f32; B * E]; D]>,
    #[merge(add(rooms, words))]
    sum: [f32; WIDTH],
    #[merge(average(sum, letters))]
    mean: [f32; sizes::half(64)],
    #[merge(concat(sum, mean, present(letters)))]
    joined: [f32; WIDTH + WIDTH + 1],
    #[from(joined)]
    #[branch(Dense(TOPICS, softmax))]
    #[output(loss = cross_entropy, metrics(accuracy))]
    topic: multi_input::Class<TOPICS>,
    #[from(joined)]
    #[branch(Dense(B + E))]
    #[output(loss = huber(delta = RATE), weight = RATE)]
    tags: [f32; 9],
    #[merge(dot(rooms, words, normalize = true))]
    #[output(loss = mse)]
    likeness: f32,
}

#[test]
fn compiles_and_runs() {
    let row = PostInputs { rooms: [0.0; ROOMS], words: [0; sizes::LENGTH], letters: None };
    assert_eq!(row.words.len(), 20);
    assert_eq!(Post::GRAPH.nodes.len(), 9);
    assert_eq!(Post::GRAPH.nodes.iter().find(|n| n.name == "joined").unwrap().shape, [65]);
}
