//! Constants that a loss or a metric cannot have.

use multi_input::multi_input_model;

const NEGATIVE: f64 = -0.5;
const ONE: u8 = 1;
const ZERO: usize = 0;
const FOUR: usize = 4;

#[multi_input_model]
pub struct Post {
    #[input]
    #[branch(Dense(8, relu))]
    words: [f32; 4],
    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = NEGATIVE), weight = NEGATIVE)]
    stars: f32,
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy(label_smoothing = ONE), metrics(top_k(k = ZERO)))]
    topic: Class<3>,
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = focal(gamma = f64::NAN, alpha = NEGATIVE), weighted_metrics(top_k(k = FOUR)))]
    tone: Class<3>,
}

fn main() {}
