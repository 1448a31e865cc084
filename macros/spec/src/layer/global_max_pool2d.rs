//! `GlobalMaxPool2D`: the maximum of each channel.

use super::{conv2d::images_only, layer};
use crate::{Doc, Onnx, Shape};

layer! {
    "GlobalMaxPool2D", "global_max_pool2d";
    doc: Doc {
        computes: "the maximum of each channel",
        shape: "`[channels, height, width]` to `[channels]`",
        keras: "`GlobalMaxPooling2D`",
        torch: "`AdaptiveMaxPool2d(1)`",
        also: &["GlobalMaxPooling2D", "AdaptiveMaxPool2d", "MaxPoolGlobal", "GlobalMaxPool"],
        onnx: Onnx::since(13, &["ReduceMax"]),
    },
    refuses: |name, input, _| images_only(name, input),
    output: |input, _| Shape::numbers(&[input.dim(0)]),
    flops: |input, _| input.elements(),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Size, Text};

    #[test]
    fn one_number_for_each_channel_is_left() {
        const OUTPUT: Result<Shape, Text> =
            output(&Shape::numbers(&[Size::Known(4), Size::Unknown, Size::Known(9)]), &[]);
        assert_eq!(Text::new("").shape(&OUTPUT.unwrap()).as_str(), "[4]");
        assert_eq!(count(&Shape::numbers(&[]), &[]), Size::Known(0));
    }

    #[test]
    fn vectors_and_categories_are_refused() {
        let error = output(&Shape::numbers(&[Size::Known(12)]), &[]).unwrap_err();
        assert_eq!(
            error.as_str(),
            "`GlobalMaxPool2D` takes an image [channels, height, width], but what flows in is [12]; put \
             `Reshape(channels, height, width)` before it"
        );
        let error = output(&Shape::categories(&[Size::Known(4)]), &[]).unwrap_err();
        assert!(error.as_str().starts_with("`GlobalMaxPool2D` computes with numbers"), "{error:?}");
    }
}
