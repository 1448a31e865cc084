//! One node feeds a merge twice over, a layer and an output.

use multi_input::multi_input_model;

#[multi_input_model(allow(relu_head))]
pub struct Fan {
    #[input]
    #[branch(Dense(8, relu))]
    rooms: [f32; 10],
    #[merge(multiply(rooms, rooms))]
    square: [f32; 8],
    #[from(rooms)]
    #[branch(Dense(8, tanh))]
    bent: [f32; 8],
    #[merge(concat(rooms, square, bent))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[output(loss = mse)]
    copies: [f32; 8],
    #[from(rooms)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

#[test]
fn compiles_and_runs() {
    assert_eq!(Fan::GRAPH.outputs.len(), 3);
}
