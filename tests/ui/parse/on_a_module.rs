//! The attribute on a module, with the module used.

use multi_input::multi_input_model;

#[multi_input_model]
mod house {
    pub struct House {
        #[input]
        rooms: [f32; 10],
    }
}

fn main() {
    let _ = house::House::summary();
}
