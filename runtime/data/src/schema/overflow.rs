//! Size and overflow of learned vocabularies.

use std::fmt;

use multi_input_base::{Notice, NoticeKind};
use serde::{Deserialize, Serialize};

/// Number of reserved indices: 0 for padding, 1 for unknown entries.
pub(crate) const RESERVED: usize = 2;

/// Size of a learned vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VocabularySize {
    /// Number of entries, without the reserved indices.
    pub entries: usize,
    /// Whether the training rows held unknown entries.
    pub with_unknown: bool,
}

impl VocabularySize {
    /// The notice for a vocabulary without unknown entries in the training rows.
    pub(crate) fn notice(self) -> Option<Notice> {
        let VocabularySize { entries, with_unknown } = self;
        let message = format!(
            "all {entries} entries of the rows it was fitted on are known, so nothing is learned of \
             unknown ones"
        );
        (entries > 0 && !with_unknown).then(|| Notice::new(NoticeKind::UnknownUnseen, message))
    }
}

/// The growth of a vocabulary by the entries of new rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// The number of entries before.
    pub before: usize,
    /// The number of new entries, which have the next indices.
    pub added: usize,
    /// The number of further entries for which there is no room.
    pub full: u64,
    /// The number of further entries that the new rows hold too seldom.
    pub seldom: u64,
}

impl Growth {
    /// The indices of the new entries.
    pub fn indices(&self) -> std::ops::Range<usize> {
        let first = RESERVED + self.before;
        first..first + self.added
    }
}

/// Entries of the training rows that are not in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// Number of distinct entries; a lower bound where [`approximate`](Overflow::approximate).
    pub entries: u64,
    /// Total number of their occurrences; a lower bound where
    /// [`approximate`](Overflow::approximate).
    pub occurrences: u64,
    /// Total number of occurrences of all entries.
    pub of: u64,
    /// Whether there were more distinct entries than are counted exactly, so that the counts are
    /// lower bounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// The capacity that would hold all entries except those below the minimum frequency; `None`
    /// where the capacity is not the reason, or where the number of distinct entries is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
}

impl Overflow {
    /// The advice to raise the capacity; `write` formats the step with a capacity: ``
    /// `categories(6)` ``.
    pub(crate) fn remedy(&self, write: impl FnOnce(u64) -> String) -> Option<String> {
        let capacity = self.capacity?;
        let kinds = capacity.saturating_sub(RESERVED as u64);
        Some(format!("write `{}`: {kinds} kinds and {RESERVED} reserved places", write(capacity)))
    }
}

/// `unknown are 812 of 10000 entries in the training rows, 345 different ones`.
impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Overflow { entries, occurrences, of, approximate, .. } = self;
        let least = if *approximate { "at least " } else { "" };
        write!(
            f,
            "unknown are {least}{occurrences} of {of} entries in the training rows, \
             {least}{entries} different ones"
        )
    }
}
