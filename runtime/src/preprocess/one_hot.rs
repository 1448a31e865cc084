//! `one_hot`: a number for each category.

use super::stage::{refuse, FixedStep, Refusal};
use crate::{data::Values, definition::Step};

/// A category index becomes `size` numbers: 1 at its place, 0 elsewhere; a list of indices a row of
/// them for each. `keras.layers.CategoryEncoding(size, output_mode="one_hot")`;
/// `torch.nn.functional.one_hot`; after `categories`, `sklearn.preprocessing.OneHotEncoder` with two
/// columns more, for padding and the unknown.
#[derive(Clone, Copy, Debug)]
pub struct OneHot;

impl FixedStep for OneHot {
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Categories(indices) = &values else { return Ok(values) };
        let size = step.output.last().get();
        let mut numbers = vec![0.0; indices.len() * size];
        for (place, (index, row)) in indices.iter().zip(numbers.chunks_exact_mut(size)).enumerate()
        {
            match row.get_mut(*index as usize) {
                Some(number) => *number = 1.0,
                None => return Err(refuse(step, place, format!("a category below {size}"), index)),
            }
        }
        Ok(Values::Numbers(numbers))
    }
}
