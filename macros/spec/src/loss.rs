//! The losses and metrics by name, and what they go with.

use crate::{Activation, Range};

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

/// A number that a loss takes: a field of its type.
#[derive(Clone, Copy, Debug)]
pub struct LossNumber {
    /// The name of the field, for `name = value`.
    pub name: &'static str,
    /// The value where it is left out.
    pub default: f64,
    /// What it may be.
    pub range: Range,
}

impl LossNumber {
    const fn positive(name: &'static str, default: f64) -> LossNumber {
        LossNumber { name, default, range: Range::Positive }
    }

    const fn fraction(name: &'static str, default: f64) -> LossNumber {
        LossNumber { name, default, range: Range::Fraction }
    }
}

/// A loss that `#[output(loss = ...)]` may name.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::loss`.
    pub type_name: &'static str,
    /// Its named numbers.
    pub parameters: &'static [LossNumber],
    /// The targets it can compare with.
    pub targets: &'static [Target],
    /// The activation that turns the head's logits into a prediction. A branch may end in it or
    /// leave it out; either way the loss is computed from the logits.
    pub link: Option<Activation>,
    /// Whether what the branch gives must not be negative.
    pub non_negative: bool,
    /// The steps that its target may go through.
    pub target_steps: TargetSteps,
}

/// The steps of preprocessing that the target of a loss may go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetSteps {
    /// Any that can be undone: the loss is of differences, whatever their unit.
    Any,
    /// Those that scale and shift: the loss has a length in the target's unit, named here.
    Affine(&'static str),
    /// None: what the loss compares with is no longer what it was after a step, said here.
    None(&'static str),
}

const NUMBERS: &[Target] = &[Target::Numbers];

impl Loss {
    /// A loss of numbers, without parameters.
    const fn of_numbers(name: &'static str, type_name: &'static str) -> Loss {
        Loss {
            name,
            type_name,
            parameters: &[],
            targets: NUMBERS,
            link: None,
            non_negative: false,
            target_steps: TargetSteps::Any,
        }
    }
}

/// Every loss.
pub const LOSSES: &[Loss] = &[
    Loss::of_numbers("mse", "Mse"),
    Loss::of_numbers("mae", "Mae"),
    Loss {
        parameters: &[LossNumber::positive("delta", 1.0)],
        target_steps: TargetSteps::Affine("the `delta` of `huber`"),
        ..Loss::of_numbers("huber", "Huber")
    },
    Loss {
        target_steps: TargetSteps::Affine(
            "the 1 at which `log_cosh` turns from squared to absolute",
        ),
        ..Loss::of_numbers("log_cosh", "LogCosh")
    },
    Loss {
        non_negative: true,
        target_steps: TargetSteps::None("counts of at least 0"),
        ..Loss::of_numbers("poisson", "Poisson")
    },
    Loss {
        target_steps: TargetSteps::None("the sides -1 and 1"),
        ..Loss::of_numbers("hinge", "Hinge")
    },
    Loss {
        target_steps: TargetSteps::None("directions from 0"),
        ..Loss::of_numbers("cosine_similarity", "CosineSimilarity")
    },
    Loss {
        link: Some(Activation::Softmax),
        target_steps: TargetSteps::None("shares from 0 to 1"),
        ..Loss::of_numbers("kl_divergence", "KlDivergence")
    },
    Loss {
        parameters: &[LossNumber::fraction("label_smoothing", 0.0)],
        targets: &[Target::Flag, Target::Numbers],
        link: Some(Activation::Sigmoid),
        target_steps: TargetSteps::None("flags from 0 to 1"),
        ..Loss::of_numbers("binary_cross_entropy", "BinaryCrossEntropy")
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0)],
        targets: &[Target::Flag],
        link: Some(Activation::Sigmoid),
        target_steps: TargetSteps::None("flags from 0 to 1"),
        ..Loss::of_numbers("binary_focal", "BinaryFocal")
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0), LossNumber::fraction("alpha", 0.25)],
        targets: &[Target::Flag],
        link: Some(Activation::Sigmoid),
        target_steps: TargetSteps::None("flags from 0 to 1"),
        ..Loss::of_numbers("balanced_binary_focal", "BalancedBinaryFocal")
    },
    Loss {
        parameters: &[LossNumber::fraction("label_smoothing", 0.0)],
        targets: &[Target::Class],
        link: Some(Activation::Softmax),
        target_steps: TargetSteps::None("classes"),
        ..Loss::of_numbers("cross_entropy", "CrossEntropy")
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0), LossNumber::positive("alpha", 0.25)],
        targets: &[Target::Class],
        link: Some(Activation::Softmax),
        target_steps: TargetSteps::None("classes"),
        ..Loss::of_numbers("focal", "Focal")
    },
];

/// A metric that `metrics(...)` may name.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::metric`.
    pub type_name: &'static str,
    /// Its named whole numbers, with their defaults: the fields of the type. Each is at least 1 and at
    /// most the number of classes.
    pub parameters: &'static [(&'static str, usize)],
    /// The targets it can compare with.
    pub targets: &'static [Target],
}

impl Metric {
    const fn of_numbers(name: &'static str, type_name: &'static str) -> Metric {
        Metric { name, type_name, parameters: &[], targets: NUMBERS }
    }

    const fn of_classes(name: &'static str, type_name: &'static str) -> Metric {
        let targets = &[Target::Class, Target::Flag];
        Metric { name, type_name, parameters: &[], targets }
    }
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric::of_numbers("mae", "Mae"),
    Metric::of_numbers("mse", "Mse"),
    Metric::of_numbers("rmse", "Rmse"),
    Metric::of_numbers("mape", "Mape"),
    Metric::of_numbers("r2", "R2"),
    Metric::of_classes("accuracy", "Accuracy"),
    Metric::of_classes("precision", "Precision"),
    Metric::of_classes("recall", "Recall"),
    Metric::of_classes("f1", "F1"),
    Metric::of_classes("auc", "Auc"),
    Metric {
        parameters: &[("k", 5)],
        targets: &[Target::Class],
        ..Metric::of_classes("top_k", "TopK")
    },
];
