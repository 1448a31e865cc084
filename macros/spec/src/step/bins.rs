//! `bins`: discretises numbers into intervals.

use super::{numbers_only, Form, Step};
use crate::{ArgumentKind, Doc, Onnx, Parameter, Range, Shape, Size, Text, Value, MAX_RANK};

/// The row of the table.
pub const STEP: Step = Step {
    name: "bins",
    type_name: "Bins",
    doc: Doc {
        computes: "the index of the interval that a number falls into: `bins(10)` learns quantiles, `bins(edges = [..])` takes the edges",
        shape: "numbers to categories below `count`, or below the number of edges plus 1",
        keras: "`Discretization`, scikit-learn `KBinsDiscretizer`",
        torch: "",
        also: &["Discretization", "KBinsDiscretizer", "discretize", "bucketize", "bucketized_column", "digitize", "qcut", "binning"],
        onnx: Onnx::since(16, &["GreaterOrEqual", "Cast", "ReduceSum", "Unsqueeze"]),
    },
    parameters: &[
        Parameter::optional("count", ArgumentKind::Size),
        Parameter::optional("edges", ArgumentKind::Numbers(Range::Finite)),
    ],
    output,
    form: Form::LEARNED,
};

/// One number to one category, `[n]` numbers to `[n]` categories.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    if let Some(wrong) = numbers_only("bins", input) {
        return Err(wrong);
    }
    if arguments[0].is_absent() == arguments[1].is_absent() {
        return Err(Text::new(
            "`bins` takes a number of intervals, `bins(10)`, or what lies between them, \
             `bins(edges = [0.0, 0.5])`",
        ));
    }
    let edges = arguments[1].numbers();
    let mut i = 1;
    while i < edges.len() {
        if edges[i - 1] >= edges[i] {
            return Err(Text::new("the edges of `bins` do not rise from one to the next"));
        }
        i += 1;
    }
    let below = match arguments[0] {
        Value::Size(count) => count,
        _ => Size::Known(edges.len() + 1),
    };
    let mut dims = [Size::Known(1); MAX_RANK];
    let mut axis = 0;
    while axis < input.rank() {
        dims[axis] = input.dim(axis);
        axis += 1;
    }
    Ok(Shape::categories(dims.split_at(input.rank()).0).below(below))
}
