//! Arguments and values as other languages write them.
use multi_input::prelude::*;

#[multi_input_model]
struct House {
    #[input]
    #[branch(Conv2D(filters = 8, kernel_size = [3, 3], strides = 1, padding = "same"), Flatten)]
    keras: [[[f32; 8]; 8]; 3],
    #[input]
    #[branch(Dense(in_features = 10, out_features = 8))]
    torch: [f32; 10],
    #[input]
    #[branch(Dense(8, use_bias = False))]
    flag: [f32; 10],
    #[input]
    #[branch(Dense(8, activation = "relu"))]
    quoted: [f32; 10],
    #[input]
    #[branch(Dense(8, activation = None))]
    none: [f32; 10],
    #[input]
    #[branch(Dense(8i32))]
    suffix: [f32; 10],
    #[input]
    #[branch(Dense("8"))]
    number: [f32; 10],
    #[input]
    #[branch(Dense(units: 8))]
    colon: [f32; 10],
    #[input]
    #[branch(Dense(8), Dropout(.5))]
    dot: [f32; 10],
    #[input]
    #[branch(Dense(8,, relu))]
    commas: [f32; 10],
    #[input]
    #[branch(Dense(8 relu))]
    no_comma: [f32; 10],
    #[input]
    #[branch(Reshape((2, 5)), Flatten)]
    brackets: [f32; 10],
    #[input]
    #[branch(LayerNorm(10))]
    epsilon: [f32; 10],
    #[input]
    #[branch(Dense(None))]
    nothing: [f32; 10],
    #[input]
    #[branch(Dense(8), Dense(8, leaky_relu(0.1)))]
    kept: [f32; 10],
    #[merge(concat(nothing, kept, keras, torch, flag, quoted, none, suffix, number, colon, dot, commas, no_comma, brackets, epsilon))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
