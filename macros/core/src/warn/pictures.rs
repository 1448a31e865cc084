//! Pictures whose channels are last, as those of Keras are.

use multi_input_spec::{Kind, Shape, Size};

use super::{is, Findings};
use crate::check::CheckedGraph;

/// The numbers of channels that pictures have: grey, colours, colours with alpha.
const CHANNELS: [usize; 3] = [1, 3, 4];

/// A picture that is not square and smaller than this may be a stack of channels.
const SMALLEST: usize = 32;

/// An array of rows that a convolution takes for channels.
pub(super) fn channels_last(checked: &CheckedGraph, node: usize) -> Findings {
    let (written, shapes) = (&checked.graph.nodes[node], &checked.shapes[node]);
    let convolves = shapes.layers.iter().find_map(|layer| {
        let is_conv = is(layer, "Conv2D") || is(layer, "SeparableConv2D");
        is_conv.then(|| !layer.input.shape.differs(&shapes.input.shape))
    });
    let (Some(true), Some(ty), true) = (convolves, &written.field.ty, written.is_input()) else {
        return Vec::new();
    };
    let Some([height, width, channels]) = sizes(&shapes.input.shape) else { return Vec::new() };
    let is_large = height.min(width) >= if height == width { SMALLEST / 2 } else { SMALLEST };
    if !CHANNELS.contains(&channels) || !is_large || ty.dims.len() != 3 {
        return Vec::new();
    }
    let name = written.name();
    let text = format!(
        "`{name}`: the channels of a picture come first, so that this one has {height} channels of \
         {width} by {channels} pixels; write `[[[f32; {width}]; {height}]; {channels}]`, and put the \
         channels of the rows first"
    );
    vec![(ty.span, text)]
}

fn sizes(shape: &Shape) -> Option<[usize; 3]> {
    if shape.kind != Kind::Numbers || shape.rank() != 3 {
        return None;
    }
    let known = |axis| match shape.dim(axis) {
        Size::Known(size) => Some(size),
        Size::Unknown => None,
    };
    Some([known(0)?, known(1)?, known(2)?])
}
