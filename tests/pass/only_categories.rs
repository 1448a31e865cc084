//! No input of numbers: nothing in the batch speaks of the dtype.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct Text {
    #[input]
    #[branch(Embedding(9, 4), LSTM(3))]
    words: [u32; 5],
    #[input]
    #[branch(Embedding(9, 3))]
    place: u32,
    #[merge(add(words, place))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn compiles_and_runs() {
    use multi_input::prelude::*;
    let model = Text::build(&Cpu::default(), Seed(0));
    let rows = [TextInputs { words: [0, 1, 2, 3, 8], place: 4 }];
    assert!(model.predict(&rows).is_ok_and(|rows| rows.len() == 1));
}
