use multi_input::multi_input_model;

#[multi_input_model(data = "data/no_number.csv")]
pub struct House {
    #[input(standardize)]
    rooms: f32,
    #[input]
    garden: bool,
    #[input(categories(10))]
    #[branch(Embedding(auto))]
    town: String,
    #[merge(concat(rooms, garden, town))]
    #[branch(Dense(1))]
    #[output(loss = mse, columns("value"))]
    price: f32,
}

fn main() {}
