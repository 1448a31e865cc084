use multi_input::prelude::*;

#[multi_input_model]
struct Review {
    #[input]
    #[branch(Masking(-1.0), MaxPool1D(2), GlobalMaxPool1D)]
    words: [[f32; 3]; 7],

    #[from(words)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
