use multi_input::prelude::*;

#[multi_input_model]
pub struct House {
    #[input]
    area: f32,
    #[input]
    rooms: [f32; 4],
    #[input(words(vocabulary = 100, length = 10))]
    #[branch(Embedding(100, 4), Flatten)]
    text: String,
    #[input(calendar(month))]
    built: NaiveDate,
    #[input(multi_hot(5))]
    tags: [u32; 3],
    #[derived(crossed(area, rooms, text, built, tags, 100))]
    #[branch(Embedding(100, 4))]
    all: u32,
    #[merge(concat(area, rooms, text, built, tags, all))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
