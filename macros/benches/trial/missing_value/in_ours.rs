// A value that may be absent, and nothing says what stands in for it.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct Progression {
    #[input]
    serum: Option<[f32; 6]>,

    #[from(serum)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    score: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = Progression::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let mut rows = vec![ProgressionSample { serum: Some([1.0; 6]), score: 1.0 }; 32];
    rows[5].serum = None;
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &rows)?;
    println!("stage: end");
    Ok(())
}
