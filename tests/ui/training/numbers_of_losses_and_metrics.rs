//! Numbers that a loss or a metric cannot have.
use multi_input::multi_input_model;

#[multi_input_model]
pub struct Post {
    #[input]
    #[branch(Dense(8, relu))]
    words: [f32; 4],
    #[from(words)]
    #[branch(Dense(3))]
    #[output(loss = cross_entropy(label_smoothing = 1.0), metrics(top_k(k = 0)))]
    topic: Class<3>,
    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = binary_focal(gamma = 0.0), metrics(accuracy, top_k))]
    read: bool,
}

fn main() {}
