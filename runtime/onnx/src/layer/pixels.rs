//! `ZeroPad2D` and `UpSampling2D`.

use super::{Flow, LayerCall};
use crate::{
    graph::Graph,
    refusal::Refusal,
    tensor::Tensor,
    value::{batch_of, Value},
};

/// `ZeroPad2D`: `Pad`.
pub(super) fn zeros_around(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let margins = layer.argument("margins").margins();
    let [above, below, left, right] = margins.map(|margin| margin.get() as i64);
    let pads = graph.ints(&[0, 0, above, left, 0, 0, below, right]);
    let operator = graph.operator("Pad", &[&flow.value, &pads]).with("mode", "constant");
    let value = operator.gives(flow.value.dtype, &batch_of(layer.output));
    Ok(Flow::unmasked(value))
}

/// `UpSampling2D`: `Resize` to the nearest pixel.
pub(super) fn repeated(
    graph: &mut Graph,
    layer: &LayerCall<'_>,
    flow: Flow,
) -> Result<Flow, Refusal> {
    let [down, across, ..] = layer.sizes(&flow)[..] else { return Ok(flow) };
    let scales = [1.0, 1.0, down as f32, across as f32];
    let scales = graph.constant(Tensor::floats(&[4], scales));
    let none = Value::none();
    let operator = graph.operator("Resize", &[&flow.value, &none, &scales]);
    let operator = operator.with("mode", "nearest").with("nearest_mode", "floor");
    let operator = operator.with("coordinate_transformation_mode", "asymmetric");
    let value = operator.gives(flow.value.dtype, &batch_of(layer.output));
    Ok(Flow::unmasked(value))
}

#[cfg(test)]
mod tests {
    use multi_input_spec::{Size, Value as Argument};

    use crate::testing::{pair, Case};

    #[test]
    fn zeros_are_added_and_pixels_repeated() {
        let margins = Argument::Margins([1, 0, 2, 3].map(Size::Known));
        let case = Case { name: "ZeroPad2D", arguments: &[("margins", margins)], tensors: &[] };
        assert_eq!(case.on(&[2, 4, 5]), ["Pad = Pad(x, [0, 0, 1, 2, 0, 0, 0, 3]) mode=constant"]);
        let times = ("times", pair(2, 3));
        let case = Case { name: "UpSampling2D", arguments: &[times], tensors: &[] };
        assert_eq!(
            case.on(&[2, 4, 5]),
            ["Resize = Resize(x, , [1.0, 1.0, 2.0, 3.0]) mode=nearest nearest_mode=floor \
              coordinate_transformation_mode=asymmetric"]
        );
    }
}
