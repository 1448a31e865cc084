//! `EmbeddingBag`: `Gather`, and a pooling over the values that count.

use super::{mask, Flow, LayerCall};
use crate::{graph::Graph, refusal::Refusal};

pub(super) fn write(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let table = layer.needed(graph, "weight")?;
    let mut vectors = graph.gather(&table, &flow.value, 0);
    if let Some(weights) = &flow.weights {
        let weights = graph.reshape(weights, &[flow.value.elements(), 1]);
        vectors = graph.mul(&vectors, &weights);
    }
    let mode = layer.argument("mode").word_or("mean");
    let value = match (mode, &flow.mask) {
        ("sum", None) => graph.reduce_sum(&vectors, &[1], false),
        ("sum", Some(mask)) => mask::sum(graph, &vectors, mask),
        ("max", None) => graph.reduce_max(&vectors, &[1], false),
        ("max", Some(mask)) => mask::largest(graph, &vectors, mask),
        (_, None) => graph.reduce_mean(&vectors, &[1], false),
        (_, Some(mask)) => mask::mean(graph, &vectors, mask),
    };
    Ok(Flow::unmasked(value))
}

#[cfg(test)]
mod tests {
    use multi_input_spec::Value as Argument;

    use crate::{
        testing::{size, Case},
        DataType,
    };

    #[test]
    fn values_that_count_are_pooled() {
        let of = |mode: &'static str, masked: bool| {
            let mode = ("mode", Argument::Word(mode));
            let arguments = &[("categories", size(9)), ("width", size(4)), mode];
            let case = Case { name: "EmbeddingBag", arguments, tensors: &[("weight", &[9, 4])] };
            case.written(DataType::Int64, &[5], masked)
        };
        let gather = "Gather = Gather(weight, x) axis=0";
        assert_eq!(of("sum", false), [gather, "ReduceSum = ReduceSum(Gather, [1]) keepdims=0"]);
        assert_eq!(
            of("mean", false),
            [gather, "ReduceMean = ReduceMean(Gather) axes=[1] keepdims=0"]
        );
        assert_eq!(of("max", false), [gather, "ReduceMax = ReduceMax(Gather) axes=[1] keepdims=0"]);
        assert_eq!(
            of("sum", true),
            [
                gather,
                "Reshape = Reshape(x.mask, [-1, 5, 1])",
                "Where = Where(Reshape, Gather, [0.0])",
                "ReduceSum = ReduceSum(Where, [1]) keepdims=0",
            ]
        );
        assert_eq!(of("max", true).last().unwrap(), "Where_2 = Where(Greater, ReduceMax, [0.0])");
        assert_eq!(of("mean", true).last().unwrap(), "Div = Div(ReduceSum, Max)");
    }
}
