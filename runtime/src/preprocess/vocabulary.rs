//! Words or categories and their indices, learned by counting.

use std::{borrow::Borrow, collections::HashMap, fmt, hash::Hash};

use serde::{Deserialize, Serialize};

use super::quick_hash::QuickHash;
use crate::{Notice, NoticeKind};

/// The index of whatever is not in a vocabulary.
pub(super) const UNKNOWN: u32 = 1;

/// Indices that stand for none of the entries: 0 for padding, 1 for what is unknown.
const RESERVED: usize = 2;

/// The most entries that are counted at a time, in multiples of a vocabulary's size or by itself,
/// whichever is more.
const MOST_COUNTED: usize = 1 << 20;

/// Entries, whose indices begin at 2, the most frequent first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved<T>", into = "Saved<T>")]
#[serde(bound(serialize = "T: Entry + Serialize", deserialize = "T: Entry + Deserialize<'de>"))]
pub struct Vocabulary<T: Entry> {
    indices: HashMap<T, u32, QuickHash>,
    overflow: Option<Overflow>,
}

/// What a vocabulary is made of: texts or whole numbers.
pub trait Entry: Clone + Eq + Hash + Ord {}

impl Entry for String {}
impl Entry for u32 {}

/// What a vocabulary has learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VocabularySize {
    /// How many entries it has.
    pub entries: usize,
    /// Whether the training rows held anything else, which is unknown.
    pub with_unknown: bool,
}

impl VocabularySize {
    /// What is said where no training row has anything unknown.
    pub(super) fn notice(self) -> Option<Notice> {
        let VocabularySize { entries, with_unknown } = self;
        let message = format!(
            "all of the training rows' {entries} entries are known, so nothing is learned of unknown \
             ones: a later one counts as the mean of the known"
        );
        (entries > 0 && !with_unknown).then(|| Notice::new(NoticeKind::UnknownUnseen, message))
    }
}

/// What the training rows held that is not in a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// How many different entries.
    pub entries: u64,
    /// How often they occurred, all together.
    pub occurrences: u64,
    /// How often anything occurred.
    pub of: u64,
}

/// `unknown are 812 of 10000 entries in the training rows, 345 different ones`.
impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Overflow { entries, occurrences, of } = self;
        write!(
            f,
            "unknown are {occurrences} of {of} entries in the training rows, {entries} different ones"
        )
    }
}

/// A vocabulary in a file: the entries in the order of their indices.
#[derive(Clone, Serialize, Deserialize)]
struct Saved<T> {
    entries: Vec<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overflow: Option<Overflow>,
}

impl<T: Entry> Vocabulary<T> {
    fn new(entries: Vec<T>, overflow: Option<Overflow>) -> Vocabulary<T> {
        let indices = entries.into_iter().zip(RESERVED as u32..).collect();
        Vocabulary { indices, overflow }
    }

    /// The index of an entry, or that of the unknown.
    pub(super) fn index<Q: Hash + Eq + ?Sized>(&self, entry: &Q) -> u32
    where
        T: Borrow<Q>,
    {
        self.indices.get(entry).copied().unwrap_or(UNKNOWN)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// How many entries it has, and whether a training row had another.
    pub(super) fn size(&self) -> VocabularySize {
        VocabularySize { entries: self.indices.len(), with_unknown: self.overflow.is_some() }
    }

    pub(super) fn overflow(&self) -> Option<Overflow> {
        self.overflow
    }

    /// Whether every index is below `bound`.
    pub(super) fn check(&self, bound: usize) -> Result<(), String> {
        let first_free = self.indices.len() + RESERVED;
        match self.indices.is_empty() || first_free <= bound {
            true => Ok(()),
            false => Err(format!("expected indices below {bound}, found {}", first_free - 1)),
        }
    }
}

impl<T: Entry> TryFrom<Saved<T>> for Vocabulary<T> {
    type Error = &'static str;

    fn try_from(saved: Saved<T>) -> Result<Vocabulary<T>, &'static str> {
        let count = saved.entries.len();
        let vocabulary = Vocabulary::new(saved.entries, saved.overflow);
        match vocabulary.indices.len() == count {
            true => Ok(vocabulary),
            false => Err("its vocabulary has an entry twice"),
        }
    }
}

impl<T: Entry> From<Vocabulary<T>> for Saved<T> {
    fn from(vocabulary: Vocabulary<T>) -> Saved<T> {
        let mut entries: Vec<(T, u32)> = vocabulary.indices.into_iter().collect();
        entries.sort_unstable_by_key(|(_, index)| *index);
        let entries = entries.into_iter().map(|(entry, _)| entry).collect();
        Saved { entries, overflow: vocabulary.overflow }
    }
}

/// How often each entry was seen.
///
/// Of more than 2^20 different entries (a million), those seen least often are forgotten now and
/// then, so that memory stays bounded: what is frequent among all rows stays, and only its count
/// may be too low, by as much as was forgotten of it.
#[derive(Clone, Debug)]
pub struct Counts<T> {
    counts: HashMap<T, u64, QuickHash>,
    /// How many were forgotten, and how often they had been seen.
    forgotten: (u64, u64),
    most: usize,
}

