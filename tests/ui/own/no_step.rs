use multi_input::prelude::*;

mod my {
    use multi_input::definition::{Shape, Text};

    #[derive(Debug)]
    pub struct Nothing;

    impl Nothing {
        pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
            input.of_numbers()
        }
    }
}

#[multi_input_model]
pub struct House {
    #[input(my::Nothing)]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
