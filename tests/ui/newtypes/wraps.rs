//! What stands behind `wraps`.

use multi_input::prelude::*;

#[derive(Newtype)]
pub struct Metres(f32);
#[derive(Newtype)]
pub struct Tags(Vec<u32>);

#[multi_input_model]
pub struct House {
    #[input(standardize)]
    not_stated: Metres,
    #[input(wraps = f32)]
    no_newtype: f32,
    #[input(wraps)]
    word: Metres,
    #[input(wraps(f32))]
    call: Metres,
    #[input(wraps = 1)]
    number: Metres,
    #[input(wrap = f32)]
    misspelt: Metres,
    #[input(wraps = f32, wraps = f32)]
    twice: Metres,
    #[input(wraps = Option<f32>, missing = zeros)]
    option: Metres,
    #[input(wraps = i32)]
    integer: Metres,
    #[input(wraps = Vec<u32>, multi_hot(10))]
    lists: Vec<Tags>,
    #[merge(concat(not_stated, no_newtype, word, call, number, misspelt, twice, option, integer, lists))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy, wraps = Class<3>)]
    kind: Metres,
}

fn main() {}
