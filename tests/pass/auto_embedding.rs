//! Tables whose sizes follow from the categories that flow in.

use multi_input::{data::Source, prelude::*};

const CITIES: usize = 1000;

#[multi_input_model]
#[derive(Clone, Debug)]
pub struct House {
    #[input(categories(CITIES))]
    #[branch(Embedding(auto))]
    city: String,

    #[input(hashed(50))]
    #[branch(Embedding(auto, 4))]
    street: u32,

    #[input(words(vocabulary = 30, length = 3))]
    #[branch(Embedding(40, auto), Flatten)]
    text: String,

    #[merge(concat(city, street, text))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn compiles_and_runs() -> multi_input::Result<()> {
    let shape =
        |name: &str| House::GRAPH.nodes.iter().find(|node| node.name == name).unwrap().shape;
    // min(600, round(1.6 n^0.56)) of 1000 and of 40.
    assert_eq!((shape("city"), shape("street"), shape("text")), (&[77][..], &[4][..], &[39][..]));
    let row = HouseSample { city: "Bern".into(), street: 7, text: "a b".into(), price: 1.0 };
    let rows = vec![row; 4];
    let mut model = House::build(&Cpu::default(), Seed(1));
    Trainer::new(Adam::new(1e-3)).fit_from(&mut model, &rows)?;
    assert_eq!(rows.read_all()?.len(), 4);
    Ok(())
}
