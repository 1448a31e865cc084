// A dense head on an image that was not flattened.
use multi_input::prelude::*;

#[multi_input_model]
#[derive(Clone)]
struct Picture {
    #[input]
    photo: [[[f32; 16]; 16]; 3],

    #[from(photo)]
    #[branch(Dense(10, softmax))]
    #[output(loss = cross_entropy)]
    kind: Class<10>,
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let mut model = Picture::build(&Cpu::default(), Seed(7));
    println!("stage: first batch");
    let row = PictureSample { photo: [[[1.0; 16]; 16]; 3], kind: Class::new(0)? };
    Trainer::new(Adam::new(1e-3)).epochs(1).fit(&mut model, &vec![row; 32])?;
    println!("stage: end");
    Ok(())
}
