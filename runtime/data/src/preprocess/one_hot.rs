//! `one_hot`: one-hot encoding of categories.

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

#[cfg(feature = "onnx")]
use super::onnx::indices;
use super::{
    merging::merges_state,
    seen_indices::SeenIndices,
    stage::{LearnedStep, Refusal},
};
use crate::{schema::Step, Values};

/// Encodes a category index as `size` numbers: 1 at the index, else 0; a list of indices as one row
/// per index. An index that no training row has (usually the unknown category) is encoded as equal
/// parts at all indices of training rows, because its own weights would be untrained.
///
/// `keras.layers.CategoryEncoding(size, output_mode="one_hot")` and `torch.nn.functional.one_hot`,
/// which encode unseen indices like any other; after `categories`,
/// `sklearn.preprocessing.OneHotEncoder` with two additional columns, for padding and unknown.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "CategoryEncoding")]
#[doc(alias = "OneHotEncoder")]
#[doc(alias = "OneHotEncoding")]
#[doc(alias = "get_dummies")]
#[doc(alias = "to_categorical")]
pub struct OneHot;

impl LearnedStep for OneHot {
    type State = SeenIndices;
    type Fitted = SeenIndices;

    fn unfitted(&self, _: &Step) -> Option<SeenIndices> {
        Some(SeenIndices::default())
    }

    fn start(&self, _: &Step) -> SeenIndices {
        SeenIndices::default()
    }

    fn update(&self, training_indices: &mut SeenIndices, step: &Step, values: &Values) {
        training_indices.update(values, step.output.last().get());
    }

    merges_state!();

    fn learn(&self, training_indices: SeenIndices, _: &Step) -> SeenIndices {
        training_indices
    }

    fn check(&self, fitted: &SeenIndices, step: &Step) -> Result<(), String> {
        fitted.check(step.output.last().get())
    }

    fn apply(&self, fitted: &SeenIndices, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Categories(indices) = &values else { return Ok(values) };
        let size = step.output.last().get();
        let mut numbers = vec![0.0; indices.len() * size];
        for (position, (index, row)) in
            indices.iter().zip(numbers.chunks_exact_mut(size)).enumerate()
        {
            if *index as usize >= size {
                return Err(Refusal::of_element(
                    step,
                    position,
                    format!("a category below {size}"),
                    index,
                ));
            }
            match fitted.is_unseen(*index) {
                false => row[*index as usize] = 1.0,
                true => fitted.fill_equally(row),
            }
        }
        Ok(Values::Numbers(numbers))
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        fitted: &SeenIndices,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        let size = step.output.last().get();
        let all = indices(graph, size);
        let index = graph.unsqueeze(&flow.value, flow.value.rank());
        let is_index = graph.equal(&index, &all);
        let encoded = graph.cast(&is_index, onnx::DataType::Float);
        let Some((is_seen, parts)) = fitted.to_onnx(graph, size) else {
            return Ok(flow.with(encoded));
        };
        // The equal parts, where the number at the index is not one that counts.
        let encoded = graph.mul(&encoded, &is_seen);
        let known = graph.reduce_sum(&encoded, &[encoded.rank() - 1], true);
        let one = graph.float(1.0);
        let unknown = graph.sub(&one, &known);
        let shared = graph.mul(&unknown, &parts);
        let value = graph.add(&encoded, &shared);
        Ok(flow.with(value))
    }
}
