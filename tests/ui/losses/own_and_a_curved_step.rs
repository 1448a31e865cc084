//! A length has no counterpart after a logarithm.

use multi_input::{loss::*, multi_input_model};

/// A location and a scale.
#[derive(Debug)]
struct Laplace;

impl LossFormula for Laplace {
    const FORM: LossForm = LossForm {
        head: HeadForm::Parts(&[Part::Value, Part::Length]),
        target_steps: TargetSteps::Affine("the scale of `laplace`"),
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
    #[output(loss = Laplace, log1p)]
    price: f32,
}

fn main() {}
