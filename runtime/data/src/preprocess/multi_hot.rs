//! `multi_hot`: multi-hot encoding of categories.

use serde::{Deserialize, Serialize};

use super::{
    seen_indices::SeenIndices,
    stage::{refuse, LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// Encodes a list of category indices as `size` numbers: 1 at each index that occurs in the list,
/// else 0. An index that no training row has (usually the unknown category) is omitted, because its
/// weights would be untrained.
///
/// `keras.layers.CategoryEncoding(size, output_mode="multi_hot")`, which does not omit unseen
/// indices; `sklearn.preprocessing.MultiLabelBinarizer`, which does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MultiHot(SeenIndices);

impl LearnedStep for MultiHot {
    type State = SeenIndices;

    fn unfitted(_: &Step) -> Option<MultiHot> {
        Some(MultiHot::default())
    }

    fn start(_: &Step) -> SeenIndices {
        SeenIndices::default()
    }

    fn update(training_indices: &mut SeenIndices, step: &Step, values: &Values) {
        training_indices.update(values, step.output.last().get());
    }

    fn learn(training_indices: SeenIndices, _: &Step) -> MultiHot {
        MultiHot(training_indices)
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.0.check(step.output.last().get())
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Categories(indices) = &values else { return Ok(values) };
        let (size, steps) = (step.output.last().get(), step.input.last().get().max(1));
        let mut numbers = vec![0.0; indices.len() / steps * size];
        for (position, index) in indices.iter().enumerate() {
            let row = &mut numbers[position / steps * size..][..size];
            match row.get_mut(*index as usize) {
                Some(number) => *number = f32::from(u8::from(!self.0.is_unseen(*index))),
                None => {
                    return Err(refuse(step, position, format!("a category below {size}"), index))
                }
            }
        }
        Ok(Values::Numbers(numbers))
    }
}
