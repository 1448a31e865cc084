//! Class targets and predicted class probabilities.

use std::fmt;

use multi_input_base::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A class index in `0..N`, the target type of a classification output.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class<const N: usize>(usize);

impl<const N: usize> Class<N> {
    /// Creates the class with the given index.
    ///
    /// # Errors
    /// [`Error::Class`] if `index` is not below `N`.
    pub fn new(index: usize) -> Result<Class<N>> {
        if index < N {
            Ok(Class(index))
        } else {
            Err(Error::Class { index, classes: N })
        }
    }

    /// The class index, below `N`.
    pub fn index(self) -> usize {
        self.0
    }
}

impl<const N: usize> fmt::Display for Class<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<const N: usize> fmt::Debug for Class<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class<{N}>({})", self.0)
    }
}

impl<const N: usize> Serialize for Class<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Class<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Class::new(usize::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The predicted probabilities of `N` classes, which sum to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Probabilities<const N: usize>([f32; N]);

impl<const N: usize> Probabilities<N> {
    /// Creates the prediction from the probabilities in class order.
    pub fn new(probabilities: [f32; N]) -> Probabilities<N> {
        Probabilities(probabilities)
    }

    /// The class with the highest probability (argmax); of equal probabilities, the first class.
    pub fn most_likely(&self) -> Class<N> {
        let better = |best, index| if self.0[index] > self.0[best] { index } else { best };
        Class((1..N).fold(0, better))
    }

    /// The probability of one class.
    pub fn probability(&self, class: Class<N>) -> f32 {
        self.0[class.0]
    }

    /// All probabilities, in class order.
    pub fn as_array(&self) -> &[f32; N] {
        &self.0
    }
}

// serde implements arrays of at most 32 elements.
impl<const N: usize> Serialize for Probabilities<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Probabilities<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let probabilities = Vec::<f32>::deserialize(deserializer)?;
        let found = probabilities.len();
        let wrong =
            |_| serde::de::Error::custom(format_args!("expected {N} probabilities, found {found}"));
        probabilities.try_into().map(Probabilities).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_checked_wherever_it_comes_from() {
        assert_eq!(Class::<3>::new(2).unwrap().index(), 2);
        assert_eq!(
            Class::<3>::new(3).unwrap_err().to_string(),
            "class 3 does not exist: the classes of `Class<3>` are 0 to 2"
        );
        let class: Class<3> = serde_json::from_str("1").unwrap();
        assert_eq!(serde_json::to_string(&class).unwrap(), "1");
        assert!(serde_json::from_str::<Class<3>>("3").unwrap_err().to_string().contains("class 3"));
    }

    #[test]
    fn probabilities_are_written_and_read_as_a_list_of_any_length() {
        let probabilities = Probabilities::new([1.0 / 64.0; 64]);
        let text = serde_json::to_string(&probabilities).unwrap();
        assert_eq!(serde_json::from_str::<Probabilities<64>>(&text).unwrap(), probabilities);
        let error = serde_json::from_str::<Probabilities<3>>("[0.5, 0.5]").unwrap_err();
        assert!(error.to_string().contains("expected 3 probabilities, found 2"), "{error}");
    }

    #[test]
    fn the_most_likely_class_is_the_first_of_the_largest() {
        let probabilities = Probabilities::new([0.2, 0.4, 0.4]);
        assert_eq!(probabilities.most_likely(), Class(1));
        assert_eq!(probabilities.probability(Class(0)), 0.2);
    }
}
