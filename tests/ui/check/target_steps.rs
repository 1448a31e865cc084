//! Losses that compare with the numbers themselves.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(3))]
    #[output(loss = hinge, min_max)]
    sides: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = hinge, robust)]
    side: f32,
    #[from(rooms)]
    #[branch(Dense(1, softplus))]
    #[output(loss = poisson, metrics(mae), standardize)]
    offers: Option<f32>,
    #[from(rooms)]
    #[branch(Dense(4))]
    #[output(loss = cosine_similarity, rescale(2.0, 1.0))]
    direction: [f32; 4],
    #[from(rooms)]
    #[branch(Dense(3, softmax))]
    #[output(loss = kl_divergence, min_max)]
    shares: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, standardize)]
    sold: f32,
}

fn main() {}
