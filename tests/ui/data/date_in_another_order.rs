use multi_input::multi_input_model;

#[multi_input_model(data = "data/dates.csv")]
pub struct House {
    #[input(calendar(month))]
    sold: NaiveDate,
    #[from(sold)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
