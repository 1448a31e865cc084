use multi_input::multi_input_model;

#[multi_input_model(data = "data/spectrum.csv")]
pub struct House {
    #[input(standardize, columns("p0"..="p3"))]
    spectrum: [f32; 4],
    #[from(spectrum)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
