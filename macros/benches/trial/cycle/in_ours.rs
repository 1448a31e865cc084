// Two nodes that feed each other.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input]
    numbers: [f32; 10],

    #[merge(add(numbers, second))]
    first: _,

    #[from(first)]
    #[branch(Dense(10))]
    second: [f32; 10],

    #[from(second)]
    #[branch(Dense(1))]
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
