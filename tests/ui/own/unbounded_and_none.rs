use multi_input::prelude::*;

mod my {
    use multi_input::{
        data::Values,
        definition::{Kind, Shape, Step, Text},
        preprocess::stage::{FixedStep, Refusal},
    };

    #[derive(Debug)]
    pub struct Sign;

    impl Sign {
        pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
            match input.of_kind(Kind::Numbers) {
                Ok(_) => Ok(Shape::categories(&[])),
                Err(text) => Err(text),
            }
        }
    }

    impl FixedStep for Sign {
        fn apply(&self, _: &Step, _: Values) -> Result<Values, Refusal> {
            Ok(Values::Categories(Vec::new()))
        }
    }

    #[derive(Debug)]
    pub struct Nothing;

    impl Nothing {
        pub const fn output_shape(&self, _: &[Shape]) -> Result<Shape, Text> {
            Ok(Shape::numbers(&[]))
        }
    }
}

#[multi_input_model]
pub struct House {
    #[input(my::Sign => u32)]
    #[branch(Embedding(3, 2))]
    change: f32,
    #[derived(my::Nothing(change))]
    nothing: f32,
    #[merge(concat(change, nothing))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
