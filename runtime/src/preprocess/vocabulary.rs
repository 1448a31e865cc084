//! Words or categories and their indices, learned by counting.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The index of whatever is not in a vocabulary.
const UNKNOWN: u32 = 1;

/// Indices that stand for none of the entries: 0 for padding, 1 for what is unknown.
pub(super) const RESERVED: usize = 2;

/// Entries, whose indices begin at 2, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub(super) struct Vocabulary {
    indices: HashMap<String, u32>,
}

impl Vocabulary {
    /// The index of an entry, or that of the unknown.
    pub(super) fn index(&self, entry: &str) -> u32 {
        self.indices.get(entry).copied().unwrap_or(UNKNOWN)
    }

    /// Whether every index is below `bound`, as many entries as there are indices.
    pub(super) fn check(&self, bound: usize) -> Result<(), String> {
        let largest = self.indices.values().max().map_or(0, |index| *index as usize);
        if largest >= bound {
            return Err(format!("expected a vocabulary below {bound}, found index {largest}"));
        }
        match self.indices.is_empty() || largest == self.indices.len() + RESERVED - 1 {
            true => Ok(()),
            false => Err("its vocabulary has an entry twice".to_owned()),
        }
    }
}

/// In the order of the indices.
impl From<Vec<String>> for Vocabulary {
    fn from(entries: Vec<String>) -> Vocabulary {
        let indices = entries.into_iter().zip(RESERVED as u32..).collect();
        Vocabulary { indices }
    }
}

impl From<Vocabulary> for Vec<String> {
    fn from(vocabulary: Vocabulary) -> Vec<String> {
        let mut entries: Vec<(String, u32)> = vocabulary.indices.into_iter().collect();
        entries.sort_unstable_by_key(|(_, index)| *index);
        entries.into_iter().map(|(entry, _)| entry).collect()
    }
}

/// How often each entry was seen.
#[derive(Clone, Debug, Default)]
pub struct Counts(HashMap<String, u64>);

impl Counts {
    /// Adds what some rows hold.
    pub(super) fn add(&mut self, seen: HashMap<String, u64>) {
        for (entry, count) in seen {
            *self.0.entry(entry).or_default() += count;
        }
    }

    /// The most frequent entries, as many as indices below `bound` allow, each seen at least
    /// `least` times. Of those seen equally often the last in the order of bytes comes first, as
    /// in Keras.
    pub(super) fn most_frequent(self, bound: usize, least: u64) -> Vocabulary {
        let mut entries: Vec<(String, u64)> =
            self.0.into_iter().filter(|(_, count)| *count >= least).collect();
        entries.sort_unstable_by(|(a, seen_a), (b, seen_b)| (seen_b, b).cmp(&(seen_a, a)));
        entries.truncate(bound.saturating_sub(RESERVED));
        entries.into_iter().map(|(entry, _)| entry).collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_entries_get_the_first_indices() {
        let mut counts = Counts::default();
        counts.add(HashMap::from([("b".to_owned(), 2), ("a".to_owned(), 1), ("c".to_owned(), 1)]));
        counts.add(HashMap::from([("a".to_owned(), 1), ("d".to_owned(), 5)]));
        let vocabulary = counts.most_frequent(5, 1);
        let index = |entry| vocabulary.index(entry);
        assert_eq!((index("d"), index("b"), index("a"), index("c"), index("e")), (2, 3, 4, 1, 1));
        let text = serde_json::to_string(&vocabulary).unwrap();
        assert_eq!(text, r#"["d","b","a"]"#);
        assert_eq!(serde_json::from_str::<Vocabulary>(&text).unwrap(), vocabulary);
    }

    #[test]
    fn a_damaged_vocabulary_is_found() {
        let vocabulary = Vocabulary::from(vec!["a".to_owned(), "b".to_owned()]);
        assert!(vocabulary.check(4).is_ok());
        assert!(vocabulary.check(3).is_err());
        assert!(Vocabulary::from(vec!["a".to_owned(), "a".to_owned()]).check(9).is_err());
        assert!(Vocabulary::default().check(2).is_ok());
    }
}
