//! Models side by side, with nodes, constants and modules of the same names.

use multi_input::multi_input_model;

const WIDTH: usize = 8;

#[multi_input_model]
pub struct First {
    #[input]
    #[branch(Dense(WIDTH), dfdx::nn::builders::Linear<8, 8> => [8])]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[multi_input_model]
pub struct Second {
    #[input]
    #[branch(Dense(WIDTH), dfdx::nn::builders::Linear<8, 8> => [8])]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn compiles_and_runs() {
    assert_eq!(First::GRAPH.nodes.len(), Second::GRAPH.nodes.len());
}
