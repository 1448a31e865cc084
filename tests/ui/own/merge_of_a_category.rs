use multi_input::prelude::*;

mod my {
    use multi_input::{
        definition::{Operand, Shape, Text},
        merge::{Merge, RowOperand},
    };

    #[derive(Debug)]
    pub struct Gated;

    impl Gated {
        pub const fn output_shape(&self, operands: &[Operand<'_>]) -> Result<Shape, Text> {
            match operands {
                [a, b] if !a.shape.differs(&b.shape) => Ok(a.shape),
                [a, b] => {
                    let text = Text::new("it takes two nodes of one shape, not ").shape(&a.shape);
                    Err(text.str(" and ").shape(&b.shape))
                }
                _ => Err(Text::new("it takes two nodes")),
            }
        }
    }

    impl Merge for Gated {
        fn forward(&self, _: &[RowOperand<'_>], _: &mut [f64]) {}

        fn backward(&self, _: &[RowOperand<'_>], _: &[f64], _: &mut [&mut [f64]]) {}
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 3],
    #[input]
    district: u32,
    #[merge(my::Gated(rooms, district))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
