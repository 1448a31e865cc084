//! The documentation of a layer, a merge, a step, a loss or a metric.

use crate::Onnx;

/// A row of a table in the documentation of `multi_input_model`, without the name and the
/// parameters. The texts are Markdown; an empty text leaves its cell empty.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// The formula, or a sentence without its full stop.
    pub computes: &'static str,
    /// The input and output shapes of one sample.
    pub shape: &'static str,
    /// The name in Keras, or in scikit-learn if Keras has none.
    pub keras: &'static str,
    /// The name in PyTorch.
    pub torch: &'static str,
    /// Other names for it in Keras, PyTorch, TensorFlow, scikit-learn, pandas and dfdx, and those it is
    /// called by. Letter case, `_` and `Loss` or `Layer` at the end make no difference
    /// ([`names`](crate::names)).
    pub also: &'static [&'static str],
    /// How it is written in an ONNX file. A metric is not written, and so it is at [`Onnx::Nothing`]; a loss
    /// is if its prediction is its link ([`Loss::onnx`](crate::Loss::onnx)).
    pub onnx: Onnx,
}

impl Doc {
    /// A row with only the formula.
    pub const fn new(computes: &'static str) -> Doc {
        Doc { computes, shape: "", keras: "", torch: "", also: &[], onnx: Onnx::Nothing }
    }
}
