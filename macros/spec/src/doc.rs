//! What the documentation says of a layer, a merge, a step, a loss or a metric.

/// One row of a table in the documentation of `multi_input_model`, beside the name and the
/// parameters. The texts are Markdown; an empty one leaves its cell empty.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// What it computes, as a formula or a sentence without its full stop.
    pub computes: &'static str,
    /// What it takes and gives, for one sample.
    pub shape: &'static str,
    /// Its name in Keras, or in scikit-learn where Keras has none.
    pub keras: &'static str,
    /// Its name in PyTorch.
    pub torch: &'static str,
}

impl Doc {
    /// What it computes, and nothing else yet.
    pub const fn new(computes: &'static str) -> Doc {
        Doc { computes, shape: "", keras: "", torch: "" }
    }
}
