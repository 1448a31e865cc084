use multi_input::multi_input_model;

#[multi_input_model(data = "data/ids.csv")]
pub struct House {
    #[input(one_hot(50))]
    user: u32,
    #[from(user)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    stars: f32,
}

fn main() {}
