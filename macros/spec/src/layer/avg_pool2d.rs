//! `AvgPool2D`: the mean under each place of a window.

use super::{pool2d, Form, Layer, Sizes};
use crate::{Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "AvgPool2D",
    module: "avg_pool2d",
    doc: "The mean of each channel under each place of a window.",
    parameters: pool2d::PARAMETERS,
    output,
    count,
    sizes,
    form: Form { slide: Some(slide), ..Form::STATELESS },
};

/// `[channels, height, width]` becomes `[channels, ..]`, a pixel for each place of the window.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    pool2d::output("AvgPool2D", input, arguments)
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `AvgPool2D<POOL_HEIGHT, POOL_WIDTH, HEIGHT, WIDTH, Slide<..>>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    pool2d::sizes(input, arguments)
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    pool2d::slide(input, arguments)
}
