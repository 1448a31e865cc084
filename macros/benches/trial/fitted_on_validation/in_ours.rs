// cannot be written: `standardize` is fitted by `fit`, on the rows that are left for training
// Means and deviations are taken over all rows, those for validation included: here, whatever is in
// the last eight rows, the model stays the same.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input(standardize)]
    numbers: [f32; 10],

    #[from(numbers)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn trained(last: f32) -> multi_input::Result<f32> {
    let number = |row: usize| if row < 32 { row as f32 } else { last };
    let rows: Vec<_> =
        (0..40).map(|row| HouseSample { numbers: [number(row); 10], price: 1.0 }).collect();
    let mut model = House::build(&Cpu::default(), Seed(7));
    let trainer = Trainer::new(Adam::new(1e-3)).epochs(1).validation_split(0.2);
    trainer.fit(&mut model, &rows)?;
    Ok(model.predict(&[HouseInputs { numbers: [1.0; 10] }])?[0].price)
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    println!("stage: first batch");
    assert_eq!(trained(0.0)?, trained(1e6)?);
    println!("stage: end");
    Ok(())
}
