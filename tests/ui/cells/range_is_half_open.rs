use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(columns("p0".."p9"), standardize)]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
