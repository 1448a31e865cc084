//! A loss of one's own that takes no negative numbers.

use multi_input::{loss::*, multi_input_model};

/// Amounts of at least 0.
#[derive(Debug)]
struct Amounts;

impl LossFormula for Amounts {
    const FORM: LossForm = LossForm {
        non_negative: true,
        target_steps: TargetSteps::None("amounts of at least 0"),
        ..LossForm::of_numbers("amounts")
    };

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        (head[0].sqrt() - target.at(0).sqrt()).powi(2)
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = Amounts)]
    price: f32,
}

fn main() {}
