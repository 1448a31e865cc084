// The weights of a model with another activation, all shapes being the same.
use multi_input::prelude::*;

mod smooth {
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct House {
        #[input]
        #[branch(Dense(32, tanh))]
        numbers: [f32; 10],

        #[from(numbers)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        price: f32,
    }
}

mod sharp {
    use multi_input::prelude::*;

    #[multi_input_model]
    pub struct House {
        #[input]
        #[branch(Dense(32, relu))]
        numbers: [f32; 10],

        #[from(numbers)]
        #[branch(Dense(1))]
        #[output(loss = mse)]
        price: f32,
    }
}

fn main() -> multi_input::Result<()> {
    println!("stage: build");
    let trained = smooth::House::build(&Cpu::default(), Seed(7));
    let mut other = sharp::House::build(&Cpu::default(), Seed(7));
    println!("stage: loading");
    let path = std::env::temp_dir().join("weights_of_another_model.safetensors");
    trained.save(&path)?;
    other.load_weights(&path)?;
    println!("stage: prediction");
    other.predict(&[sharp::HouseInputs { numbers: [1.0; 10] }])?;
    println!("stage: end");
    Ok(())
}
