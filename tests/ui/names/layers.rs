//! Layers by the names of other libraries.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[input]
    #[branch(Linear(64))]
    torch: [f32; 10],
    #[input]
    #[branch(linear(64))]
    small: [f32; 10],
    #[input]
    #[branch(BatchNormalization, Dense(4, swish))]
    keras: [f32; 10],
    #[input]
    #[branch(Conv2D(4, 3), GlobalAvgPool2D)]
    image: [[[f32; 8]; 8]; 3],
    #[input]
    #[branch(AvgPoolGlobal)]
    dfdx: [[[f32; 8]; 8]; 3],
    #[input]
    #[branch(TimeDistributed(Linear(2)), Flatten)]
    steps: [[f32; 4]; 6],
    #[input]
    #[branch(Bidirectional(nn.LSTM(8)))]
    both: [[f32; 4]; 6],
    #[merge(concat(torch, small, keras, image, dfdx, steps, both))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
