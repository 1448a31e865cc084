//! `multi_hot`: which categories occur.

use serde::{Deserialize, Serialize};

use super::{
    seen::SeenIndices,
    stage::{refuse, LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// A list of category indices becomes `size` numbers: 1 at the place of each that occurs, however
/// often, 0 elsewhere. An index that no training row has (the unknown category as a rule) is left
/// out: a 1 at its place would meet weights that were never trained.
///
/// `keras.layers.CategoryEncoding(size, output_mode="multi_hot")`, which does not leave it out;
/// `sklearn.preprocessing.MultiLabelBinarizer`, which does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MultiHot(SeenIndices);

impl LearnedStep for MultiHot {
    type Seen = SeenIndices;

    fn unfitted(_: &Step) -> Option<MultiHot> {
        Some(MultiHot::default())
    }

    fn start(_: &Step) -> SeenIndices {
        SeenIndices::default()
    }

    fn look(seen: &mut SeenIndices, step: &Step, values: &Values) {
        seen.look(values, step.output.last().get());
    }

    fn learn(seen: SeenIndices, _: &Step) -> MultiHot {
        MultiHot(seen)
    }

    fn check(&self, step: &Step) -> Result<(), String> {
        self.0.check(step.output.last().get())
    }

    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Categories(indices) = &values else { return Ok(values) };
        let (size, steps) = (step.output.last().get(), step.input.last().get().max(1));
        let mut numbers = vec![0.0; indices.len() / steps * size];
        for (place, index) in indices.iter().enumerate() {
            let row = &mut numbers[place / steps * size..][..size];
            match row.get_mut(*index as usize) {
                Some(number) => *number = f32::from(u8::from(!self.0.lacks(*index))),
                None => return Err(refuse(step, place, format!("a category below {size}"), index)),
            }
        }
        Ok(Values::Numbers(numbers))
    }
}
