//! Layers in the forms of other libraries and languages: the answer is the line to write.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(
        Dense(64) -> relu,
        Dense(64) | relu | Dense(3),
        Dense(64).relu(),
        .relu(),
        Dense(64) => [64],
        Dense[64],
        Dense<64>,
        Dense { units: 64 },
        Dense 64,
        Dense(64)(relu),
        nn.ReLU(),
        keras::layers::Dense(64),
        "Dense(64)",
        (Dense(64), relu),
        Sequential([Dense(64), relu]),
        relu(Dense(64)),
        Activation("relu"),
        activation = relu,
        hidden = Dense(64),
        dropout = 0.2,
        3 * Dense(64),
        64,
        lambda x: x,
        layers!(Dense(64)),
        Dense(64) Dense(32),
        rooms + Dense(64),
        standardize
    )]
    rooms: [f32; 10],
    #[input]
    #[branch(Dense(8),, relu)]
    garden: [f32; 2],
    #[merge(concat(rooms, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
