use multi_input::prelude::*;

mod my {
    use multi_input::definition::{Operand, Shape, Text};

    #[derive(Debug)]
    pub struct Nothing;

    impl Nothing {
        pub const fn output_shape(&self, operands: &[Operand<'_>]) -> Result<Shape, Text> {
            Ok(operands[0].shape)
        }
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 3],
    #[input]
    garden: [f32; 2],
    #[merge(my::Nothing(rooms, garden))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
