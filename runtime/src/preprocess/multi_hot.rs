//! `multi_hot`: which categories occur.

use super::stage::{refuse, FixedStep, Refusal};
use crate::{data::Values, definition::Step};

/// A list of category indices becomes `size` numbers: 1 at the place of each that occurs, however
/// often, 0 elsewhere. `keras.layers.CategoryEncoding(size, output_mode="multi_hot")`;
/// `sklearn.preprocessing.MultiLabelBinarizer`.
#[derive(Clone, Copy, Debug)]
pub struct MultiHot;

impl FixedStep for MultiHot {
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Categories(indices) = &values else { return Ok(values) };
        let (size, steps) = (step.output.last().get(), step.input.last().get().max(1));
        let mut numbers = vec![0.0; indices.len() / steps * size];
        for (place, index) in indices.iter().enumerate() {
            let row = &mut numbers[place / steps * size..][..size];
            match row.get_mut(*index as usize) {
                Some(number) => *number = 1.0,
                None => return Err(refuse(step, place, format!("a category below {size}"), index)),
            }
        }
        Ok(Values::Numbers(numbers))
    }
}
