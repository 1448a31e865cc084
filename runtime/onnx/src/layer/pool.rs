//! Poolings over windows, and over all steps or pixels.

use super::{mask, window::Window, Flow, LayerCall};
use crate::{
    graph::Graph,
    refusal::Refusal,
    value::{batch_of, Value},
};

/// `MaxPool2D` and `AvgPool2D`.
pub(super) fn image(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let [height, width, ..] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let (row, output) = (flow.value.row(), layer.output);
    let window = Window::of(layer, &flow, &[height, width], (&row[1..], &output[1..]));
    let value = pool(graph, layer, &flow.value, window, output);
    Ok(Flow::unmasked(value))
}

/// `MaxPool1D` and `AvgPool1D`: ours have the features last, ONNX the steps.
pub(super) fn steps(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let [kernel, positions, ..] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let row = flow.value.row();
    let window = Window::of(layer, &flow, &[kernel], (&row[..1], &[positions]));
    let x = graph.transpose(&flow.value, &[0, 2, 1]);
    let value = pool(graph, layer, &x, window, &[row[1], positions]);
    Ok(Flow::unmasked(graph.transpose(&value, &[0, 2, 1])))
}

fn pool(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    x: &Value,
    window: Window,
    output: &[usize],
) -> Value {
    let operator = match layer.spec.name.starts_with("Max") {
        true => window.attributes(graph.operator("MaxPool", &[x])),
        // Padding does not count.
        false => {
            window.attributes(graph.operator("AveragePool", &[x])).with("count_include_pad", 0_i64)
        }
    };
    operator.gives(x.dtype, &batch_of(output))
}

/// `GlobalMaxPool2D` and `GlobalAveragePool2D`.
pub(super) fn all_pixels(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let value = match layer.spec.name {
        "GlobalMaxPool2D" => graph.reduce_max(&flow.value, &[2, 3], false),
        _ => graph.reduce_mean(&flow.value, &[2, 3], false),
    };
    Ok(Flow::unmasked(value))
}

/// `GlobalMaxPool1D` and `GlobalAveragePool1D`, over the steps that count.
pub(super) fn all_steps(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let is_max = layer.spec.name == "GlobalMaxPool1D";
    let value = match (&flow.mask, is_max) {
        (None, true) => graph.reduce_max(&flow.value, &[1], false),
        (None, false) => graph.reduce_mean(&flow.value, &[1], false),
        (Some(mask), true) => mask::largest(graph, &flow.value, mask),
        (Some(mask), false) => mask::mean(graph, &flow.value, mask),
    };
    Ok(Flow::unmasked(value))
}

#[cfg(test)]
mod tests {
    use multi_input_spec::{Padding, Value as Argument};

    use crate::testing::{pair, size, Case};

    #[test]
    fn padding_does_not_count_in_a_mean() {
        let same = ("padding", Argument::Padding(Padding::Same));
        let case = Case { name: "AvgPool1D", arguments: &[("pool", size(2)), same], tensors: &[] };
        assert_eq!(
            case.on(&[5, 3])[1],
            "AveragePool = AveragePool(Transpose) kernel_shape=[2] strides=[2] pads=[0, 1] count_include_pad=0"
        );
        let stride = ("stride", pair(1, 2));
        let case =
            Case { name: "MaxPool2D", arguments: &[("pool", pair(3, 2)), stride], tensors: &[] };
        assert_eq!(
            case.on(&[2, 4, 5]),
            ["MaxPool = MaxPool(x) kernel_shape=[3, 2] strides=[1, 2] pads=[0, 0, 0, 0]"]
        );
    }

    #[test]
    fn a_sequence_without_steps_that_count_gives_zeros() {
        let case = Case { name: "GlobalMaxPool1D", arguments: &[], tensors: &[] };
        assert_eq!(case.on(&[5, 3]), ["ReduceMax = ReduceMax(x) axes=[1] keepdims=0"]);
        assert_eq!(
            case.on_masked(&[5, 3]),
            [
                "Reshape = Reshape(x.mask, [-1, 5, 1])",
                "Where = Where(Reshape, x, [-inf])",
                "ReduceMax = ReduceMax(Where) axes=[1] keepdims=0",
                "Cast = Cast(x.mask) to=1",
                "ReduceSum = ReduceSum(Cast, [1]) keepdims=1",
                "Greater = Greater(ReduceSum, [0.0])",
                "Where_2 = Where(Greater, ReduceMax, [0.0])",
            ]
        );
        let case = Case { name: "GlobalAveragePool1D", ..case };
        assert_eq!(
            case.on_masked(&[5, 3]),
            [
                "Reshape = Reshape(x.mask, [-1, 5, 1])",
                "Where = Where(Reshape, x, [0.0])",
                "ReduceSum = ReduceSum(Where, [1]) keepdims=0",
                "Cast = Cast(x.mask) to=1",
                "ReduceSum_2 = ReduceSum(Cast, [1]) keepdims=1",
                "Max = Max(ReduceSum_2, [1.0])",
                "Div = Div(ReduceSum, Max)",
            ]
        );
    }

    #[test]
    fn all_pixels_of_a_picture_are_one() {
        let case = Case { name: "GlobalAveragePool2D", arguments: &[], tensors: &[] };
        assert_eq!(case.on(&[2, 4, 5]), ["ReduceMean = ReduceMean(x) axes=[2, 3] keepdims=0"]);
        let case = Case { name: "GlobalMaxPool2D", ..case };
        assert_eq!(case.on(&[2, 4, 5]), ["ReduceMax = ReduceMax(x) axes=[2, 3] keepdims=0"]);
    }
}
