// Yes or no, as cross-entropy over three classes.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct Answer {
    #[input]
    numbers: [f32; 10],

    #[from(numbers)]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    yes: bool,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = Answer::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = AnswerSample { numbers: [1.0; 10], yes: true };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
