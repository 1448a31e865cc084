use multi_input::multi_input_model;

#[multi_input_model(data = "data/nulls.jsonl")]
pub struct House {
    #[input(standardize)]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
