//! `pad`: lists padded to one length.

use std::sync::Arc;

#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;
use multi_input_spec::Kind;

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, table::Lengths, Values};

/// Pads lists with zeros to `length` values, and masks the padding. Of a longer list, `cut` says
/// which end is cut off.
///
/// The mask follows from the lengths, not from the values: a category 0 and a number 0 in a list
/// count. An empty list is padding alone. A list of numbers becomes a sequence of one feature.
///
/// `keras.utils.pad_sequences(maxlen=length, padding=.., truncating=..)`, where both are `"pre"` by
/// default, which is `pad(length, before, cut = before)`. `torch.nn.utils.rnn.pad_sequence` pads to
/// the longest list of a batch.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "pad_sequences")]
#[doc(alias = "before")]
#[doc(alias = "pad_sequence")]
#[doc(alias = "padding")]
pub struct Pad;

impl FixedStep for Pad {
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let Values::Lists(lists) = &values else { return Ok(values) };
        let padding = Padding::of(step);
        Ok(match Values::empty_of(lists) {
            _ if step.output.kind == Kind::Categories => {
                Values::Categories(padding.pad(lists, |list| match list {
                    Values::Categories(indices) => indices,
                    _ => &[],
                }))
            }
            Values::Doubles(_) => Values::Doubles(padding.pad(lists, |list| match list {
                Values::Doubles(numbers) => numbers,
                _ => &[],
            })),
            _ => Values::Numbers(padding.pad(lists, |list| match list {
                Values::Numbers(numbers) => numbers,
                _ => &[],
            })),
        })
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        match &flow.mask {
            Some(mask) => Ok(Padding::of(step).to_onnx(step, graph, &flow.value, mask)),
            None => Ok(flow),
        }
    }
}

/// The lengths of lists after they are cut to the length of `step`.
pub(super) fn lengths(step: &Step, lists: &[Arc<Values>]) -> Lengths {
    let padding = Padding::of(step);
    let length = |list: &Arc<Values>| padding.kept(list.len()) as u32;
    Lengths { of_rows: lists.iter().map(length).collect(), padded_before: padding.before }
}

/// The arguments of a step.
struct Padding {
    /// The number of items of a row.
    length: usize,
    /// The number of elements of an item.
    width: usize,
    /// Whether the padding is before the items.
    before: bool,
    /// Whether the first items of a longer list are cut off.
    cut_before: bool,
}

impl Padding {
    fn of(step: &Step) -> Padding {
        let length = step.output.dim(0).get();
        let is_before = |argument| step.argument(argument).word_or("after") == "before";
        Padding {
            length,
            width: (step.output.elements().get() / length.max(1)).max(1),
            before: is_before("side"),
            cut_before: is_before("cut"),
        }
    }

    /// The number of items that stay of a list of `elements`.
    fn kept(&self, elements: usize) -> usize {
        (elements / self.width).min(self.length)
    }

    /// Lists of items, of which those count that `mask` says, as padded rows. An item of the output is
    /// the item of the list before which as many count as its number is.
    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        value: &onnx::Value,
        mask: &onnx::Value,
    ) -> onnx::Flow {
        // Whole numbers in `float`: tract has no `CumSum` of `int64`.
        let (zero, minus_one) = (graph.float(0.0), graph.float(-1.0));
        let [value, mask] = [value, mask].map(|lists| one_longer(graph, lists));
        let counts = graph.cast(&mask, onnx::DataType::Float);
        let count = graph.reduce_sum(&counts, &[1], true);
        let length = graph.float(self.length as f32);
        let kept = graph.min(&count, &length);
        let positions = (0..self.length).map(|position| position as f32);
        let positions = graph.constant(onnx::Tensor::floats(&[self.length], positions));
        let start = if self.before { graph.sub(&length, &kept) } else { zero.clone() };
        let number = graph.sub(&positions, &start);
        let is_item = match self.before {
            true => graph.greater_or_equal(&number, &zero),
            false => graph.less(&number, &kept),
        };
        let cut = if self.cut_before { graph.sub(&count, &kept) } else { zero };
        let number = graph.add(&number, &cut);
        let number = graph.choose(&is_item, &number, &minus_one);
        let index = index_of_item(graph, &number, &counts);
        let elements: Vec<onnx::Dim> = [&number.shape[..], &value.shape[2..]].concat();
        let gathered = graph
            .operator("GatherND", &[&value, &index])
            .with("batch_dims", 1_i64)
            .gives(value.dtype, &elements);
        let condition = match gathered.rank() {
            2 => is_item.clone(),
            _ => graph.unsqueeze(&is_item, 2),
        };
        let padding = graph.number(value.dtype, 0.0);
        let padded = graph.choose(&condition, &gathered, &padding);
        let sizes: Vec<usize> =
            (0..step.output.rank()).map(|axis| step.output.dim(axis).get()).collect();
        onnx::Flow { value: graph.reshape(&padded, &sizes), mask: Some(is_item), weights: None }
    }

    /// The elements of all lists; `elements_of` gives those of one.
    fn pad<T: Copy + Default>(
        &self,
        lists: &[Arc<Values>],
        elements_of: impl Fn(&Values) -> &[T],
    ) -> Vec<T> {
        let row = self.length * self.width;
        let mut padded = vec![T::default(); lists.len() * row];
        for (padded, list) in padded.chunks_exact_mut(row.max(1)).zip(lists) {
            let list = elements_of(list);
            let kept = self.kept(list.len()) * self.width;
            let from = if self.cut_before { list.len() - kept } else { 0 };
            let to = if self.before { row - kept } else { 0 };
            padded[to..][..kept].copy_from_slice(&list[from..][..kept]);
        }
        padded
    }
}

