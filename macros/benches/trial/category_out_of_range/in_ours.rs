// The category 100, where the embedding has 0 to 99; in the second batch, and yet said before the
// first.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input]
    #[branch(Embedding(100, 16))]
    district: u32,

    #[from(district)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = House::build(&Cpu::default(), Seed(7));
    println!("stage: before training");
    let mut rows = vec![HouseSample { district: 0, price: 1.0 }; 64];
    rows[40].district = 100;
    let before = model.module().price.0.weight.as_vec();
    let trainer = Trainer::new(Adam::new(1e-3)).epochs(1).batch_size(32).shuffle(Shuffle::Never);
    let result = trainer.fit(&mut model, &rows);
    assert_eq!(before, model.module().price.0.weight.as_vec(), "nothing was trained");
    result?;
    println!("stage: end");
    Ok(())
}
