//! `Conv2D`, `Conv1D` and `SeparableConv2D`: `Conv` with explicit pads.

use super::{window::Window, Flow, LayerCall};
use crate::{
    graph::Graph,
    refusal::Refusal,
    value::{batch_of, Value},
};

/// `Conv2D`.
pub(super) fn image(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let [inputs, _, height, width, ..] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let (weight, bias) = (layer.needed(graph, "weight")?, layer.weight(graph, "bias"));
    let (row, output) = (flow.value.row(), layer.output);
    let window = Window::of(layer, &flow, &[height, width], (&row[1..], &output[1..]));
    let groups = row[0] / inputs.max(1);
    let value = conv(graph, &flow.value, (&weight, bias.as_ref()), (window, groups), output);
    Ok(Flow::unmasked(value))
}

/// `Conv1D`: ours has the features last, ONNX the steps.
pub(super) fn steps(graph: &mut Graph, layer: &LayerCall<'_>, flow: Flow) -> Result<Flow, Refusal> {
    let [inputs, filters, kernel, ..] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let (weight, bias) = (layer.needed(graph, "weight")?, layer.weight(graph, "bias"));
    let (row, positions) = (flow.value.row(), layer.output[0]);
    let window = Window::of(layer, &flow, &[kernel], (&row[..1], &[positions]));
    let groups = row[1] / inputs.max(1);
    let x = graph.transpose(&flow.value, &[0, 2, 1]);
    let output = [filters, positions];
    let value = conv(graph, &x, (&weight, bias.as_ref()), (window, groups), &output);
    Ok(Flow::unmasked(graph.transpose(&value, &[0, 2, 1])))
}

/// `SeparableConv2D`: a group for each channel, then a kernel of one pixel.
pub(super) fn separable(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let [_, between, _, height, width, ..] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let depthwise = layer.needed(graph, "depthwise")?;
    let pointwise = layer.needed(graph, "pointwise.weight")?;
    let bias = layer.weight(graph, "pointwise.bias");
    let (row, output) = (flow.value.row(), layer.output);
    let window = Window::of(layer, &flow, &[height, width], (&row[1..], &output[1..]));
    let inner = [between, output[1], output[2]];
    let each = conv(graph, &flow.value, (&depthwise, None), (window, row[0]), &inner);
    let mut operands = vec![&each, &pointwise];
    operands.extend(bias.as_ref());
    let value = graph.operator("Conv", &operands).gives(each.dtype, &batch_of(output));
    Ok(Flow::unmasked(value))
}

fn conv(
    graph: &mut Graph,
    x: &Value,
    (weight, bias): (&Value, Option<&Value>),
    (window, groups): (Window, usize),
    output: &[usize],
) -> Value {
    let mut operands = vec![x, weight];
    operands.extend(bias);
    let operator = window.attributes(graph.operator("Conv", &operands));
    operator.with("group", groups as i64).gives(x.dtype, &batch_of(output))
}
