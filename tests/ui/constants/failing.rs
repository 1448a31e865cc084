//! Constants that rustc cannot evaluate, each said once whatever depends on it.

use multi_input::multi_input_model;

const WIDTH: usize = 8;
const GIVEN: Option<usize> = None;
const SHARES: [f64; 2] = [0.1, 0.2];

const fn set() -> bool {
    panic!("set it")
}

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input]
    #[branch(Dense(WIDTH - 16, relu), Dense(WIDTH, relu, bias = set()), Dense(WIDTH / (WIDTH - 8)))]
    rooms: [f32; GIVEN.unwrap()],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = huber(delta = SHARES[2]), weight = 1 / (WIDTH as i32 - 8))]
    price: f32,
}

fn main() {
    let _ = House::summary();
}
