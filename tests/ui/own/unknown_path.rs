use multi_input::prelude::*;

mod my {
    use multi_input::{
        data::Values,
        definition::{Shape, Size, Step, Text},
        preprocess::stage::{FixedStep, Refusal},
    };

    #[derive(Debug)]
    pub struct Powers(pub usize);

    impl Powers {
        pub const fn output_shape(&self, input: &Shape) -> Result<Shape, Text> {
            match input.of_numbers() {
                Ok(_) => Ok(Shape::numbers(&[Size::Known(self.0)])),
                Err(text) => Err(text),
            }
        }
    }

    impl FixedStep for Powers {
        fn apply(&self, _: &Step, values: Values) -> Result<Values, Refusal> {
            Ok(values)
        }
    }
}

#[multi_input_model]
pub struct House {
    #[input(my::Cut(3) => [3])]
    rooms: f32,
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
