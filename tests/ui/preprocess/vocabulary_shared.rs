//! A vocabulary is shared with an input that learns one of the same step and size.

use multi_input::prelude::*;

#[multi_input_model]
pub struct Trip {
    #[input(categories(9))]
    #[branch(Embedding(auto))]
    from: String,
    #[input(categories(9, shared = form))]
    #[branch(Embedding(auto))]
    unknown: String,
    #[input(categories(9, shared = itself))]
    #[branch(Embedding(auto))]
    itself: String,
    #[input(words(9, 4, shared = from))]
    #[branch(Embedding(auto), Flatten)]
    words: String,
    #[input(categories(8, shared = from))]
    #[branch(Embedding(auto))]
    small: String,
    #[input(categories(9, shared = from))]
    #[branch(Embedding(auto))]
    other: u32,
    #[input(categories(9, shared = other))]
    #[branch(Embedding(auto))]
    twice: u32,
    #[input(categories(9, shared = 3))]
    #[branch(Embedding(auto))]
    number: String,
    #[merge(concat(from, unknown, itself, words, small, other, twice, number))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    minutes: f32,
}

fn main() {}
