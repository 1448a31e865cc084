//! The losses and metrics by name, and what they go with.

use crate::Activation;

/// What an output is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `f32` and arrays of it.
    Numbers,
    /// `bool`.
    Flag,
    /// `Class<N>`.
    Class,
}

/// A loss that `#[output(loss = ...)]` may name.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::loss`.
    pub type_name: &'static str,
    /// Its named numbers, with their defaults: the fields of the type.
    pub parameters: &'static [(&'static str, f64)],
    /// The targets it can compare with.
    pub targets: &'static [Target],
    /// The activation that turns the head's logits into a prediction. A branch may end in it or
    /// leave it out; either way the loss is computed from the logits.
    pub link: Option<Activation>,
}

/// Every loss.
pub const LOSSES: &[Loss] = &[
    Loss {
        name: "mse",
        type_name: "Mse",
        parameters: &[],
        targets: &[Target::Numbers],
        link: None,
    },
    Loss {
        name: "mae",
        type_name: "Mae",
        parameters: &[],
        targets: &[Target::Numbers],
        link: None,
    },
    Loss {
        name: "huber",
        type_name: "Huber",
        parameters: &[("delta", 1.0)],
        targets: &[Target::Numbers],
        link: None,
    },
    Loss {
        name: "binary_cross_entropy",
        type_name: "BinaryCrossEntropy",
        parameters: &[],
        targets: &[Target::Flag, Target::Numbers],
        link: Some(Activation::Sigmoid),
    },
    Loss {
        name: "cross_entropy",
        type_name: "CrossEntropy",
        parameters: &[],
        targets: &[Target::Class],
        link: Some(Activation::Softmax),
    },
];

/// A metric that `metrics(...)` may name.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::metric`.
    pub type_name: &'static str,
    /// The targets it can compare with.
    pub targets: &'static [Target],
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric { name: "mae", type_name: "Mae", targets: &[Target::Numbers] },
    Metric { name: "mse", type_name: "Mse", targets: &[Target::Numbers] },
    Metric { name: "rmse", type_name: "Rmse", targets: &[Target::Numbers] },
    Metric { name: "r2", type_name: "R2", targets: &[Target::Numbers] },
    Metric { name: "accuracy", type_name: "Accuracy", targets: &[Target::Class, Target::Flag] },
];
