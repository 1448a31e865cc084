//! Class labels and predicted label probabilities.

use std::{collections::BTreeSet, fmt, sync::Arc};

use multi_input_base::quote::Quoted;
use serde::{
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap,
    Deserialize, Deserializer, Serialize, Serializer,
};

use super::Class;

/// The labels of the training rows, in class order: sorted by their bytes, as
/// `sklearn.preprocessing.LabelEncoder` and NumPy's `unique` sort them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Labels(Arc<[String]>);

impl From<Vec<String>> for Labels {
    fn from(names: Vec<String>) -> Labels {
        Labels(names.into())
    }
}

impl From<Labels> for Vec<String> {
    fn from(labels: Labels) -> Vec<String> {
        labels.0.to_vec()
    }
}

impl Labels {
    pub(crate) fn new(labels: BTreeSet<String>) -> Labels {
        Labels(labels.into_iter().collect())
    }

    /// The labels in class order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The class index of a label; `None` for an unknown label.
    pub fn index(&self, label: &str) -> Option<usize> {
        self.0.binary_search_by(|known| known.as_str().cmp(label)).ok()
    }

    /// Whether the labels are sorted and distinct, as fitted labels always are.
    pub fn is_sound(&self) -> bool {
        self.0.windows(2).all(|pair| pair[0] < pair[1])
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 12;
        let shown: Vec<String> =
            self.0.iter().take(SHOWN).map(|name| Quoted(name).to_string()).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The predicted probabilities of `N` classes by label, which sum to 1.
///
/// The prediction of a `Class<N>` output that is marked `categories`.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelProbabilities<const N: usize> {
    probabilities: [f32; N],
    labels: Labels,
}

impl<const N: usize> LabelProbabilities<N> {
    pub(crate) fn new(probabilities: [f32; N], labels: Labels) -> LabelProbabilities<N> {
        LabelProbabilities { probabilities, labels }
    }

    /// The same labels with other probabilities, in class order.
    #[must_use]
    pub fn with_probabilities(&self, probabilities: [f32; N]) -> LabelProbabilities<N> {
        LabelProbabilities { probabilities, labels: self.labels.clone() }
    }

    /// The label with the highest probability; of equal probabilities, the first label. Classes
    /// without a label in the training rows are ignored.
    pub fn most_likely(&self) -> &str {
        let better = |best, index| match self.probabilities[index] > self.probabilities[best] {
            true => index,
            false => best,
        };
        let labels = self.labels.names();
        let index = (1..labels.len().min(N)).fold(0, better);
        labels.get(index).map_or("", String::as_str)
    }

    /// The probability of a label; `None` where no training row had the label.
    pub fn probability(&self, label: &str) -> Option<f32> {
        self.labels.index(label).and_then(|class| self.probabilities.get(class)).copied()
    }

    /// Pairs of label and probability, in class order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f32)> {
        self.labels.names().iter().map(String::as_str).zip(self.probabilities)
    }

    /// The class of a label; `None` where no training row had the label.
    pub fn class(&self, label: &str) -> Option<Class<N>> {
        self.labels.index(label).and_then(|class| Class::new(class).ok())
    }

    /// All probabilities, in class order, including classes without a label.
    pub fn as_array(&self) -> &[f32; N] {
        &self.probabilities
    }
}

/// Serialized as a map from labels to probabilities.
impl<const N: usize> Serialize for LabelProbabilities<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.labels.names().len()))?;
        for (label, probability) in self.iter() {
            map.serialize_entry(label, &probability)?;
        }
        map.end()
    }
}

impl<'de, const N: usize> Deserialize<'de> for LabelProbabilities<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<const N: usize>;

        impl<'de, const N: usize> Visitor<'de> for Entries<N> {
            type Value = LabelProbabilities<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a map from at most {N} labels to probabilities")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = std::collections::BTreeMap::new();
                while let Some((label, probability)) = map.next_entry::<String, f32>()? {
                    entries.insert(label, probability);
                }
                if entries.len() > N {
                    return Err(A::Error::invalid_length(entries.len(), &self));
                }
                let mut probabilities = [0.0; N];
                probabilities.iter_mut().zip(entries.values()).for_each(|(to, from)| *to = *from);
                let labels = Labels(entries.into_keys().collect());
                Ok(LabelProbabilities { probabilities, labels })
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Labels {
        Labels::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn labels_are_sorted_and_found() {
        let labels = labels(&["b", "a", "Z", "b"]);
        assert_eq!(labels.names(), ["Z", "a", "b"]);
        assert_eq!((labels.index("b"), labels.index("c")), (Some(2), None));
        assert_eq!(labels.to_string(), "`Z`, `a`, `b`");
    }

    #[test]
    fn labels_of_others_do_not_reach_a_terminal_as_they_are() {
        let labels = labels(&["\u{1b}[2J", &"x".repeat(100)]);
        let shown = format!(r"`\u{{1b}}[2J`, `{}...` (100 characters)", "x".repeat(80));
        assert_eq!(labels.to_string(), shown);
    }

    #[test]
    fn a_class_without_a_label_is_never_the_most_likely() {
        let predicted = LabelProbabilities::new([0.1, 0.2, 0.7], labels(&["no", "yes"]));
        assert_eq!(predicted.most_likely(), "yes");
        assert_eq!(
            (predicted.probability("no"), predicted.probability("maybe")),
            (Some(0.1), None)
        );
        assert_eq!(predicted.class("yes").unwrap().index(), 1);
    }

    #[test]
    fn probabilities_are_written_and_read_as_a_map() {
        let predicted = LabelProbabilities::new([0.25, 0.75], labels(&["no", "yes"]));
        let text = serde_json::to_string(&predicted).unwrap();
        assert_eq!(text, r#"{"no":0.25,"yes":0.75}"#);
        assert_eq!(serde_json::from_str::<LabelProbabilities<2>>(&text).unwrap(), predicted);
        assert!(serde_json::from_str::<LabelProbabilities<1>>(&text).is_err());
    }
}
