use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(calendar(month, unit = seconds, format = "%d"))]
    rooms: NaiveDate,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
