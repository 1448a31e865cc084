//! Merges of merges, in every kind there is.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Nested {
    #[input]
    a: [f32; 8],
    #[input]
    b: [f32; 8],
    #[input]
    #[branch(Embedding(100, 8))]
    c: u32,
    #[input]
    #[branch(Embedding(100, 8))]
    words: [u32; 5],
    #[merge(add(a, b))]
    sum: [f32; 8],
    #[merge(subtract(sum, c))]
    difference: [f32; 8],
    #[merge(multiply(difference, sum))]
    product: [f32; 8],
    #[merge(average(product, difference, sum))]
    mean: [f32; 8],
    #[merge(maximum(mean, a))]
    high: [f32; 8],
    #[merge(minimum(mean, b))]
    low: [f32; 8],
    #[merge(add(words, high))]
    #[branch(Dense(8, gelu))]
    moved: [[f32; 8]; 5],
    #[merge(concat(moved, words, axis = 0))]
    long: [[f32; 8]; 10],
    #[merge(dot(long, low))]
    scores: [f32; 10],
    #[merge(dot(high, low, normalize = true))]
    cosine: f32,
    #[merge(concat(scores, cosine))]
    #[branch(Dense(1, softplus))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn compiles_and_runs() {
    assert_eq!(Nested::GRAPH.nodes.len(), 15);
}
