use multi_input::multi_input_model;

#[multi_input_model(data("data/houses.csv", row = 5))]
pub struct House {
    #[input(standardize)]
    rooms: f32,
    #[input(standardize)]
    garden: f32,
    #[input(categories(10))]
    #[branch(Embedding(auto))]
    town: String,
    #[merge(concat(rooms, garden, town))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
