use multi_input::multi_input_model;

#[multi_input_model(data = "data/kinds.csv")]
pub struct House {
    #[input(standardize)]
    size: f32,
    #[from(size)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    kind: multi_input::Class<3>,
}

fn main() {}
