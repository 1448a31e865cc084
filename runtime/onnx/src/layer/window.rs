//! The attributes of a window that slides over a picture or over steps.

use super::{shape_of, Flow, LayerCall};
use crate::graph::Operator;

/// A window in the terms of ONNX, with an entry for each axis that it slides along.
pub(super) struct Window {
    kernel: Vec<i64>,
    strides: Vec<i64>,
    dilations: Vec<i64>,
    /// The zeros before each axis, and then those behind each.
    pads: Vec<i64>,
}

impl Window {
    /// The window of a layer of the spec. `sizes` are those of the axes that it slides along,
    /// `positions` those of its output.
    pub(super) fn of(
        layer: &LayerCall<'_>,
        flow: &Flow,
        kernel: &[usize],
        (sizes, positions): (&[usize], &[usize]),
    ) -> Window {
        let slide = layer.spec.form.slide.map(|slide| slide(&shape_of(flow), layer.arguments));
        // Over steps the second of the two axes is the one that the window slides along.
        let first = 2 - kernel.len();
        let at = |entry: usize, axis: usize| {
            slide.map_or(1, |slide| slide.at(entry * 2 + first + axis).get())
        };
        let axes = 0..kernel.len();
        let along = |entry: usize| axes.clone().map(move |axis| at(entry, axis) as i64).collect();
        let (strides, before, dilations): (Vec<i64>, Vec<i64>, Vec<i64>) =
            (along(0), along(1), along(2));
        let behind = axes.clone().map(|axis| {
            let extent = (kernel[axis] as i64 - 1) * dilations[axis] + 1;
            let covered = (positions[axis] as i64 - 1) * strides[axis] + extent;
            (covered - sizes[axis] as i64 - before[axis]).max(0)
        });
        let pads = before.iter().copied().chain(behind).collect();
        let kernel = kernel.iter().map(|size| *size as i64).collect();
        Window { kernel, strides, dilations, pads }
    }

    /// An operator with the attributes of the window.
    pub(super) fn attributes<'g>(self, operator: Operator<'g>) -> Operator<'g> {
        let operator = operator.with("kernel_shape", self.kernel).with("strides", self.strides);
        let operator = operator.with("pads", self.pads);
        match self.dilations.iter().all(|dilation| *dilation == 1) {
            true => operator,
            false => operator.with("dilations", self.dilations),
        }
    }
}
