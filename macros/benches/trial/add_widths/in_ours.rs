// The sum of a branch of 32 numbers and one of 16.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input]
    #[branch(Dense(32))]
    left: [f32; 10],

    #[input]
    #[branch(Dense(16))]
    right: [f32; 6],

    #[merge(add(left, right))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = House::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = HouseSample { left: [1.0; 10], right: [1.0; 6], price: 1.0 };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
