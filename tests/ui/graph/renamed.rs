//! Former names that a saved model cannot have meant.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[renamed(price, size)]
    #[branch(Dense(8, relu))]
    rooms: [f32; 10],
    #[input]
    #[renamed(size, age)]
    #[branch(Dense(8, relu))]
    age: [f32; 3],
    #[merge(concat(rooms, age), renamed = both)]
    joined: _,
    #[renamed = "cost"]
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
    #[renamed("gone")]
    #[from(joined)]
    #[branch(Dense(1))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

fn main() {}
