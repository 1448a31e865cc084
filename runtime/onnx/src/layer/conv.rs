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

#[cfg(test)]
mod tests {
    use multi_input_spec::{Activation, Padding, Value as Argument};

    use crate::testing::{pair, size, Case};

    #[test]
    fn pads_are_explicit_and_an_odd_zero_goes_behind() {
        let case = Case {
            name: "Conv2D",
            arguments: &[
                ("filters", size(4)),
                ("kernel", pair(3, 2)),
                ("stride", pair(2, 1)),
                ("padding", Argument::Padding(Padding::Same)),
                ("groups", size(2)),
                ("activation", Argument::Activation(Activation::Softmax)),
            ],
            tensors: &[("weight", &[4, 1, 3, 2]), ("bias", &[4])],
        };
        assert_eq!(
            case.on(&[2, 5, 6]),
            [
                "Conv = Conv(x, weight, bias) kernel_shape=[3, 2] strides=[2, 1] pads=[1, 0, 1, 1] group=2",
                "Softmax = Softmax(Conv) axis=1",
            ]
        );
    }

    #[test]
    fn steps_are_the_last_axis_of_onnx() {
        let case = Case {
            name: "Conv1D",
            arguments: &[("filters", size(4)), ("kernel", size(2)), ("dilation", size(3))],
            tensors: &[("weight", &[4, 3, 2])],
        };
        assert_eq!(
            case.on(&[7, 3]),
            [
                "Transpose = Transpose(x) perm=[0, 2, 1]",
                "Conv = Conv(Transpose, weight) kernel_shape=[2] strides=[1] pads=[0, 0] dilations=[3] group=1",
                "Transpose_2 = Transpose(Conv) perm=[0, 2, 1]",
            ]
        );
    }

    #[test]
    fn a_separable_convolution_has_a_group_for_each_channel() {
        let case = Case {
            name: "SeparableConv2D",
            arguments: &[
                ("filters", size(5)),
                ("kernel", pair(2, 2)),
                ("padding", Argument::Padding(Padding::Zeros(multi_input_spec::Size::Known(1)))),
                ("stride", pair(3, 3)),
                ("depth_multiplier", size(2)),
            ],
            tensors: &[
                ("depthwise", &[6, 1, 2, 2]),
                ("pointwise.weight", &[5, 6, 1, 1]),
                ("pointwise.bias", &[5]),
            ],
        };
        // Of four columns with a zero on both sides the windows leave the last zero untouched.
        assert_eq!(
            case.on(&[3, 4, 5]),
            [
                "Conv = Conv(x, depthwise) kernel_shape=[2, 2] strides=[3, 3] pads=[1, 1, 0, 0] group=3",
                "Conv_2 = Conv(Conv, pointwise.weight, pointwise.bias)",
            ]
        );
    }
}