/// Lists with an item more, which does not count, so that there is one to take.
#[cfg(feature = "onnx")]
fn one_longer(graph: &mut onnx::Graph, lists: &onnx::Value) -> onnx::Value {
    let zero = match lists.dtype {
        onnx::DataType::Bool => graph.constant(onnx::Tensor::bools(&[], [false])),
        dtype => graph.number(dtype, 0.0),
    };
    let mut sizes = lists.row();
    sizes[0] = 1;
    let item = graph.expand_to_rows(&zero, lists, &sizes);
    graph.concat(&[lists, &item], 1)
}

/// The indices of the items before which `number` items count, `[batch, positions, 1]`; 0 for a number
/// below 0.
#[cfg(feature = "onnx")]
fn index_of_item(
    graph: &mut onnx::Graph,
    number: &onnx::Value,
    counts: &onnx::Value,
) -> onnx::Value {
    let counted = graph.cumulative_sum(counts, 1);
    let counted = graph.unsqueeze(&counted, 1);
    let number = graph.unsqueeze(number, 2);
    let is_before = graph.greater_or_equal(&number, &counted);
    let is_before = graph.cast(&is_before, onnx::DataType::Float);
    let index = graph.reduce_sum(&is_before, &[2], true);
    graph.cast(&index, onnx::DataType::Int64)
}

#[cfg(test)]
mod tests {
    use multi_input_spec::{step::pad, Shape, Size, Value};

    use super::*;

    fn step(items: Shape, words: [&'static str; 2]) -> Step {
        let [side, cut] = words.map(Value::Word);
        let arguments = Box::leak(Box::new([Value::Size(Size::Known(3)), side, cut]));
        let input = items.with_list(true);
        let Ok(output) = (pad::STEP.output)(&input, arguments) else { panic!() };
        let stage = &Pad;
        Step { spec: &pad::STEP, arguments, own: None, input, output, vocabulary_of: None, stage }
    }

    fn lists<T: Clone>(lists: &[&[T]], of: fn(Vec<T>) -> Values) -> Vec<Arc<Values>> {
        lists.iter().map(|list| Arc::new(of(list.to_vec()))).collect()
    }

    #[test]
    fn either_side_is_padded_and_cut() {
        let lists = lists(&[&[7, 8], &[], &[1, 2, 3, 4], &[0, 0, 0]], Values::Categories);
        let padded = |side, cut| {
            let step = step(Shape::categories(&[]), [side, cut]);
            let lengths = lengths(&step, &lists);
            assert_eq!(
                (lengths.of_rows, lengths.padded_before),
                (vec![2, 0, 3, 3], side == "before")
            );
            Pad.apply(&step, Values::Lists(lists.clone())).unwrap()
        };
        let after = Values::Categories(vec![7, 8, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0]);
        assert_eq!(padded("after", "after"), after);
        let last = Values::Categories(vec![7, 8, 0, 0, 0, 0, 2, 3, 4, 0, 0, 0]);
        assert_eq!(padded("after", "before"), last);
        let before = Values::Categories(vec![0, 7, 8, 0, 0, 0, 1, 2, 3, 0, 0, 0]);
        assert_eq!(padded("before", "after"), before);
    }

    #[test]
    fn items_of_several_numbers_stay_together() {
        let step = step(Shape::numbers(&[Size::Known(2)]), ["before", "before"]);
        let of = lists(&[&[1.0, 2.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]], Values::Doubles);
        assert_eq!(lengths(&step, &of).of_rows, [1, 3]);
        let padded = vec![0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        assert_eq!(Pad.apply(&step, Values::Lists(of)).unwrap(), Values::Doubles(padded));
        let none = Pad.apply(&step, Values::Lists(Vec::new())).unwrap();
        assert_eq!(none, Values::Numbers(Vec::new()));
    }
}
