//! The names of what is legal and most likely a mistake, by which
//! `#[multi_input_model(allow(...))]` silences it. `warn.rs` holds the rule of each.

/// A rule that warns.
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
}

impl Lint {
    /// All of them, in the order in which they are applied.
    pub(crate) const ALL: [Lint; 8] = [
        Lint::ReluHead,
        Lint::BoundedHead,
        Lint::DropoutHead,
        Lint::SingleClass,
        Lint::Bottleneck,
        Lint::LinearStack,
        Lint::DoubledActivation,
        Lint::TwoVocabularies,
    ];

    /// As the user writes it.
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
        }
    }

    /// The names of all of them.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
        Lint::ALL.into_iter().map(Lint::name)
    }
}
