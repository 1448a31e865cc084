use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    words: [[f32; 3]; 7],

    #[from(words)]
    #[branch(SimpleRNN(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    liked: bool,
}

fn main() {}
