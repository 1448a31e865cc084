use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(categories(9), decimal = ",")]
    #[branch(Embedding(auto))]
    rooms: String,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
