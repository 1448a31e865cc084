//! A loss of one's own with the name of one of ours, from which its predictions would be taken for
//! means and deviations.

use multi_input::{loss::*, multi_input_model};

/// Two values of the target.
#[derive(Debug)]
struct Ends;

impl LossFormula for Ends {
    const FORM: LossForm = LossForm {
        head: HeadForm::Parts(&[Part::Value, Part::Value]),
        ..LossForm::of_numbers("gaussian")
    };

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        (head[0] - target.at(0)).powi(2) + (head[1] - target.at(0)).powi(2)
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(2))]
    #[output(loss = Ends)]
    price: f32,
}

fn main() {}
