//! An argument that the loss does not have.

use multi_input::{loss::*, multi_input_model};

/// A loss with an exponent.
#[derive(Debug)]
struct Power {
    exponent: f64,
}

impl LossFormula for Power {
    const FORM: LossForm = LossForm::of_numbers("power");

    fn value<N: Real>(&self, head: &[N], target: TargetRow<'_>) -> N {
        (head[0] - target.at(0)).abs().powf(self.exponent)
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = Power(power = 1.5))]
    price: f32,
}

fn main() {}
