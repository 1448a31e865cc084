// cannot be written: every layer has a gradient, and the batch owns the tape
// A step function cuts the gradient off: the branch before it never learns. There is none among
// the layers; `sigmoid` is what comes nearest, and the branch learns.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct House {
    #[input]
    #[branch(Dense(16, sigmoid))]
    numbers: [f32; 10],

    #[from(numbers)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = House::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let before = model.module().numbers.0.weight.as_vec();
    let row = HouseSample { numbers: [1.0; 10], price: 1.0 };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    let after = model.module().numbers.0.weight.as_vec();
    assert!(before.iter().zip(&after).all(|(before, after)| before != after));
    println!("stage: end");
    Ok(())
}
