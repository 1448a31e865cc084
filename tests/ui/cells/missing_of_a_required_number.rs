use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(missing("NA"), standardize)]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
