// One branch for two inputs of different widths.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct Likeness {
    #[input]
    #[branch(Dense(8))]
    query: [f32; 10],

    #[input]
    #[branch(shared = query)]
    title: [f32; 6],

    #[merge(dot(query, title))]
    #[output(loss = mse)]
    same: f32,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = Likeness::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = LikenessSample { query: [1.0; 10], title: [1.0; 6], same: 1.0 };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
