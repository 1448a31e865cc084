//! `log1p`: the logarithm of one more.

use super::stage::{refuse, FixedStep, Refusal};
use crate::{data::Values, definition::Step};

/// ln(1 + x) of every number, which must be above -1: for counts and prices that spread over
/// several orders of magnitude. NumPy's `log1p`.
#[derive(Clone, Copy, Debug)]
pub struct Log1p;

impl FixedStep for Log1p {
    fn apply(step: &Step, mut values: Values) -> Result<Values, Refusal> {
        let Values::Numbers(numbers) = &mut values else { return Ok(values) };
        if let Some(place) = numbers.iter().position(|number| *number <= -1.0) {
            return Err(refuse(
                step,
                place,
                "a number above -1, for its logarithm",
                numbers[place],
            ));
        }
        numbers.iter_mut().for_each(|number| *number = number.ln_1p());
        Ok(values)
    }

    fn invert(_: &Step, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number = number.exp_m1());
    }
}
