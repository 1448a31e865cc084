// Two sequences of 12 steps, joined along the steps instead of the features.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input]
    left: [[f32; 8]; 12],

    #[input]
    right: [[f32; 4]; 12],

    #[merge(concat(left, right, axis = 0))]
    #[branch(Flatten, Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = House::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = HouseSample { left: [[1.0; 8]; 12], right: [[1.0; 4]; 12], price: 1.0 };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
