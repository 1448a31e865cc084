//! The smallest model: one input, one output, no layer in between.

use multi_input::multi_input_model;

#[multi_input_model(allow(nothing_to_train))]
struct Identity {
    #[input]
    x: f32,
    #[from(x)]
    #[output(loss = mse)]
    y: f32,
}

#[test]
fn compiles_and_runs() {
    let row = IdentityInputs { x: 1.0 };
    assert_eq!(row.x, 1.0);
}
