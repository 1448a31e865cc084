//! The losses, and the targets they accept.

use crate::{Activation, Doc, Onnx, Range, Shape, Size, Text, MAX_RANK};

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

impl Target {
    /// What it is, in words that can follow "is".
    pub const fn in_words(self) -> &'static str {
        match self {
            Target::Numbers => "numbers",
            Target::Flag => "a `bool`",
            Target::Flags => "a `[bool; N]`",
            Target::Class => "a `Class`",
        }
    }
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
    /// The type in `multi_input::loss`.
    pub type_name: &'static str,
    /// Its row in the documentation.
    pub doc: Doc,
    /// Its parameters.
    pub parameters: &'static [LossNumber],
    /// Numbers of which it takes one or more, such as the levels of `quantile(0.1, 0.9)`: their name
    /// and range. The head has its parts once for each of them.
    pub listed: Option<(&'static str, Range)>,
    /// The type of a prediction.
    pub prediction: Predicted,
    /// What it takes.
    pub form: LossForm,
}

/// What a loss takes: a constant of its `impl`, which is compared with the output while compiling.
///
/// ```
/// use multi_input_spec::{LossForm, TargetSteps};
///
/// const FORM: LossForm = LossForm {
///     non_negative: true,
///     target_steps: TargetSteps::None("counts of at least 0"),
///     ..LossForm::of_numbers("amounts")
/// };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LossForm {
    /// The name in logs and messages: of ours the name in the DSL, which one of your own must not have.
    pub name: &'static str,
    /// The targets it accepts.
    pub targets: &'static [Target],
    /// The numbers of the head.
    pub head: HeadForm,
    /// The link function from the head's logits to a prediction. A branch may end in this
    /// activation or omit it; either way the loss is computed from the logits. (Before a loss of
    /// one's own it omits it.)
    pub link: Option<Activation>,
    /// Whether the branch's output must be non-negative.
    pub non_negative: bool,
    /// The preprocessing steps allowed for its target.
    pub target_steps: TargetSteps,
    /// Whether the loss is never below 0, so that its weight can be learned: `exp(-s) L + s` has no
    /// minimum where L is negative.
    pub at_least_zero: bool,
    /// Whether the loss is the mean of the same loss of each element, so that the labels of
    /// `[bool; N]` can have class weights.
    pub elementwise: bool,
}

/// The numbers of the head that a loss takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadForm {
    /// One for each number or flag of the target, and one for each class.
    Target,
    /// Several for each number of the target, as a last axis: `[2]` for `f32`, `[N, 2]` for
    /// `[f32; N]`.
    Parts(&'static [Part]),
    /// Two for a flag: `[2]`.
    Pair,
    /// One less than there are classes: the logits of the cumulative probabilities.
    Cumulative,
}

/// What a number of a prediction is, which decides how steps of the target are undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A value of the target, such as its mean or a quantile.
    Value,
    /// A length in the target's unit, such as a standard deviation.
    Length,
    /// A number without a unit, such as a dispersion.
    Unitless,
}

