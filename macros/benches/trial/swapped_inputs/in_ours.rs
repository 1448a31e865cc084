// cannot be written: a row names its fields
// Two inputs of equal shape in each other's place. The order in which a row lists them is free.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct Patient {
    #[input]
    before: [f32; 10],

    #[input]
    after: [f32; 10],

    #[merge(subtract(after, before))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    change: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = Patient::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let (before, after) = ([0.0; 10], [1.0; 10]);
    let row = PatientSample { before, after, change: 1.0 };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    let rows = [PatientInputs { before, after }, PatientInputs { after, before }];
    let predicted = model.predict(&rows)?;
    assert_eq!(predicted[0].change, predicted[1].change);
    println!("stage: end");
    Ok(())
}
