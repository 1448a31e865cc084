use multi_input::multi_input_model;

#[multi_input_model(data = "data/flags.csv")]
pub struct House {
    #[input]
    smoker: bool,
    #[from(smoker)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    cost: f32,
}

fn main() {}
