use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardize)]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, currency = 5)]
    price: f32,
}

fn main() {}
