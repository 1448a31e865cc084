//! The losses, and the targets they accept.

use crate::{Activation, Doc, Range};

/// The kind of an output's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `f32` and arrays of it.
    Numbers,
    /// `bool`.
    Flag,
    /// `[bool; N]`: several labels, any number of which hold.
    Flags,
    /// `Class<N>`.
    Class,
}

/// A numeric parameter of a loss: a field of its type.
#[derive(Clone, Copy, Debug)]
pub struct LossNumber {
    /// The name of the field, for `name = value`.
    pub name: &'static str,
    /// The default.
    pub default: f64,
    /// The allowed values.
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

/// A loss for `#[output(loss = ...)]`.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// The name in the DSL.
    pub name: &'static str,
    /// The type in `multi_input::loss`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// Its parameters.
    pub parameters: &'static [LossNumber],
    /// The targets it accepts.
    pub targets: &'static [Target],
    /// The link function from the head's logits to a prediction. A branch may end in this
    /// activation or omit it; either way the loss is computed from the logits.
    pub link: Option<Activation>,
    /// Whether the branch's output must be non-negative.
    pub non_negative: bool,
    /// The preprocessing steps allowed for its target.
    pub target_steps: TargetSteps,
}

/// The preprocessing steps allowed for the target of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetSteps {
    /// Any invertible step: the loss depends on differences, in any unit.
    Any,
    /// Affine steps: the loss has a length in the target's unit, described here.
    Affine(&'static str),
    /// No steps: a step would change the meaning of the loss, for the reason given here.
    None(&'static str),
}

const NUMBERS: &[Target] = &[Target::Numbers];
const FLAGS: &[Target] = &[Target::Flag, Target::Flags];

impl Loss {
    /// A loss of numbers, without parameters.
    const fn of_numbers(name: &'static str, type_name: &'static str, doc: Doc) -> Loss {
        Loss {
            name,
            type_name,
            doc,
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
    Loss::of_numbers("mse", "Mse", Doc { keras: "`MeanSquaredError`", torch: "`MSELoss`", ..Doc::new("`mean((y - t)^2)`") }),
    Loss::of_numbers("mae", "Mae", Doc { keras: "`MeanAbsoluteError`", torch: "`L1Loss`", ..Doc::new("`mean(|y - t|)`") }),
    Loss {
        parameters: &[LossNumber::positive("delta", 1.0)],
        target_steps: TargetSteps::Affine("the `delta` of `huber`"),
        ..Loss::of_numbers("huber", "Huber", Doc { keras: "`Huber`", torch: "`HuberLoss`", ..Doc::new("`mean(e^2 / 2)` where `|e| <= delta`, else `mean(delta (|e| - delta / 2))`, with `e = y - t`") })
    },
    Loss {
        target_steps: TargetSteps::Affine(
            "the 1 at which `log_cosh` turns from squared to absolute",
        ),
        ..Loss::of_numbers("log_cosh", "LogCosh", Doc { keras: "`LogCosh`", torch: "", ..Doc::new("`mean(ln(cosh(y - t)))`") })
    },
    Loss {
        non_negative: true,
        target_steps: TargetSteps::None("counts of at least 0"),
        ..Loss::of_numbers("poisson", "Poisson", Doc { keras: "`Poisson`", torch: "`PoissonNLLLoss(log_input=False)`", ..Doc::new("`mean(y - t ln(y))`") })
    },
    Loss {
        target_steps: TargetSteps::None("the sides -1 and 1"),
        ..Loss::of_numbers("hinge", "Hinge", Doc { keras: "`Hinge`", torch: "", ..Doc::new("`mean(max(0, 1 - t y))` for targets -1 and 1 (0 counts as -1)") })
    },
    Loss {
        target_steps: TargetSteps::None("directions from 0"),
        ..Loss::of_numbers("cosine_similarity", "CosineSimilarity", Doc { keras: "`CosineSimilarity`", torch: "`-CosineSimilarity`", ..Doc::new("minus the cosine of y and t") })
    },
    Loss {
        link: Some(Activation::Softmax),
        target_steps: TargetSteps::None("shares from 0 to 1"),
        ..Loss::of_numbers("kl_divergence", "KlDivergence", Doc { keras: "`KLDivergence`", torch: "`KLDivLoss`", ..Doc::new("`sum(t (ln t - ln p))`") })
    },
    Loss {
        parameters: &[LossNumber::fraction("label_smoothing", 0.0)],
        targets: &[Target::Flag, Target::Flags, Target::Numbers],
        link: Some(Activation::Sigmoid),
        target_steps: TargetSteps::None("flags from 0 to 1"),
        ..Loss::of_numbers("binary_cross_entropy", "BinaryCrossEntropy", Doc { keras: "`BinaryCrossentropy(from_logits=True)`", torch: "`BCEWithLogitsLoss`", ..Doc::new("`mean(-t ln p - (1 - t) ln(1 - p))`") })
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0)],
        targets: FLAGS,
        link: Some(Activation::Sigmoid),
        target_steps: TargetSteps::None("flags from 0 to 1"),
        ..Loss::of_numbers("binary_focal", "BinaryFocal", Doc { keras: "`BinaryFocalCrossentropy(from_logits=True)`", torch: "torchvision `sigmoid_focal_loss(alpha=-1)`", ..Doc::new("`mean((1 - p_t)^gamma (-ln p_t))`") })
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0), LossNumber::fraction("alpha", 0.25)],
        targets: FLAGS,
        link: Some(Activation::Sigmoid),
        target_steps: TargetSteps::None("flags from 0 to 1"),
        ..Loss::of_numbers("balanced_binary_focal", "BalancedBinaryFocal", Doc { keras: "`BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)`", torch: "torchvision `sigmoid_focal_loss`", ..Doc::new("the same, times `alpha` for true and `1 - alpha` for false") })
    },
    Loss {
        parameters: &[LossNumber::fraction("label_smoothing", 0.0)],
        targets: &[Target::Class],
        link: Some(Activation::Softmax),
        target_steps: TargetSteps::None("classes"),
        ..Loss::of_numbers("cross_entropy", "CrossEntropy", Doc { keras: "`SparseCategoricalCrossentropy(from_logits=True)`, `CategoricalCrossentropy(from_logits=True, label_smoothing)`", torch: "`CrossEntropyLoss`", ..Doc::new("`-ln p_t`") })
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0), LossNumber::positive("alpha", 0.25)],
        targets: &[Target::Class],
        link: Some(Activation::Softmax),
        target_steps: TargetSteps::None("classes"),
        ..Loss::of_numbers("focal", "Focal", Doc { keras: "`CategoricalFocalCrossentropy(from_logits=True)`", torch: "", ..Doc::new("`-alpha (1 - p_t)^gamma ln p_t`") })
    },
];
