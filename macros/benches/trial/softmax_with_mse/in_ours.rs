// A softmax on the one number of a regression: it is always 1.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input]
    numbers: [f32; 10],

    #[from(numbers)]
    #[branch(Dense(1, softmax))]
    #[output(loss = mse)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = House::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = HouseSample { numbers: [1.0; 10], price: 1.0 };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
