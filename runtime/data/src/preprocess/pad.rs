//! `pad`: lists padded to one length.

use std::sync::Arc;

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
