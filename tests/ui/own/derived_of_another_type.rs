use multi_input::prelude::*;

mod my {
    use multi_input::{
        data::Values,
        definition::{Derived, Shape, Size, Text},
        preprocess::stage::{Derivation, Refusal, Sources},
    };

    #[derive(Debug)]
    pub struct Both;

    impl Both {
        pub const fn output_shape(&self, of: &[Shape]) -> Result<Shape, Text> {
            match of {
                [_, _] => Ok(Shape::numbers(&[Size::Known(2)])),
                _ => Err(Text::new("it takes two inputs")),
            }
        }
    }

    impl Derivation for Both {
        fn derive(&self, _: &Derived, of: &Sources<'_>) -> Result<Values, Refusal> {
            Ok(of.each_array(|row| Some([row.number(0)?, row.number(1)?])))
        }
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: f32,
    #[input]
    people: f32,
    #[derived(my::Both(rooms, people))]
    three: [f32; 3],
    #[derived(my::Both(rooms, people))]
    inferred: _,
    #[derived(my::Both(rooms))]
    one: [f32; 2],
    #[merge(concat(three, inferred, one))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
