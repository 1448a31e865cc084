use multi_input::multi_input_model;

#[multi_input_model(data = "data/times.csv")]
pub struct House {
    #[input(calendar(month))]
    sold: NaiveDateTime,
    #[from(sold)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
