// The mean squared error of a class's number.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct Thing {
    #[input]
    numbers: [f32; 10],

    #[from(numbers)]
    #[branch(Dense(10))]
    #[output(loss = mse)]
    kind: Class<10>,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = Thing::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = ThingSample { numbers: [1.0; 10], kind: Class::new(0)? };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
