//! `UpSampling2D`: every pixel repeated.

use super::{conv2d::images_only, Form, Layer, Sizes};
use crate::{ArgumentKind, Parameter, Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "UpSampling2D",
    module: "up_sampling2d",
    doc: "Every pixel repeated down and across.",
    parameters: &[Parameter::required("times", ArgumentKind::Pair)],
    output,
    count,
    sizes,
    form: Form::STATELESS,
};

/// Height and width grow by their factors.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(text) = images_only("UpSampling2D", input) {
        return Err(text);
    }
    let [down, across] = arguments[0].pair_or([Size::Unknown; 2]);
    Ok(input.with(1, input.dim(1).times(down)).with(2, input.dim(2).times(across)))
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `UpSampling2D<DOWN, ACROSS, HEIGHT, WIDTH>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    let [down, across] = arguments[0].pair_or([Size::Unknown; 2]);
    Sizes::of(&[down, across, input.dim(1).times(down), input.dim(2).times(across)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape::numbers(&[Size::Known(3), Size::Known(5), Size::Unknown]);
    const TIMES: &[Value] = &[Value::Pair([Size::Known(2), Size::Known(3)])];

    #[test]
    fn height_and_width_grow() {
        const OUTPUT: Result<Shape, Text> = output(&IMAGE, TIMES);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[3, 10, ?]");
        let known = output(&IMAGE.with(2, Size::Known(4)), TIMES).unwrap();
        assert_eq!(Text::new("").shape(&known).as_str(), "[3, 10, 12]");
        assert_eq!(count(&IMAGE, TIMES), Size::Known(0));
    }

    #[test]
    fn vectors_are_refused() {
        assert_eq!(
            output(&Shape::numbers(&[Size::Known(12)]), TIMES).unwrap_err().as_str(),
            "`UpSampling2D` takes an image [channels, height, width], but what flows in is [12]; \
             put `Reshape(channels, height, width)` before it"
        );
    }
}
