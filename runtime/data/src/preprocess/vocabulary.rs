//! Vocabularies of words or categories, learned by counting.

#[cfg(feature = "onnx")]
mod onnx;

use std::{borrow::Borrow, hash::Hash};

use rustc_hash::FxHashMap;
use serde::{de::DeserializeOwned, Deserialize, Deserializer, Serialize, Serializer};

use super::merging::Mergeable;

pub(super) use crate::schema::{Growth, Overflow, VocabularySize, RESERVED};

/// The index of entries that are not in the vocabulary.
pub(super) const UNKNOWN: u32 = 1;

/// Minimum of distinct entries that are counted exactly.
const MIN_ENTRIES: usize = 1 << 20;

/// Maps entries to indices, which begin at 2 with the most frequent entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved<T>", into = "Saved<T>")]
#[serde(bound(serialize = "T: Entry + Serialize", deserialize = "T: Entry + Deserialize<'de>"))]
pub struct Vocabulary<T: Entry> {
    indices: FxHashMap<T, u32>,
    overflow: Option<Overflow>,
}

/// An entry of a vocabulary: a text or an integer.
pub trait Entry: Clone + Eq + Hash + Ord {}

impl Entry for String {}
impl Entry for u32 {}

/// The saved form: the entries in the order of their indices.
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

    /// The index of an entry, or [`UNKNOWN`].
    pub(super) fn index<Q: Hash + Eq + ?Sized>(&self, entry: &Q) -> u32
    where
        T: Borrow<Q>,
    {
        self.indices.get(entry).copied().unwrap_or(UNKNOWN)
    }

    /// The index of an entry, if the vocabulary has it.
    pub(super) fn position<Q: Hash + Eq + ?Sized>(&self, entry: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        self.indices.get(entry).copied()
    }

    /// Adds the most frequent new entries with indices below `bound` and counts of at least
    /// `min_count`. The indices of present entries stay.
    pub(super) fn grow(
        mut self,
        counts: Counts<T>,
        bound: usize,
        min_count: u64,
    ) -> (Vocabulary<T>, Growth) {
        let before = self.indices.len();
        let Counts { counts, occurrences, ceiling, .. } = counts;
        let new = counts.into_iter().filter(|(entry, _)| !self.indices.contains_key(entry));
        let (frequent, seldom): (Vec<_>, Vec<_>) = new.partition(|(_, count)| *count >= min_count);
        let mut entries = frequent;
        sort_by_frequency(&mut entries);
        let rest = entries.split_off(entries.len().min(bound.saturating_sub(RESERVED + before)));
        let growth = Growth {
            before,
            added: entries.len(),
            full: rest.len() as u64,
            seldom: seldom.len() as u64,
        };
        let next = (RESERVED + before) as u32;
        self.indices.extend(entries.into_iter().map(|(entry, _)| entry).zip(next..));
        let left: Vec<(T, u64)> = rest.into_iter().chain(seldom).collect();
        if !left.is_empty() {
            let approximate = ceiling > 0;
            self.overflow = Some(Overflow {
                entries: left.len() as u64,
                occurrences: min_occurrences(&left, ceiling),
                of: occurrences,
                approximate,
                capacity: (growth.full > 0 && !approximate)
                    .then_some((RESERVED + before + growth.added) as u64 + growth.full),
            });
        }
        (self, growth)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The number of entries, and whether a training row had an unknown one.
    pub(super) fn size(&self) -> VocabularySize {
        VocabularySize { entries: self.indices.len(), with_unknown: self.overflow.is_some() }
    }

    pub(super) fn overflow(&self) -> Option<Overflow> {
        self.overflow
    }

    /// Checks that every index is below `bound`.
    pub(super) fn check(&self, bound: usize) -> Result<(), String> {
        let first_free = self.indices.len() + RESERVED;
        match self.indices.is_empty() || first_free <= bound {
            true => Ok(()),
            false => Err(format!("expected indices below {bound}, found {}", first_free - 1)),
        }
    }
}

