use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(standardize)]
    rooms: [Option<f32>; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
