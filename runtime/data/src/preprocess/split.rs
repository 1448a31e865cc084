//! `split`: a text cut into a list of texts.

use std::sync::Arc;

use multi_input_cells::pieces;
#[cfg(feature = "onnx")]
use multi_input_onnx as onnx;

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// Cuts a text at each `separator` into a list of texts. White space around a text is removed, and
/// a text of which nothing is left is no item: `"Action| Comedy||"` has two. An empty text is an
/// empty list. `split(" ")` cuts at any white space.
///
/// A `Vec` or an array is a list already and stays as it is; in a file, its cell is cut
/// before the items are read.
///
/// pandas: `text.str.split(separator)`; `tf.strings.split`. Both keep empty texts.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "str_split")]
pub struct Split;

impl FixedStep for Split {
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        match &values {
            Values::Texts(texts) if step.input.rank() == 0 && !step.input.is_list() => {
                let separator = step.argument("separator").text_or("");
                let list = |text: &Arc<str>| {
                    let items = pieces(text, separator).filter(|item| !item.is_empty());
                    let items = items.map(Into::into);
                    Arc::new(Values::Texts(items.collect()))
                };
                Ok(Values::Lists(texts.iter().map(list).collect()))
            }
            _ => Ok(values),
        }
    }

    #[cfg(feature = "onnx")]
    fn to_onnx(
        &self,
        step: &Step,
        graph: &mut onnx::Graph,
        flow: onnx::Flow,
    ) -> Result<onnx::Flow, onnx::Refusal> {
        if step.input.rank() != 0 || step.input.is_list() {
            return Ok(flow);
        }
        let separator = step.argument("separator").text_or("");
        let pieces = &[onnx::Dim::Batch, onnx::Dim::Named("pieces")];
        let operator = graph.operator("StringSplit", &[&flow.value]);
        // Without a delimiter it cuts at white space.
        let operator = match separator.trim().is_empty() {
            true => operator,
            false => operator.with("delimiter", separator),
        };
        let counts = Some((onnx::DataType::Int64, &pieces[..1]));
        let [pieces, _] = operator.gives_all([Some((onnx::DataType::Text, pieces)), counts]);
        let empty = graph.constant(onnx::Tensor::texts(&[], [""]));
        let is_empty = graph.equal(&pieces, &empty);
        let mask = graph.not(&is_empty);
        Ok(onnx::Flow { value: pieces, mask: Some(mask), weights: None })
    }
}

#[cfg(test)]
mod tests {
    use multi_input_spec::{step::split, Kind, Shape, Value};

    use super::*;

    #[test]
    fn texts_become_lists_and_lists_stay() {
        let step = |input: Shape| {
            let arguments = &[Value::Text("|")];
            let Ok(output) = (split::STEP.output)(&input, arguments) else { panic!() };
            let (spec, stage) = (&split::STEP, &Split);
            Step { spec, arguments, own: None, input, output, vocabulary_of: None, stage }
        };
        let texts =
            |texts: &[&str]| Values::Texts(texts.iter().map(|text| (*text).into()).collect());
        let text = Shape::new(Kind::Texts, &[]);
        let found = Split.apply(&step(text), texts(&["Action| Comedy|", "", " | "])).unwrap();
        let expected = [texts(&["Action", "Comedy"]), texts(&[]), texts(&[])].map(Arc::new);
        assert_eq!(found, Values::Lists(expected.to_vec()));
        let lists = Values::Lists(expected.to_vec());
        assert_eq!(Split.apply(&step(text.with_list(true)), lists.clone()).unwrap(), lists);
        let pair = Shape::new(Kind::Texts, &[multi_input_spec::Size::Known(1)]);
        assert_eq!(Split.apply(&step(pair), texts(&["a|b"])).unwrap(), texts(&["a|b"]));
    }
}