impl<T: Entry> Default for Vocabulary<T> {
    fn default() -> Vocabulary<T> {
        Vocabulary::new(Vec::new(), None)
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

/// Counts of entries.
///
/// Exact up to `max_entries` distinct entries: 2^20, or twice the capacity of the vocabulary if
/// that is more. When there are more, the half with the lowest counts is evicted, so memory stays
/// bounded (the space-saving algorithm of Metwally et al., 2005, by halves instead of single
/// entries). With `ceiling` the maximum count of an entry that is not in the table:
///
/// - a count is at least the true one, and exceeds it by at most `ceiling`;
/// - `ceiling` is at most 2 n / `max_entries` after n occurrences. (Every entry in the table has a
///   count of at least `ceiling`, and the part of a new entry's count beyond 1 was evicted before.)
///
/// So an entry that occurred more often is never lost, and entries whose counts differ by more than
/// `ceiling` are in the right order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Entry + Serialize", deserialize = "T: Entry + Deserialize<'de>"))]
pub struct Counts<T> {
    /// With a fast hash instead of the standard library's, which resists chosen collisions: the
    /// author of the training rows gains nothing from collisions.
    #[serde(serialize_with = "write_counts", deserialize_with = "read_counts")]
    counts: FxHashMap<T, u64>,
    /// Number of all occurrences.
    occurrences: u64,
    ceiling: u64,
    max_entries: usize,
}

impl<T: Entry> Counts<T> {
    /// Empty counts for a vocabulary with indices below `capacity`.
    pub(super) fn for_capacity(capacity: usize) -> Counts<T> {
        Counts::with_max_entries(capacity.saturating_mul(2).max(MIN_ENTRIES))
    }

    fn with_max_entries(max_entries: usize) -> Counts<T> {
        Counts { counts: FxHashMap::default(), occurrences: 0, ceiling: 0, max_entries }
    }

    /// Counts one occurrence.
    pub(super) fn add<Q: Hash + Eq + ToOwned<Owned = T> + ?Sized>(&mut self, entry: &Q)
    where
        T: Borrow<Q>,
    {
        self.occurrences += 1;
        if let Some(count) = self.counts.get_mut(entry) {
            *count += 1;
            return;
        }
        if self.counts.len() >= self.max_entries {
            self.evict();
        }
        self.counts.insert(entry.to_owned(), self.ceiling + 1);
    }

    /// Evicts the half with the lowest counts. Of equal counts the smaller entry is evicted, which
    /// would come last in a vocabulary, so the result does not depend on the hash.
    fn evict(&mut self) {
        let half = self.counts.len().div_ceil(2);
        let mut counts: Vec<(u64, &T)> =
            self.counts.iter().map(|(entry, count)| (*count, entry)).collect();
        let (limit, last) = *counts.select_nth_unstable(half - 1).1;
        let last = last.clone();
        self.counts.retain(|entry, count| (*count, entry) > (limit, &last));
        self.ceiling = limit;
    }

    /// The vocabulary of the most frequent entries with indices below `bound` and counts of at
    /// least `min_count`. Of equal counts the larger entry comes first, as in Keras.
    pub(super) fn most_frequent(self, bound: usize, min_count: u64) -> Vocabulary<T> {
        let Counts { counts, occurrences, ceiling, max_entries } = self;
        let mut entries: Vec<(T, u64)> = counts.into_iter().collect();
        sort_by_frequency(&mut entries);
        let frequent = entries.iter().take_while(|(_, count)| *count >= min_count).count();
        let room = bound.saturating_sub(RESERVED);
        let rest = entries.split_off(frequent.min(room));
        let approximate = ceiling > 0;
        let known: u64 = entries.iter().map(|(_, count)| count).sum();
        // The table was full, so it held `max_entries` distinct entries at one time.
        let different = if approximate { max_entries } else { entries.len() + rest.len() };
        let needed = (frequent > room && !approximate).then_some((frequent + RESERVED) as u64);
        let overflow = (approximate || !rest.is_empty()).then(|| Overflow {
            entries: (different - entries.len()) as u64,
            occurrences: occurrences.saturating_sub(known).max(min_occurrences(&rest, ceiling)),
            of: occurrences,
            approximate,
            capacity: needed,
        });
        Vocabulary::new(entries.into_iter().map(|(entry, _)| entry).collect(), overflow)
    }
}

/// The counts of all rows (Agarwal et al., "Mergeable summaries", 2012): a count that one of the two has
/// lost is at most its `ceiling`. The bounds of [`Counts`] hold, because both sides of them add up.
impl<T: Entry + Serialize + DeserializeOwned> Mergeable for Counts<T> {
    fn merge(&mut self, later: Counts<T>) -> Result<(), String> {
        if self.max_entries != later.max_entries {
            return Err("the frequencies for another capacity".to_owned());
        }
        let mut later_counts = later.counts;
        for (entry, count) in &mut self.counts {
            *count += later_counts.remove(entry).unwrap_or(later.ceiling);
        }
        self.counts.reserve(later_counts.len());
        let new = later_counts.into_iter().map(|(entry, count)| (entry, count + self.ceiling));
        self.counts.extend(new);
        self.occurrences += later.occurrences;
        self.ceiling += later.ceiling;
        if self.counts.len() > self.max_entries {
            self.evict();
        }
        Ok(())
    }
}

fn write_counts<T: Serialize, S: Serializer>(
    counts: &FxHashMap<T, u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(counts)
}

/// Creates the table at its final size: entries that come in the order of another table's hashes collide
/// in a smaller one.
fn read_counts<'de, T: Entry + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<FxHashMap<T, u64>, D::Error> {
    let entries: Vec<(T, u64)> = Vec::deserialize(deserializer)?;
    Ok(entries.into_iter().collect())
}

/// Sorts by decreasing count. Of equal counts the larger entry comes first, as in Keras.
fn sort_by_frequency<T: Ord>(entries: &mut [(T, u64)]) {
    entries.sort_unstable_by(|(a, count_a), (b, count_b)| (count_b, b).cmp(&(count_a, a)));
}

/// A lower bound of the occurrences of entries whose counts are too high by at most `ceiling`.
fn min_occurrences<T>(entries: &[(T, u64)], ceiling: u64) -> u64 {
    entries.iter().map(|(_, count)| count.saturating_sub(ceiling).max(1)).sum()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeSet, HashMap},
        hash::BuildHasher,
    };

    use rustc_hash::FxBuildHasher;

    use super::*;

    fn counts(entries: &str) -> Counts<String> {
        let mut counts = Counts::for_capacity(5);
        entries.split_whitespace().for_each(|entry| counts.add(entry));
        counts
    }

    const OVERFLOW: Overflow =
        Overflow { entries: 2, occurrences: 2, of: 11, approximate: false, capacity: Some(7) };

    #[test]
    fn the_most_frequent_entries_get_the_first_indices() {
        let vocabulary = counts("b b a c a d d d e d d").most_frequent(5, 1);
        let index = |entry| vocabulary.index(entry);
        assert_eq!((index("d"), index("b"), index("a"), index("c"), index("e")), (2, 3, 4, 1, 1));
        assert_eq!(vocabulary.overflow(), Some(OVERFLOW));
        assert_eq!(
            OVERFLOW.to_string(),
            "unknown are 2 of 11 entries in the training rows, 2 different ones"
        );
        let text = serde_json::to_string(&vocabulary).unwrap();
        assert!(text.starts_with(r#"{"entries":["d","b","a"],"overflow":{"entries":2,"#), "{text}");
        assert_eq!(serde_json::from_str::<Vocabulary<String>>(&text).unwrap(), vocabulary);
    }

    #[test]
    fn an_overflow_says_which_capacity_would_do() {
        let overflow = counts("a b c d").most_frequent(4, 1).overflow().unwrap();
        assert_eq!((overflow.entries, overflow.occurrences, overflow.of), (2, 2, 4));
        let remedy = overflow.remedy(|capacity| format!("categories({capacity})"));
        assert_eq!(remedy.unwrap(), "write `categories(6)`: 4 kinds and 2 reserved places");
        assert_eq!(counts("a b c d").most_frequent(6, 1).overflow(), None);
        // Rare entries fit into no capacity.
        let seldom = counts("a a b b c").most_frequent(4, 2).overflow().unwrap();
        assert_eq!((seldom.entries, seldom.capacity), (1, None));
        let both = counts("a a b b c c d").most_frequent(4, 2).overflow().unwrap();
        assert_eq!((both.entries, both.occurrences, both.capacity), (2, 3, Some(5)));
    }

    #[test]
    fn what_was_seen_too_seldom_is_unknown() {
        let vocabulary = counts("a a b").most_frequent(10, 2);
        assert_eq!((vocabulary.index("a"), vocabulary.index("b")), (2, 1));
    }

    #[test]
    fn new_entries_come_after_the_present_ones_as_far_as_there_is_room() {
        let old = || counts("d d d b b a").most_frequent(7, 1);
        let (grown, growth) = old().grow(counts("e a f f g c c c"), 7, 1);
        assert_eq!(growth, Growth { before: 3, added: 2, full: 2, seldom: 0 });
        assert_eq!(growth.indices(), 5..7);
        let indices = ["d", "b", "a", "c", "f", "g", "e"].map(|entry| grown.index(entry));
        assert_eq!(indices, [2, 3, 4, 5, 6, UNKNOWN, UNKNOWN]);
        let overflow = grown.overflow().unwrap();
        assert_eq!((overflow.entries, overflow.occurrences, overflow.of), (2, 2, 8));
        assert_eq!(overflow.capacity, Some(9));
        assert!(grown.check(7).is_ok());
        let (grown, growth) = old().grow(counts("e e c"), 7, 2);
        assert_eq!(growth, Growth { before: 3, added: 1, full: 0, seldom: 1 });
        assert_eq!((grown.position("e"), grown.position("c")), (Some(5), None));
        let (grown, growth) = old().grow(counts("a b"), 7, 1);
        assert_eq!((grown == old(), growth.added), (true, 0));
    }

    #[test]
    fn as_many_entries_as_the_capacity_are_counted_one_by_one() {
        const IDS: u32 = 1_500_000;
        let mut counts = Counts::for_capacity(3_000_000);
        (0..IDS).for_each(|id| counts.add(&id));
        assert_eq!(counts.counts.len(), IDS as usize);
        let vocabulary = counts.most_frequent(3_000_000, 1);
        assert_eq!(vocabulary.indices.len(), IDS as usize);
        assert_eq!((vocabulary.overflow(), vocabulary.index(&(IDS - 1))), (None, 2));
    }

    /// A skewed distribution: entry n occurs about (1000 / n)^s times.
    fn skewed(steps: u64) -> impl Iterator<Item = u32> {
        (0..steps).map(|step| {
            let share = (step * 7_368_787 % 10_000_019) as f64 / 10_000_019.0;
            (share * share * share * share * 50_000.0) as u32
        })
    }

    #[test]
    fn of_too_many_entries_counts_are_off_by_no_more_than_is_stated() {
        const MAX: usize = 1000;
        for steps in [2_000, 20_000, 200_000] {
            let mut counts = Counts::with_max_entries(MAX);
            let mut exact: HashMap<u32, u64> = HashMap::new();
            for entry in skewed(steps) {
                counts.add(&entry);
                *exact.entry(entry).or_default() += 1;
            }
            let ceiling = counts.ceiling;
            assert!(exact.len() > MAX && counts.counts.len() <= MAX, "{}", exact.len());
            assert!(ceiling > 0 && ceiling <= 2 * steps / MAX as u64, "{ceiling}");
            for (entry, seen) in &exact {
                match counts.counts.get(entry) {
                    Some(count) => assert!((*seen..=seen + ceiling).contains(count), "{entry}"),
                    None => assert!(*seen <= ceiling, "{entry}"),
                }
            }
            let vocabulary = counts.most_frequent(102, 1);
            assert_eq!(vocabulary.indices.len(), 100);
            let is_known = |entry: &u32| vocabulary.indices.contains_key(entry);
            let unknown = || exact.iter().filter(|(entry, _)| !is_known(entry));
            let overflow = vocabulary.overflow().unwrap();
            assert!(overflow.approximate && overflow.capacity.is_none());
            assert_eq!(overflow.of, steps);
            assert!(overflow.entries <= unknown().count() as u64, "{overflow}");
            assert!(overflow.occurrences <= unknown().map(|(_, seen)| seen).sum(), "{overflow}");
            assert!(overflow.occurrences > steps / 4, "{overflow}");
        }
    }

    #[test]
    fn entries_that_were_seen_equally_often_fill_the_vocabulary() {
        let mut counts = Counts::with_max_entries(100);
        (0..10_000_u32).for_each(|number| counts.add(&number));
        let vocabulary = counts.most_frequent(50, 1);
        assert_eq!(vocabulary.indices.len(), 48);
        let overflow = vocabulary.overflow().unwrap();
        assert_eq!((overflow.entries, overflow.of), (52, 10_000));
        assert!(overflow.to_string().starts_with("unknown are at least "), "{overflow}");
    }

    #[test]
    fn of_too_many_entries_the_frequent_ones_stay() {
        let mut counts = Counts::<u32>::with_max_entries(100);
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
    fn names_and_numbers_keep_apart() {
        let hash = FxBuildHasher;
        let texts = (0..5000).map(|n| hash.hash_one(format!("city {n}")));
        let numbers = (0..5000u32).map(|n| hash.hash_one(n));
        let all: BTreeSet<u64> = texts.chain(numbers).collect();
        assert!(all.len() > 9990, "{} of 10000", all.len());
        let buckets: BTreeSet<u64> = all.iter().map(|hash| hash % 8192).collect();
        assert!(buckets.len() > 5000, "{} of 8192", buckets.len());
    }

    #[test]
    fn of_those_seen_equally_often_the_first_in_their_order_are_forgotten() {
        let entries = |numbers: &mut dyn Iterator<Item = u32>| {
            let mut counts = Counts::with_max_entries(100);
            numbers.for_each(|number| counts.add(&number));
            let mut left: Vec<u32> = counts.counts.into_keys().collect();
            left.sort_unstable();
            left
        };
        let known: Vec<u32> = (50..101).collect();
        assert_eq!(entries(&mut (0..101)), known);
        assert_eq!(entries(&mut (0..100).rev().chain([100])), known);
    }

    #[test]
    fn a_damaged_vocabulary_is_found() {
        let vocabulary = Vocabulary::new(vec![5, 6], None);
        assert!(vocabulary.check(4).is_ok());
        assert!(vocabulary.check(3).is_err());
        assert!(serde_json::from_str::<Vocabulary<u32>>(r#"{"entries":[5,5]}"#).is_err());
        assert!(serde_json::from_str::<Vocabulary<u32>>(r#"{"entries":["a"]}"#).is_err());
    }

    /// The counts of consecutive parts of some entries, merged in order.
    fn merged(entries: &[u32], parts: usize, max_entries: usize) -> Counts<u32> {
        let mut all = Counts::with_max_entries(max_entries);
        for part in entries.chunks(entries.len().div_ceil(parts)) {
            let mut counts = Counts::with_max_entries(max_entries);
            part.iter().for_each(|entry| counts.add(entry));
            all.merge(counts).unwrap();
            all.merge(Counts::with_max_entries(max_entries)).unwrap();
        }
        all
    }

    #[test]
    fn exact_counts_of_parts_give_the_vocabulary_of_all_rows() {
        let entries: Vec<u32> = skewed(5_000).collect();
        let max_entries = entries.iter().collect::<BTreeSet<_>>().len();
        let whole = merged(&entries, 1, max_entries);
        for parts in [2, 3, 7, 100] {
            let merged = merged(&entries, parts, max_entries);
            assert_eq!((&merged.counts, merged.ceiling), (&whole.counts, 0));
            assert_eq!(merged.clone().most_frequent(99, 2), whole.clone().most_frequent(99, 2));
        }
        assert!(Counts::<u32>::for_capacity(1 << 20).merge(whole).is_err());
    }

    #[test]
    fn counts_of_parts_with_too_many_entries_are_off_by_no_more_than_is_stated() {
        const MAX: usize = 1000;
        let entries: Vec<u32> = skewed(100_000).collect();
        let mut exact: HashMap<u32, u64> = HashMap::new();
        entries.iter().for_each(|entry| *exact.entry(*entry).or_default() += 1);
        for parts in [2, 3, 7, 50] {
            let counts = merged(&entries, parts, MAX);
            let ceiling = counts.ceiling;
            assert!(counts.counts.len() <= MAX && counts.occurrences == 100_000);
            assert!(ceiling > 0 && ceiling <= 2 * 100_000 / MAX as u64, "{ceiling}");
            for (entry, seen) in &exact {
                match counts.counts.get(entry) {
                    Some(count) => assert!((*seen..=seen + ceiling).contains(count), "{entry}"),
                    None => assert!(*seen <= ceiling, "{entry}"),
                }
            }
            assert!(counts.counts.values().all(|count| *count >= ceiling));
            let overflow = counts.most_frequent(102, 1).overflow().unwrap();
            assert!(overflow.approximate && overflow.of == 100_000, "{overflow}");
        }
    }

    #[test]
    fn saved_counts_come_back() {
        let mut counts = Counts::with_max_entries(10);
        (0..25_u32).for_each(|entry| counts.add(&(entry % 13)));
        let saved = crate::binary::to_bytes(&counts).unwrap();
        let restored: Counts<u32> = crate::binary::from_bytes(&saved).unwrap();
        let all = |counts: &Counts<u32>| {
            (counts.counts.clone(), counts.occurrences, counts.ceiling, counts.max_entries)
        };
        assert_eq!(all(&restored), all(&counts));
        let text = self::counts("a b a");
        let saved = crate::binary::to_bytes(&text).unwrap();
        let restored: Counts<String> = crate::binary::from_bytes(&saved).unwrap();
        assert_eq!(restored.most_frequent(9, 1), text.most_frequent(9, 1));
    }
}
