//! The names of the warnings, for `#[multi_input_model(allow(...))]`. `warn.rs` has the rule of
//! each; `compare/` has those about data files. `uncounted` is an error that
//! it takes back; see `check/budget.rs`.

/// A rule for a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lint {
    ReluHead,
    BoundedHead,
    DropoutHead,
    SingleClass,
    Bottleneck,
    LinearStack,
    DoubledActivation,
    TwoVocabularies,
    NoLoss,
    Untrained,
    NothingToTrain,
    ZeroWeight,
    NoEffect,
    SameOperand,
    SingleCategory,
    SoftmaxOfOne,
    NormOfOne,
    CosineOfOne,
    ChannelsLast,
    AbsentData,
    UnusedColumns,
    ConstantColumn,
    FullVocabulary,
    CutTexts,
    Uncounted,
}

impl Lint {
    /// All rules, in the order in which they are applied.
    pub(crate) const ALL: [Lint; 25] = [
        Lint::ReluHead,
        Lint::BoundedHead,
        Lint::DropoutHead,
        Lint::SingleClass,
        Lint::Bottleneck,
        Lint::LinearStack,
        Lint::DoubledActivation,
        Lint::TwoVocabularies,
        Lint::NoLoss,
        Lint::Untrained,
        Lint::NothingToTrain,
        Lint::ZeroWeight,
        Lint::NoEffect,
        Lint::SameOperand,
        Lint::SingleCategory,
        Lint::SoftmaxOfOne,
        Lint::NormOfOne,
        Lint::CosineOfOne,
        Lint::ChannelsLast,
        Lint::AbsentData,
        Lint::UnusedColumns,
        Lint::ConstantColumn,
        Lint::FullVocabulary,
        Lint::CutTexts,
        Lint::Uncounted,
    ];

    /// The name in the DSL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Lint::ReluHead => "relu_head",
            Lint::BoundedHead => "bounded_head",
            Lint::DropoutHead => "dropout_head",
            Lint::SingleClass => "single_class",
            Lint::Bottleneck => "bottleneck",
            Lint::LinearStack => "linear_stack",
            Lint::DoubledActivation => "doubled_activation",
            Lint::TwoVocabularies => "two_vocabularies",
            Lint::NoLoss => "no_loss",
            Lint::Untrained => "untrained",
            Lint::NothingToTrain => "nothing_to_train",
            Lint::ZeroWeight => "zero_weight",
            Lint::NoEffect => "no_effect",
            Lint::SameOperand => "same_operand",
            Lint::SingleCategory => "single_category",
            Lint::SoftmaxOfOne => "softmax_of_one",
            Lint::NormOfOne => "norm_of_one",
            Lint::CosineOfOne => "cosine_of_one",
            Lint::ChannelsLast => "channels_last",
            Lint::AbsentData => "absent_data",
            Lint::UnusedColumns => "unused_columns",
            Lint::ConstantColumn => "constant_column",
            Lint::FullVocabulary => "full_vocabulary",
            Lint::CutTexts => "cut_texts",
            Lint::Uncounted => "uncounted",
        }
    }

    /// The names of all rules.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
        Lint::ALL.into_iter().map(Lint::name)
    }
}
