use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(categories(9), multi_hot(9))]
    rooms: [Option<u32>; 3],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
