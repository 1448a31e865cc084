//! More places than there are classes.

use multi_input::multi_input_model;

const CLASSES: usize = 4;

#[multi_input_model]
pub struct Post {
    #[input]
    #[branch(Dense(8, relu))]
    words: [f32; 4],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy, metrics(top_k))]
    topic: Class<3>,
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy, metrics(top_k(k = 4)))]
    tone: Class<3>,
}

#[multi_input_model]
pub struct Note {
    #[input]
    words: [f32; 4],
    #[from(words)]
    #[branch(Dense(CLASSES))]
    #[output(loss = cross_entropy, weighted_metrics(top_k))]
    topic: Class<CLASSES>,
}

fn main() {}
