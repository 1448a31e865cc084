//! How large a learned vocabulary is, and what found no place in it.

use std::fmt;

use multi_input_base::{Notice, NoticeKind};
use serde::{Deserialize, Serialize};

/// Indices that stand for none of the entries: 0 for padding, 1 for what is unknown.
pub(crate) const RESERVED: usize = 2;

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
    pub(crate) fn notice(self) -> Option<Notice> {
        let VocabularySize { entries, with_unknown } = self;
        let message = format!(
            "all {entries} entries of the rows it was fitted on are known, so nothing is learned of \
             unknown ones"
        );
        (entries > 0 && !with_unknown).then(|| Notice::new(NoticeKind::UnknownUnseen, message))
    }
}

/// What the training rows held that is not in a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// How many different entries; at least so many where [`approximate`](Overflow::approximate).
    pub entries: u64,
    /// How often they occurred, all together; at least so often where
    /// [`approximate`](Overflow::approximate).
    pub occurrences: u64,
    /// How often anything occurred.
    pub of: u64,
    /// Whether there were more different entries than are counted one by one, so that the figures
    /// are lower bounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// The capacity with which nothing would be unknown but what was seen too seldom; `None` where
    /// the capacity is not the reason, or where it is not known how many entries there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
}

impl Overflow {
    /// What to write in the place of the capacity `named`: `` `categories(6)` ``.
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
