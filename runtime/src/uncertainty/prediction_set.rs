//! Sets of classes, labels and flags.

use multi_input_base::Result;
use multi_input_data::{schema::TargetKind, Class, LabelProbabilities, Probabilities};

use super::unsuitable;
use crate::definition::Output;

/// A prediction of probabilities: `f32` of a `bool`, `[f32; N]` of `[bool; N]`, [`Probabilities`] and
/// [`LabelProbabilities`] of a class.
pub trait ClassPrediction: Sized {
    /// The sets of values: [`FlagSet`], `[FlagSet; N]`, [`ClassSet`], [`LabelSet`].
    type Set;

    /// Whether it has the probabilities of classes, rather than of flags.
    #[doc(hidden)]
    const OF_CLASSES: bool;

    /// The probabilities.
    fn probabilities(&self) -> Vec<f64>;

    /// The same prediction with other probabilities.
    #[must_use]
    fn with_probabilities(&self, probabilities: &mut dyn Iterator<Item = f64>) -> Self;

    /// The set whose members are given in order: the classes; false and true for each flag.
    fn read_set(&self, members: &mut dyn Iterator<Item = bool>) -> Self::Set;
}

/// The probabilities of a prediction of `output`.
///
/// # Errors
/// [`Error::Unsuitable`](multi_input_base::Error::Unsuitable) if it cannot be one: classes for flags or
/// flags for classes, or another number of them.
pub(super) fn probabilities_of<P: ClassPrediction>(
    operation: &'static str,
    output: &Output,
    prediction: &P,
) -> Result<Vec<f64>> {
    let probabilities = prediction.probabilities();
    let has_classes = output.target.kind == TargetKind::Class;
    if (P::OF_CLASSES, probabilities.len()) == (has_classes, output.width) {
        return Ok(probabilities);
    }
    let words = |count: usize, of_classes: bool| match (count, of_classes) {
        (1, true) => "1 class".to_owned(),
        (count, true) => format!("{count} classes"),
        (1, false) => "1 flag".to_owned(),
        (count, false) => format!("{count} flags"),
    };
    let (name, found) = (output.name, words(probabilities.len(), P::OF_CLASSES));
    let expected = words(output.width, has_classes);
    Err(unsuitable(
        operation,
        format!(
            "a prediction of `{name}` has the probabilities of {expected}, but this one has those of \
             {found}"
        ),
    ))
}

/// The values that a flag may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagSet([bool; 2]);

/// The classes that a row may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassSet<const N: usize>([bool; N]);

/// The labels that a row may have, in class order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSet(Vec<String>);

impl FlagSet {
    /// Whether the flag may have this value.
    pub fn contains(&self, value: bool) -> bool {
        self.0[usize::from(value)]
    }

    /// The number of values: 0, 1 or 2.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|member| **member).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<const N: usize> ClassSet<N> {
    /// Whether a class is in the set.
    pub fn contains(&self, class: Class<N>) -> bool {
        self.0[class.index()]
    }

    /// The number of classes in the set.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|member| **member).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The classes in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = Class<N>> + '_ {
        (0..N).filter(|class| self.0[*class]).filter_map(|class| Class::new(class).ok())
    }
}

impl LabelSet {
    /// Whether a label is in the set.
    pub fn contains(&self, label: &str) -> bool {
        self.0.iter().any(|own| own == label)
    }

    /// The number of labels in the set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels, in class order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl ClassPrediction for f32 {
    type Set = FlagSet;

    const OF_CLASSES: bool = false;

    fn probabilities(&self) -> Vec<f64> {
        vec![f64::from(*self)]
    }

    fn with_probabilities(&self, probabilities: &mut dyn Iterator<Item = f64>) -> f32 {
        probabilities.next().map_or(f32::NAN, |probability| probability as f32)
    }

    fn read_set(&self, members: &mut dyn Iterator<Item = bool>) -> FlagSet {
        FlagSet(std::array::from_fn(|_| members.next().unwrap_or(true)))
    }
}

impl<P: ClassPrediction, const N: usize> ClassPrediction for [P; N] {
    type Set = [P::Set; N];

    const OF_CLASSES: bool = P::OF_CLASSES;

    fn probabilities(&self) -> Vec<f64> {
        self.iter().flat_map(P::probabilities).collect()
    }

    fn with_probabilities(&self, probabilities: &mut dyn Iterator<Item = f64>) -> [P; N] {
        std::array::from_fn(|index| self[index].with_probabilities(probabilities))
    }

    fn read_set(&self, members: &mut dyn Iterator<Item = bool>) -> [P::Set; N] {
        std::array::from_fn(|index| self[index].read_set(members))
    }
}

impl<const N: usize> ClassPrediction for Probabilities<N> {
    type Set = ClassSet<N>;

    const OF_CLASSES: bool = true;

    fn probabilities(&self) -> Vec<f64> {
        self.as_array().iter().map(|probability| f64::from(*probability)).collect()
    }

    fn with_probabilities(&self, probabilities: &mut dyn Iterator<Item = f64>) -> Self {
        Probabilities::new(self.as_array().with_probabilities(probabilities))
    }

    fn read_set(&self, members: &mut dyn Iterator<Item = bool>) -> ClassSet<N> {
        ClassSet(std::array::from_fn(|_| members.next().unwrap_or(true)))
    }
}

impl<const N: usize> ClassPrediction for LabelProbabilities<N> {
    type Set = LabelSet;

    const OF_CLASSES: bool = true;

    fn probabilities(&self) -> Vec<f64> {
        self.as_array().iter().map(|probability| f64::from(*probability)).collect()
    }

    fn with_probabilities(&self, probabilities: &mut dyn Iterator<Item = f64>) -> Self {
        LabelProbabilities::with_probabilities(
            self,
            self.as_array().with_probabilities(probabilities),
        )
    }

    fn read_set(&self, members: &mut dyn Iterator<Item = bool>) -> LabelSet {
        let labels = self.iter().map(|(label, _)| label.to_owned());
        LabelSet(
            labels.zip(members).filter(|(_, member)| *member).map(|(label, _)| label).collect(),
        )
    }
}
