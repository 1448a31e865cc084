//! Types on which `Newtype` cannot be derived. The model that uses them says nothing more.

use multi_input::prelude::*;

#[derive(Newtype)]
pub enum Choice {
    Metres(f32),
}
#[derive(Newtype)]
pub struct Pair(f32, f32);
#[derive(Newtype)]
pub struct Named {
    metres: f32,
}
#[derive(Newtype)]
pub struct Nothing;
#[derive(Newtype)]
pub struct Generic<T>(T);
#[derive(Newtype)]
pub struct Integer(i32);
#[derive(Newtype)]
pub struct Maybe(Option<f32>);
#[derive(Newtype)]
#[newtype(nam = "Metres")]
pub struct Metres(f32);

#[multi_input_model]
pub struct House {
    #[input(wraps = f32)]
    choice: Choice,
    #[input(wraps = [f32; 2])]
    pair: Pair,
    #[input(wraps = f32, missing = zeros)]
    named: Option<Named>,
    #[input(wraps = f32)]
    nothing: [Nothing; 3],
    #[merge(concat(choice, pair, named, nothing))]
    #[branch(Dense(1))]
    #[output(loss = mse, wraps = f32)]
    price: Integer,
}

fn main() {}
