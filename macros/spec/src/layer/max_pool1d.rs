//! `MaxPool1D`: the largest number under each place of a window along a sequence.

use super::{pool1d, Form, Layer, Sizes};
use crate::{Shape, Size, Text, Value};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "MaxPool1D",
    module: "max_pool1d",
    doc: "The largest number of each feature under each place of a window along the steps.",
    parameters: pool1d::PARAMETERS,
    output,
    count,
    sizes,
    form: Form { slide: Some(slide), ..Form::STATELESS },
};

/// `[steps, features]` becomes `[.., features]`, a step for each place of the window.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    pool1d::output("MaxPool1D", input, arguments)
}

/// Nothing is learned.
pub const fn count(_: &Shape, _: &[Value]) -> Size {
    Size::Known(0)
}

/// `MaxPool1D<POOL, STEPS, Slide<..>>`.
pub const fn sizes(input: &Shape, arguments: &[Value]) -> Sizes {
    pool1d::sizes(input, arguments)
}

/// `Slide<..>`.
pub const fn slide(input: &Shape, arguments: &[Value]) -> Sizes {
    pool1d::slide(input, arguments)
}
