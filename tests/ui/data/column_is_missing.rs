use multi_input::multi_input_model;

#[multi_input_model(data = "data/houses.csv")]
pub struct House {
    #[input(standardize)]
    room: f32,
    #[input(standardize)]
    garden: f32,
    #[input(categories(10))]
    #[branch(Embedding(auto))]
    town: String,
    #[merge(concat(room, garden, town))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
