//! `multi_hot`: multi-hot encoding of categories.

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

/// Encodes a list of category indices, of one or of any length, as `size` numbers: 1 at each index that occurs in the list,
/// else 0. An empty list is zeros alone. An index that no training row has (usually the unknown category) is omitted, because its
/// weights would be untrained.
///
/// `keras.layers.CategoryEncoding(size, output_mode="multi_hot")`, which does not omit unseen
/// indices; `sklearn.preprocessing.MultiLabelBinarizer`, which does.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "CategoryEncoding")]
#[doc(alias = "MultiLabelBinarizer")]
#[doc(alias = "multi_hot_encoding")]
pub struct MultiHot;

impl LearnedStep for MultiHot {
    type State = SeenIndices;
    type Fitted = SeenIndices;

    fn unfitted(&self, _: &Step) -> Option<SeenIndices> {
        Some(SeenIndices::default())
    }

    fn start(&self, _: &Step) -> SeenIndices {
        SeenIndices::default()
    }

    fn update(&self, training_indices: &mut SeenIndices, step: &Step, values: &Values) {
        match values {
            Values::Lists(lists) => {
                lists.iter().for_each(|list| self.update(training_indices, step, list));
            }
            _ => training_indices.update(values, step.output.last().get()),
        }
    }

    merges_state!();

    fn learn(&self, training_indices: SeenIndices, _: &Step) -> SeenIndices {
        training_indices
    }

    fn check(&self, fitted: &SeenIndices, step: &Step) -> Result<(), String> {
        fitted.check(step.output.last().get())
    }

    fn apply(&self, fitted: &SeenIndices, step: &Step, values: Values) -> Result<Values, Refusal> {
        let size = step.output.last().get();
        let lists: Vec<&[u32]> = match &values {
            Values::Categories(indices) => indices.chunks(step.input.last().get().max(1)).collect(),
            Values::Lists(lists) => lists.iter().map(|list| indices_of(list)).collect(),
            _ => return Ok(values),
        };
        let mut numbers = vec![0.0; lists.len() * size];
        for (row, indices) in lists.into_iter().enumerate() {
            let encoded = &mut numbers[row * size..][..size];
            for index in indices {
                let Some(number) = encoded.get_mut(*index as usize) else {
                    let expected = format!("a category below {size}");
                    return Err(Refusal { row, expected, found: index.to_string() });
                };
                *number = f32::from(u8::from(!fitted.is_unseen(*index)));
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
        let mut occurs = graph.equal(&index, &all);
        if let Some(mask) = &flow.mask {
            let mask = graph.unsqueeze(mask, mask.rank());
            occurs = graph.and(&occurs, &mask);
        }
        let count = graph.cast(&occurs, onnx::DataType::Float);
        let count = graph.reduce_sum(&count, &[count.rank() - 2], false);
        let zero = graph.float(0.0);
        let occurs = graph.greater(&count, &zero);
        let mut value = graph.cast(&occurs, onnx::DataType::Float);
        if let Some((is_seen, _)) = fitted.to_onnx(graph, size) {
            value = graph.mul(&value, &is_seen);
        }
        Ok(onnx::Flow::unmasked(value))
    }
}

fn indices_of(list: &Values) -> &[u32] {
    match list {
        Values::Categories(indices) => indices,
        _ => &[],
    }
}
