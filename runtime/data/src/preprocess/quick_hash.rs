//! A hash for tables of words and categories, which are looked up for every row.

use std::hash::{BuildHasherDefault, Hasher};

/// A product whose halves are folded into one, as wyhash has it: several times as quick as the standard
/// library's hash on short texts. Whoever chooses the training rows could choose such that collide; they
/// have nothing to gain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QuickHasher(u64);

/// Makes it.
pub(super) type QuickHash = BuildHasherDefault<QuickHasher>;

impl QuickHasher {
    fn mix(&mut self, word: u64) {
        // Two of wyhash's numbers; the first so that zeros count too.
        let word = self.0 ^ word ^ 0xa076_1d64_78bd_642f;
        let product = u128::from(word) * 0xe703_7ed1_a0b4_28db;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            // Seven bytes at most, and how many they are.
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            word[7] = rest.len() as u8;
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, hash::BuildHasher};

    use super::*;

    #[test]
    fn names_and_numbers_keep_apart() {
        let hash = QuickHash::default();
        let texts = (0..5000).map(|n| hash.hash_one(format!("city {n}")));
        let numbers = (0..5000u32).map(|n| hash.hash_one(n));
        let all: BTreeSet<u64> = texts.chain(numbers).collect();
        assert!(all.len() > 9990, "{} of 10000", all.len());
        let buckets: BTreeSet<u64> = all.iter().map(|hash| hash % 8192).collect();
        assert!(buckets.len() > 5000, "{} of 8192", buckets.len());
    }
}
