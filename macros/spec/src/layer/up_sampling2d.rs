//! `UpSampling2D`: repeats every pixel.

use super::{conv2d::images_only, layer, Sizes};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Size};

layer! {
    "UpSampling2D", "up_sampling2d";
    doc: Doc {
        computes: "each pixel repeated, `times` down and across (one number or a pair)",
        shape: "`[channels, height, width]` to `[channels, height', width']`",
        keras: "`UpSampling2D`",
        torch: "`Upsample`",
        also: &["Upsample", "UpsamplingNearest2d", "Upscale2D"],
        onnx: Onnx::since(13, &["Resize"]),
    },
    parameters: &[Parameter::required("times", ArgumentKind::Pair)],
    refuses: |name, input, _| images_only(name, input),
    output: |input, arguments| {
        let [down, across] = arguments[0].pair_or([Size::Unknown; 2]);
        input.with(1, input.dim(1).times(down)).with(2, input.dim(2).times(across))
    },
    flops: |_, _| Size::Known(0),
    sizes: |input, arguments| {
        let [down, across] = arguments[0].pair_or([Size::Unknown; 2]);
        Sizes::of(&[down, across, input.dim(1).times(down), input.dim(2).times(across)])
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, Text, Value};

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
