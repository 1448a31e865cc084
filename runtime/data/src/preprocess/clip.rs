//! `clip`: clipping to bounds.

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// min(max(x, low), high) of every number. NumPy: `clip`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "clip")]
#[doc(alias = "clamp")]
#[doc(alias = "clip_by_value")]
pub struct Clip;

impl FixedStep for Clip {
    fn apply(&self, step: &Step, mut values: Values) -> Result<Values, Refusal> {
        let low = step.argument("low").number_or(f64::NEG_INFINITY);
        let high = step.argument("high").number_or(f64::INFINITY);
        match &mut values {
            Values::Numbers(numbers) => clip(numbers, low as f32, high as f32),
            Values::Doubles(numbers) => clip(numbers, low, high),
            _ => {}
        }
        Ok(values)
    }
}

fn clip<T: PartialOrd + Copy>(numbers: &mut [T], low: T, high: T) {
    // Comparisons preserve NaN, which `max` would replace.
    for number in numbers {
        if *number < low {
            *number = low;
        } else if *number > high {
            *number = high;
        }
    }
}
