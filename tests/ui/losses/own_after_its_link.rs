//! A loss of one's own that applies the sigmoid itself.

use multi_input::{loss::*, multi_input_model};

/// The squared error of a probability.
#[derive(Debug)]
struct Brier;

impl LossFormula for Brier {
    const FORM: LossForm = LossForm::of_flags("brier");

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        (head[0].sigmoid() - target.at(0)).powi(2)
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = Brier)]
    price: bool,
}

fn main() {}
