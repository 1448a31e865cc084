//! `GlobalAveragePool2D`: the mean of each channel.

use super::{conv2d::images_only, layer};
use crate::{Doc, Onnx, Shape};

layer! {
    "GlobalAveragePool2D", "global_average_pool2d";
    doc: Doc {
        computes: "the mean of each channel",
        shape: "`[channels, height, width]` to `[channels]`",
        keras: "`GlobalAveragePooling2D`",
        torch: "`AdaptiveAvgPool2d(1)`",
        also: &["GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalAvgPooling2D", "AdaptiveAvgPool2d", "AvgPoolGlobal", "GlobalAveragePool", "GlobalAvgPool", "GAP"],
        onnx: Onnx::since(13, &["ReduceMean"]),
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
            "`GlobalAveragePool2D` takes an image [channels, height, width], but what flows in is [12]; put \
             `Reshape(channels, height, width)` before it"
        );
        let error = output(&Shape::categories(&[Size::Known(4)]), &[]).unwrap_err();
        assert!(
            error.as_str().starts_with("`GlobalAveragePool2D` computes with numbers"),
            "{error:?}"
        );
    }
}
