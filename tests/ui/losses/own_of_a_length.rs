//! A length is no length after any step.

use multi_input::{loss::*, multi_input_model};

/// A location and a scale.
#[derive(Debug)]
struct Laplace;

impl LossFormula for Laplace {
    const FORM: LossForm = LossForm {
        head: HeadForm::Parts(&[Part::Value, Part::Length]),
        ..LossForm::of_numbers("laplace")
    };

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        (head[0] - target.at(0)).abs() / head[1].exp() + head[1]
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(2))]
    #[output(loss = Laplace)]
    price: f32,
}

fn main() {}
