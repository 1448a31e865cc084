//! A class that there is not, of a number that rustc knows.

use multi_input::multi_input_model;

const CLASSES: usize = 4;
const LAST: usize = 4;

#[multi_input_model]
pub struct Post {
    #[input]
    words: [f32; 4],
    #[from(words)]
    #[branch(Dense(CLASSES))]
    #[output(loss = cross_entropy, metrics(f1(average = binary(LAST))))]
    topic: Class<CLASSES>,
}

fn main() {}
