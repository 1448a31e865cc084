use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input(pad(5, before, cut = before))]
    visits: Vec<u32>,
    #[input(pad(5, cut = before))]
    amounts: Vec<f32>,
    #[merge(weighted(visits, amounts))]
    #[branch(EmbeddingBag(10, 4, sum), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