/// The type of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicted {
    /// That of the target: numbers, a probability for each flag, probabilities for classes.
    Target,
    /// This type in `multi_input`, of the target's numbers.
    Named(&'static str),
    /// This type in `multi_input`, of the target's numbers and of as many as the loss lists.
    Listed(&'static str),
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

const fn has_length(parts: &[Part]) -> bool {
    let mut index = 0;
    while index < parts.len() {
        if matches!(parts[index], Part::Length) {
            return true;
        }
        index += 1;
    }
    false
}

impl TargetSteps {
    const fn is_any(self) -> bool {
        matches!(self, TargetSteps::Any)
    }

    /// The length in the target's unit.
    pub const fn length(self) -> Option<&'static str> {
        match self {
            TargetSteps::Affine(length) => Some(length),
            TargetSteps::Any | TargetSteps::None(_) => None,
        }
    }
}

const NUMBERS: &[Target] = &[Target::Numbers];
const FLAGS: &[Target] = &[Target::Flag, Target::Flags];

impl LossForm {
    /// A loss of numbers by their differences: a head as wide as the target, which may have any
    /// step with an inverse.
    pub const fn of_numbers(name: &'static str) -> LossForm {
        LossForm {
            name,
            targets: NUMBERS,
            head: HeadForm::Target,
            link: None,
            non_negative: false,
            target_steps: TargetSteps::Any,
            at_least_zero: false,
            elementwise: false,
        }
    }

    /// A loss of flags, from their logits.
    pub const fn of_flags(name: &'static str) -> LossForm {
        LossForm {
            targets: FLAGS,
            link: Some(Activation::Sigmoid),
            target_steps: TargetSteps::None("flags from 0 to 1"),
            ..LossForm::of_numbers(name)
        }
    }

    /// A loss of one class out of several, from their logits.
    pub const fn of_classes(name: &'static str) -> LossForm {
        LossForm {
            targets: &[Target::Class],
            link: Some(Activation::Softmax),
            target_steps: TargetSteps::None("classes"),
            ..LossForm::of_numbers(name)
        }
    }

    /// The form of the loss `name` of [`LOSSES`].
    ///
    /// # Panics
    /// If there is none.
    pub const fn of(name: &str) -> LossForm {
        let mut index = 0;
        while index < LOSSES.len() {
            if is_equal(LOSSES[index].form.name, name) {
                return LOSSES[index].form;
            }
            index += 1;
        }
        panic!("no loss has this name")
    }

    /// The shape of the head for a target of the shape `target`, whose parts are there `times`
    /// times.
    pub const fn head(&self, target: &Shape, times: usize) -> Shape {
        match self.head {
            HeadForm::Target => *target,
            HeadForm::Parts(parts) => {
                let parts = Size::Known(parts.len() * times);
                match target.rank() == 1 && target.dim(0).is(1) {
                    true => target.with(0, parts),
                    false => target.push(parts),
                }
            }
            HeadForm::Pair => target.with(0, Size::Known(2)),
            HeadForm::Cumulative => match target.dim(0) {
                Size::Known(classes) => target.with(0, Size::Known(classes.saturating_sub(1))),
                Size::Unknown => *target,
            },
        }
    }

    /// Whether it accepts the target.
    pub const fn takes(&self, target: Target) -> bool {
        let mut index = 0;
        while index < self.targets.len() {
            if self.targets[index] as usize == target as usize {
                return true;
            }
            index += 1;
        }
        false
    }

    /// Checks everything about an output with this loss, of one's own: its target, the activation
    /// that its branch ends in, the shape of its head against that of its target, and the steps of
    /// the target, of which the first and the first nonlinear one are named.
    ///
    /// # Errors
    /// A text that can follow the field's name.
    pub const fn check(
        &self,
        target: Target,
        before: Option<Activation>,
        needed: &Shape,
        head: &Shape,
        steps: [Option<&str>; 2],
        learned_weight: bool,
    ) -> Result<Shape, Text> {
        if !self.takes(target) {
            return Err(Text::new("this is ")
                .str(target.in_words())
                .str(", which `")
                .str(self.name)
                .str("` does not compare"));
        }
        if let Some(mistake) = self.mistake(target) {
            return Err(Text::new("`").str(self.name).str(mistake));
        }
        if let Some(before) = before {
            if let Err(text) = self.check_own_activation(before) {
                return Err(text);
            }
        }
        if learned_weight {
            if let Err(text) = self.check_learned_weight() {
                return Err(text);
            }
        }
        if let Err(text) = self.check_target(needed) {
            return Err(text);
        }
        if let [Some(first), curved] = steps {
            if let Err(text) = self.check_steps(first, curved) {
                return Err(text);
            }
        }
        crate::agree::head(&self.head(needed, 1), head)
    }

    /// What is wrong with the form itself, to follow the name of the loss.
    const fn mistake(&self, target: Target) -> Option<&'static str> {
        use Activation::{Sigmoid, Softmax, Softplus};
        if is_of_ours(self.name) {
            return Some(
                "` is the name of a built-in loss; write that one without a path, or give your own another \
                 name",
            );
        }
        match (self.head, self.link) {
            (_, Some(link)) if !matches!(link, Sigmoid | Softmax | Softplus) => {
                Some("` has a link that is neither `Sigmoid`, `Softmax` nor `Softplus`")
            }
            (HeadForm::Parts([] | [_, _, _, _, _, _, _, _, _, ..]), _) => {
                Some("` has parts, of which there are from 1 to 8")
            }
            (HeadForm::Parts(_), _) if target as usize != Target::Numbers as usize => {
                Some("` has parts, which only targets of numbers have")
            }
            (HeadForm::Parts(parts), _) if has_length(parts) && self.target_steps.is_any() => Some(
                "` predicts a length, which only affine steps of the target keep: state \
                      `TargetSteps::Affine` or `TargetSteps::None`",
            ),
            (HeadForm::Pair, _) if target as usize != Target::Flag as usize => {
                Some("` takes a pair of numbers, which only targets `bool` have")
            }
            (HeadForm::Cumulative, _) if target as usize != Target::Class as usize => {
                Some("` is cumulative, which only targets `Class<N>` are")
            }
            _ => None,
        }
    }

    /// Compares the activation before a loss of one's own, which takes no activation off.
    const fn check_own_activation(&self, before: Activation) -> Result<(), Text> {
        match self.link {
            Some(link) if before as usize != Activation::Linear as usize => {
                let text = Text::new("`").str(self.name).str("` applies `").str(link.name());
                Err(text
                    .str("` itself; leave `")
                    .str(before.name())
                    .str("` out of the branch's end"))
            }
            _ => self.check_activation(before),
        }
    }

    /// Whether the weight of the loss can be learned.
    ///
    /// # Errors
    /// A text that can follow the field's name.
    pub const fn check_learned_weight(&self) -> Result<(), Text> {
        match self.at_least_zero {
            true => Ok(()),
            false => Err(Text::new("`").str(self.name).str(
                "` may be negative, where no learned weight has a minimum; give it a number: \
                 `weight = 0.5`",
            )),
        }
    }

    /// Whether there is a head for a target of this shape.
    ///
    /// # Errors
    /// A text that can follow the field's name.
    pub const fn check_target(&self, target: &Shape) -> Result<(), Text> {
        match self.head {
            HeadForm::Parts(_) if target.rank() == MAX_RANK => Err(Text::new("`").str(self.name).str(
                "` predicts several numbers of each, which need an axis of their own, but arrays have 4 \
                 at most",
            )),
            HeadForm::Cumulative if target.dim(0).is(1) => Err(Text::new("`").str(self.name).str(
                "` compares grades, of which there are at least 2",
            )),
            _ => Ok(()),
        }
    }

    /// Compares the steps of the target with the form: the first one, and the first nonlinear one.
    ///
    /// # Errors
    /// A text that can follow the field's name.
    pub const fn check_steps(&self, first: &str, curved: Option<&str>) -> Result<(), Text> {
        match (self.target_steps, curved) {
            (TargetSteps::None(what), _) => Err(Text::new("`")
                .str(self.name)
                .str("` compares with ")
                .str(what)
                .str(", which `")
                .str(first)
                .str("` changes; leave `")
                .str(first)
                .str("` out, or use a loss of differences, as `mse` is")),
            (TargetSteps::Affine(length), Some(curved)) => Err(Text::new(length)
                .str(
                    " is a difference in the target's unit, but equal differences are no longer \
                     equal after `",
                )
                .str(curved)
                .str("`; use `mse` or `mae`, or leave `")
                .str(curved)
                .str("` out")),
            _ => Ok(()),
        }
    }

    /// Compares the activation before the loss, after the link has been taken off, with the form.
    ///
    /// # Errors
    /// A text that can follow the field's name.
    pub const fn check_activation(&self, before: Activation) -> Result<(), Text> {
        if self.non_negative && !before.is_non_negative() {
            return Err(Text::new("`")
                .str(self.name)
                .str("` compares with what is never negative, but `")
                .str(before.name())
                .str("` may be; end the branch in `softplus`"));
        }
        match self.link {
            Some(link) if link as usize == before as usize => {
                Err(Text::new("the branch ends in `")
                    .str(link.name())
                    .str("` twice; `")
                    .str(self.name)
                    .str("` takes it once, or not at all"))
            }
            Some(link) if before as usize != Activation::Linear as usize => Err(Text::new("`")
                .str(self.name)
                .str("` is computed from logits, but `")
                .str(before.name())
                .str("` comes before it; end the branch in `")
                .str(link.name())
                .str("`, or in no activation")),
            None if before as usize == Activation::Softmax as usize => {
                Err(Text::new("`softmax` gives the probabilities of classes, which `")
                    .str(self.name)
                    .str("` does not compare; use a `Class<N>` with `cross_entropy`"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a loss of [`LOSSES`] has this name.
const fn is_of_ours(name: &str) -> bool {
    let mut index = 0;
    while index < LOSSES.len() {
        if is_equal(LOSSES[index].form.name, name) {
            return true;
        }
        index += 1;
    }
    false
}

const fn is_equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

impl Loss {
    /// A loss that is never below 0, and the mean of the same loss of each element.
    const fn new(type_name: &'static str, form: LossForm, doc: Doc) -> Loss {
        let (parameters, listed, prediction) = (&[], None, Predicted::Target);
        let form = LossForm { at_least_zero: true, elementwise: true, ..form };
        Loss { type_name, doc, parameters, listed, prediction, form }
    }

    /// A loss that may be negative.
    const fn new_of_any_sign(type_name: &'static str, form: LossForm, doc: Doc) -> Loss {
        let loss = Loss::new(type_name, form, doc);
        Loss { form: LossForm { at_least_zero: false, ..loss.form }, ..loss }
    }

    /// The name in the DSL.
    pub const fn name(&self) -> &'static str {
        self.form.name
    }

    /// How the prediction is written in an ONNX file: of most losses it is the link, in double precision.
    pub const fn onnx(&self) -> Onnx {
        match (self.doc.onnx, self.form.link) {
            (Onnx::Nothing, Some(Activation::Sigmoid)) => SIGMOID,
            (Onnx::Nothing, Some(Activation::Softmax)) => SOFTMAX,
            (onnx, _) => onnx,
        }
    }
}

const SIGMOID: Onnx =
    Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Less", "Where", "Add", "Div"]);

const SOFTMAX: Onnx = Onnx::since(14, &["Cast", "ReduceMax", "Sub", "Exp", "ReduceSum", "Div"]);

/// The loss with the DSL name `name`.
pub fn named(name: &str) -> Option<&'static Loss> {
    LOSSES.iter().find(|loss| loss.name() == name)
}

/// Every loss.
pub const LOSSES: &[Loss] = &[
    Loss::new(
        "Mse",
        LossForm::of_numbers("mse"),
        Doc { keras: "`MeanSquaredError`", torch: "`MSELoss`", also: &["mean_squared_error", "l2", "squared_error", "mean_square_error"], ..Doc::new("`mean((y - t)^2)`") },
    ),
    Loss::new(
        "Mae",
        LossForm::of_numbers("mae"),
        Doc { keras: "`MeanAbsoluteError`", torch: "`L1Loss`", also: &["L1Loss", "mean_absolute_error", "absolute_error"], ..Doc::new("`mean(|y - t|)`") },
    ),
    Loss {
        parameters: &[LossNumber::positive("delta", 1.0)],
        ..Loss::new(
            "Huber",
            LossForm { target_steps: TargetSteps::Affine("the `delta` of `huber`"), ..LossForm::of_numbers("huber") },
            Doc { keras: "`Huber`", torch: "`HuberLoss`", also: &["SmoothL1Loss"], ..Doc::new("`mean(e^2 / 2)` where `|e| <= delta`, else `mean(delta (|e| - delta / 2))`, with `e = y - t`") },
        )
    },
    Loss::new(
        "LogCosh",
        LossForm {
            target_steps: TargetSteps::Affine("the 1 at which `log_cosh` turns from squared to absolute"),
            ..LossForm::of_numbers("log_cosh")
        },
        Doc { keras: "`LogCosh`", torch: "", ..Doc::new("`mean(ln(cosh(y - t)))`") },
    ),
    Loss::new_of_any_sign(
        "Poisson",
        LossForm {
            non_negative: true,
            target_steps: TargetSteps::None("counts of at least 0"),
            ..LossForm::of_numbers("poisson")
        },
        Doc { keras: "`Poisson`", torch: "`PoissonNLLLoss(log_input=False)`", also: &["PoissonNLLLoss", "poisson_deviance"], ..Doc::new("`mean(y - t ln(y))`") },
    ),
    Loss {
        parameters: &[LossNumber { name: "power", default: 1.5, range: Range::OneToTwo }],
        ..Loss::new(
            "Tweedie",
            LossForm {
                non_negative: true,
                target_steps: TargetSteps::None("amounts of at least 0"),
                ..LossForm::of_numbers("tweedie")
            },
            Doc { keras: "", torch: "scikit-learn `mean_tweedie_deviance(power)`", also: &["tweedie_deviance", "mean_tweedie_deviance"], ..Doc::new("`mean(2 (t^(2 - p) / ((1 - p) (2 - p)) - t y^(1 - p) / (1 - p) + y^(2 - p) / (2 - p)))`, p being the `power` between 1 and 2: amounts that are often exactly 0") },
        )
    },
    Loss {
        listed: Some(("levels", Range::OpenUnitInterval)),
        prediction: Predicted::Listed("Quantiles"),
        ..Loss::new(
            "Quantile",
            LossForm { head: HeadForm::Parts(&[Part::Value]), ..LossForm::of_numbers("quantile") },
            Doc { keras: "", torch: "scikit-learn `mean_pinball_loss(alpha)`, the mean over the levels", also: &["pinball", "mean_pinball_loss"], onnx: Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Add", "Log", "Sub", "Div", "Mul", "Equal", "Where", "Less", "Max", "Reshape", "Slice", "Squeeze", "Unsqueeze", "Concat"]), ..Doc::new("`mean(max(l (t - q), (l - 1) (t - q)))` over the levels l; the quantiles q never cross") },
        )
    },
    Loss {
        prediction: Predicted::Named("Normal"),
        ..Loss::new_of_any_sign(
            "Gaussian",
            LossForm {
                head: HeadForm::Parts(&[Part::Value, Part::Length]),
                target_steps: TargetSteps::Affine("the standard deviation of `gaussian`"),
                ..LossForm::of_numbers("gaussian")
            },
            Doc { keras: "", torch: "`GaussianNLLLoss(full=True)`", also: &["GaussianNLLLoss", "normal", "gaussian_likelihood"], onnx: Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Add", "Log", "Sub", "Div", "Mul", "Equal", "Where", "Less", "Max", "Reshape", "Slice", "Squeeze", "Unsqueeze", "Concat", "Sqrt"]), ..Doc::new("`mean((t - m)^2 / (2 s^2) + ln(s^2) / 2 + ln(2 pi) / 2)` of the mean `m` and the variance `s^2 = softplus(h) + 1e-6`") },
        )
    },
    Loss {
        prediction: Predicted::Named("Counts"),
        ..Loss::new(
            "NegativeBinomial",
            LossForm {
                head: HeadForm::Parts(&[Part::Value, Part::Unitless]),
                target_steps: TargetSteps::None("counts of at least 0"),
                ..LossForm::of_numbers("negative_binomial")
            },
            Doc { keras: "", torch: "statsmodels `NegativeBinomial(loglike_method=\"nb2\")`", also: &["nb", "nbinom", "negbin"], onnx: Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Add", "Log", "Sub", "Div", "Mul", "Equal", "Where", "Less", "Max"]), ..Doc::new("minus the log-probability of the count t where the mean is `m = softplus(h) + 1e-6` and the variance `m + a m^2`, `a = softplus(g) + 1e-6`") },
        )
    },
    Loss::new(
        "Hinge",
        LossForm { target_steps: TargetSteps::None("the sides -1 and 1"), ..LossForm::of_numbers("hinge") },
        Doc { keras: "`Hinge`", torch: "", ..Doc::new("`mean(max(0, 1 - t y))` for targets -1 and 1 (0 counts as -1)") },
    ),
    Loss::new_of_any_sign(
        "CosineSimilarity",
        LossForm { target_steps: TargetSteps::None("directions from 0"), ..LossForm::of_numbers("cosine_similarity") },
        Doc { keras: "`CosineSimilarity`", torch: "`-CosineSimilarity`", also: &["cosine", "cosine_proximity", "cosine_distance"], ..Doc::new("minus the cosine of y and t") },
    ),
    Loss::new(
        "KlDivergence",
        LossForm {
            link: Some(Activation::Softmax),
            target_steps: TargetSteps::None("shares from 0 to 1"),
            ..LossForm::of_numbers("kl_divergence")
        },
        Doc { keras: "`KLDivergence`", torch: "`KLDivLoss`", also: &["KLDivLoss", "kld", "kl", "kullback_leibler", "kullback_leibler_divergence"], ..Doc::new("`sum(t (ln t - ln p))`") },
    ),
    Loss {
        parameters: &[LossNumber::fraction("label_smoothing", 0.0)],
        ..Loss::new(
            "BinaryCrossEntropy",
            LossForm {
                targets: &[Target::Flag, Target::Flags, Target::Numbers],
                ..LossForm::of_flags("binary_cross_entropy")
            },
            Doc { keras: "`BinaryCrossentropy(from_logits=True)`", torch: "`BCEWithLogitsLoss`", also: &["bce", "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", "sigmoid_cross_entropy", "sigmoid_cross_entropy_with_logits", "MultiLabelSoftMarginLoss", "binary_logistic"], ..Doc::new("`mean(-t ln p - (1 - t) ln(1 - p))`") },
        )
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0)],
        ..Loss::new(
            "BinaryFocal",
            LossForm::of_flags("binary_focal"),
            Doc { keras: "`BinaryFocalCrossentropy(from_logits=True)`", torch: "torchvision `sigmoid_focal_loss(alpha=-1)`", also: &["binary_focal_crossentropy", "sigmoid_focal_loss", "sigmoid_focal_crossentropy"], ..Doc::new("`mean((1 - p_t)^gamma (-ln p_t))`") },
        )
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0), LossNumber::fraction("alpha", 0.25)],
        ..Loss::new(
            "BalancedBinaryFocal",
            LossForm::of_flags("balanced_binary_focal"),
            Doc { keras: "`BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)`", torch: "torchvision `sigmoid_focal_loss`", also: &["alpha_balanced_focal"], ..Doc::new("the same, times `alpha` for true and `1 - alpha` for false") },
        )
    },
    Loss {
        parameters: &[LossNumber::positive("margin", 1.0)],
        ..Loss::new(
            "Contrastive",
            LossForm { targets: &[Target::Flag], link: None, ..LossForm::of_flags("contrastive") },
            Doc { keras: "`ContrastiveLoss` of TensorFlow Addons", torch: "", onnx: Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Less", "Where", "Add", "Div", "Sub"]), ..Doc::new("`t d^2 + (1 - t) max(0, margin - d)^2` of the distance d of a pair, which belongs together where t is true") },
        )
    },
    Loss {
        parameters: &[LossNumber::positive("margin", 1.0)],
        ..Loss::new(
            "Triplet",
            LossForm {
                targets: &[Target::Flag],
                head: HeadForm::Pair,
                link: None,
                ..LossForm::of_flags("triplet")
            },
            Doc { keras: "", torch: "`TripletMarginLoss`", also: &["TripletMarginLoss"], onnx: Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Less", "Where", "Add", "Div", "Sub", "Slice"]), ..Doc::new("`max(0, near - far + margin)` of two distances, of which the first one is near where t is true") },
        )
    },
    Loss {
        parameters: &[LossNumber::fraction("label_smoothing", 0.0)],
        ..Loss::new(
            "CrossEntropy",
            LossForm::of_classes("cross_entropy"),
            Doc { keras: "`SparseCategoricalCrossentropy(from_logits=True)`, `CategoricalCrossentropy(from_logits=True, label_smoothing)`", torch: "`CrossEntropyLoss`", also: &["categorical_crossentropy", "sparse_categorical_crossentropy", "ce", "xent", "softmax_cross_entropy", "softmax_cross_entropy_with_logits", "sparse_softmax_cross_entropy", "sparse_softmax_cross_entropy_with_logits", "cross_entropy_with_logits", "nll"], ..Doc::new("`-ln p_t`") },
        )
    },
    Loss {
        parameters: &[LossNumber::positive("gamma", 2.0), LossNumber::positive("alpha", 0.25)],
        ..Loss::new(
            "Focal",
            LossForm::of_classes("focal"),
            Doc { keras: "`CategoricalFocalCrossentropy(from_logits=True)`", torch: "", also: &["categorical_focal_crossentropy"], ..Doc::new("`-alpha (1 - p_t)^gamma ln p_t`") },
        )
    },
    Loss::new(
        "Ordinal",
        LossForm { head: HeadForm::Cumulative, link: None, ..LossForm::of_classes("ordinal") },
        Doc { keras: "", torch: "statsmodels `OrderedModel(distr=\"logit\")` after `Thresholds`", also: &["CoralLoss", "cumulative_link", "ordinal_cross_entropy"], onnx: Onnx::since(16, &["Cast", "Abs", "Neg", "Exp", "Add", "Log", "Sub", "Div", "Mul", "Equal", "Where", "Less", "Max", "Slice", "Concat", "CumSum", "ReduceSum"]), ..Doc::new("`-ln(s(c_t) - s(c_(t-1)))`, s being the sigmoid: the classes are grades, of which `s(c_k)` is the probability of at most k; `c_1 = h_1`, `c_k = c_(k-1) + softplus(h_k)`") },
    ),
];