impl<T> Default for Counts<T> {
    fn default() -> Counts<T> {
        Counts { counts: HashMap::default(), forgotten: (0, 0), most: MOST_COUNTED }
    }
}

impl<T: Entry> Counts<T> {
    /// Counts one occurrence.
    pub(super) fn add<Q: Hash + Eq + ToOwned<Owned = T> + ?Sized>(&mut self, entry: &Q)
    where
        T: Borrow<Q>,
    {
        if let Some(count) = self.counts.get_mut(entry) {
            *count += 1;
            return;
        }
        if self.counts.len() >= self.most {
            self.forget();
        }
        self.counts.insert(entry.to_owned(), 1);
    }

    /// Forgets the half that was seen least often.
    fn forget(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let middle = counts.len() / 2;
        let limit = *counts.select_nth_unstable(middle).1;
        let forgotten = &mut self.forgotten;
        let mut room = middle.max(1);
        self.counts.retain(|_, count| {
            let keep = *count > limit || room == 0;
            if !keep {
                room -= 1;
                forgotten.0 += 1;
                forgotten.1 += *count;
            }
            keep
        });
    }

    /// The most frequent entries, as many as indices below `bound` allow, each seen at least
    /// `least` times. Of those seen equally often the last in their order comes first, as in
    /// Keras.
    pub(super) fn most_frequent(self, bound: usize, least: u64) -> Vocabulary<T> {
        let mut entries: Vec<(T, u64)> = self.counts.into_iter().collect();
        entries.sort_unstable_by(|(a, seen_a), (b, seen_b)| (seen_b, b).cmp(&(seen_a, a)));
        let frequent = entries.iter().take_while(|(_, count)| *count >= least).count();
        let rest = entries.split_off(frequent.min(bound.saturating_sub(RESERVED)));
        let sum = |entries: &[(T, u64)]| entries.iter().map(|(_, count)| count).sum::<u64>();
        let occurrences = sum(&rest) + self.forgotten.1;
        let overflow = (occurrences > 0).then(|| Overflow {
            entries: rest.len() as u64 + self.forgotten.0,
            occurrences,
            of: sum(&entries) + occurrences,
        });
        Vocabulary::new(entries.into_iter().map(|(entry, _)| entry).collect(), overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(entries: &str) -> Counts<String> {
        let mut counts = Counts::default();
        entries.split_whitespace().for_each(|entry| counts.add(entry));
        counts
    }

    #[test]
    fn the_most_frequent_entries_get_the_first_indices() {
        let vocabulary = counts("b b a c a d d d e d d").most_frequent(5, 1);
        let index = |entry| vocabulary.index(entry);
        assert_eq!((index("d"), index("b"), index("a"), index("c"), index("e")), (2, 3, 4, 1, 1));
        let overflow = Overflow { entries: 2, occurrences: 2, of: 11 };
        assert_eq!(vocabulary.overflow(), Some(overflow));
        assert_eq!(
            overflow.to_string(),
            "unknown are 2 of 11 entries in the training rows, 2 different ones"
        );
        let text = serde_json::to_string(&vocabulary).unwrap();
        assert!(text.starts_with(r#"{"entries":["d","b","a"],"overflow":{"entries":2,"#), "{text}");
        assert_eq!(serde_json::from_str::<Vocabulary<String>>(&text).unwrap(), vocabulary);
    }

    #[test]
    fn what_was_seen_too_seldom_is_unknown() {
        let vocabulary = counts("a a b").most_frequent(10, 2);
        assert_eq!((vocabulary.index("a"), vocabulary.index("b")), (2, 1));
    }

    #[test]
    fn of_too_many_entries_the_frequent_ones_stay() {
        let mut counts = Counts::<u32> { most: 100, ..Counts::default() };
        for number in 0..10_000 {
            counts.add(&number);
            counts.add(&(number % 3));
        }
        assert!(counts.counts.len() <= 100);
        let vocabulary = counts.most_frequent(5, 1);
        let mut found = [0, 1, 2].map(|number| vocabulary.index(&number));
        found.sort_unstable();
        assert_eq!(found, [2, 3, 4]);
        assert_eq!(vocabulary.overflow().map(|overflow| overflow.of), Some(20_000));
    }

    #[test]
    fn a_damaged_vocabulary_is_found() {
        let vocabulary = Vocabulary::new(vec![5, 6], None);
        assert!(vocabulary.check(4).is_ok());
        assert!(vocabulary.check(3).is_err());
        assert!(serde_json::from_str::<Vocabulary<u32>>(r#"{"entries":[5,5]}"#).is_err());
        assert!(serde_json::from_str::<Vocabulary<u32>>(r#"{"entries":["a"]}"#).is_err());
    }
}
