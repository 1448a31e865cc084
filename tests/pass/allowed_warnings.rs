//! What warns is legal, and silent where the user says so.

#![deny(warnings)]

use multi_input::multi_input_model;

#[multi_input_model(
    allow(relu_head, bounded_head, dropout_head, single_class),
    allow(bottleneck, linear_stack, doubled_activation)
)]
struct House {
    #[input]
    #[branch(Dense(1), Dense(64), Dense(32, relu), relu)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1, relu))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1, tanh), Dropout(0.5))]
    #[output(loss = mse, standardize)]
    rent: f32,
    #[from(rooms)]
    #[branch(Dense(1, softmax))]
    #[output(loss = cross_entropy)]
    kind: multi_input::Class<1>,
}

/// What looks alike and is meant: nothing warns.
#[multi_input_model]
struct Meant {
    #[input]
    #[branch(Dense(64, linear), Dense(32, relu), Dropout(0.5), Dense(1, sigmoid))]
    gate: [f32; 10],
    #[input]
    #[branch(Dense(8))]
    rooms: [f32; 10],
    #[merge(multiply(gate, rooms))]
    #[branch(Dense(1, softplus))]
    #[output(loss = mse)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

#[test]
fn compiles_and_runs() {
    let row = HouseInputs { rooms: [0.0; 10] };
    assert_eq!(row.rooms[0], 0.0);
    let row = MeantInputs { gate: [0.0; 10], rooms: [1.0; 10] };
    assert_eq!(row.rooms[0], row.gate[0] + 1.0);
}
