//! `one_hot`: a number for each category.

use serde::{Deserialize, Serialize};

use super::{
    seen::SeenIndices,
    stage::{refuse, LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// A category index becomes `size` numbers: 1 at its place, 0 elsewhere; a list of indices a row of
/// them for each. An index that no training row has (the unknown category as a rule) becomes equal
/// shares at the places of those that some row has: a 1 at its own place would meet weights that were
/// never trained.
///
/// `keras.layers.CategoryEncoding(size, output_mode="one_hot")` and
/// `torch.nn.functional.one_hot`, which give an unseen index its own place; after `categories`,
/// `sklearn.preprocessing.OneHotEncoder` with two columns more, for padding and the unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OneHot(SeenIndices);

impl LearnedStep for OneHot {
    type Seen = SeenIndices;

    fn unfitted(_: &Step) -> Option<OneHot> {
        Some(OneHot::default())
    }

    fn start(_: &Step) -> SeenIndices {
        SeenIndices::default()
    }

    fn look(seen: &mut SeenIndices, step: &Step, values: &Values) {
        seen.look(values, step.output.last().get());
    }

    fn learn(seen: SeenIndices, _: &Step) -> OneHot {
        OneHot(seen)
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.0.check(step.output.last().get())
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Categories(indices) = &values else { return Ok(values) };
        let size = step.output.last().get();
        let mut numbers = vec![0.0; indices.len() * size];
        for (place, (index, row)) in indices.iter().zip(numbers.chunks_exact_mut(size)).enumerate()
        {
            if *index as usize >= size {
                return Err(refuse(step, place, format!("a category below {size}"), index));
            }
            match self.0.lacks(*index) {
                false => row[*index as usize] = 1.0,
                true => self.0.share_out(row),
            }
        }
        Ok(Values::Numbers(numbers))
    }
}
