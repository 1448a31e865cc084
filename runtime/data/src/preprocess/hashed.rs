//! `hashed`: categories by a hash, without a vocabulary.

use super::stage::{FixedStep, Refusal};
use crate::{schema::Step, Values};

/// Encodes texts or whole numbers as their hash modulo `buckets`. Nothing is learned, and values
/// that training rows lack are encoded like any other; distinct values may collide.
///
/// The hash is SipHash-2-4 of the text (of a number, its decimal digits) with the key (salt, salt),
/// as in `keras.layers.Hashing(num_bins=buckets, salt=salt)`.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "Hashing")]
#[doc(alias = "hash")]
#[doc(alias = "FeatureHasher")]
#[doc(alias = "hash_bucket")]
#[doc(alias = "categorical_column_with_hash_bucket")]
pub struct Hashed;

impl FixedStep for Hashed {
    fn apply(&self, step: &Step, values: Values) -> Result<Values, Refusal> {
        let buckets = step.output.below.get();
        let salt = step.argument("salt").number_or(0.0) as u64;
        let indices = match &values {
            Values::Texts(texts) => texts.iter().map(|text| bucket(text, buckets, salt)).collect(),
            Values::Categories(numbers) => {
                numbers.iter().map(|number| bucket(&number.to_string(), buckets, salt)).collect()
            }
            _ => return Ok(values),
        };
        Ok(Values::Categories(indices))
    }
}

/// The bucket of a text.
pub(super) fn bucket(text: &str, buckets: usize, salt: u64) -> u32 {
    (sip_hash(text.as_bytes(), [salt, salt]) % buckets.max(1) as u64) as u32
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012). Implemented here because the standard library uses
/// another variant, and the indices in saved models must not change.
pub(super) fn sip_hash(bytes: &[u8], key: [u64; 2]) -> u64 {
    let mut state = [
        key[0] ^ 0x736f_6d65_7073_6575,
        key[1] ^ 0x646f_7261_6e64_6f6d,
        key[0] ^ 0x6c79_6765_6e65_7261,
        key[1] ^ 0x7465_6462_7974_6573,
    ];
    let words = bytes.chunks_exact(8);
    let mut last = (bytes.len() as u64) << 56;
    for (index, byte) in words.remainder().iter().enumerate() {
        last |= u64::from(*byte) << (8 * index);
    }
    let words = words.map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()));
    for word in words.chain([last]) {
        state[3] ^= word;
        (0..2).for_each(|_| sip_round(&mut state));
        state[0] ^= word;
    }
    state[2] ^= 0xff;
    (0..4).for_each(|_| sip_round(&mut state));
    state.into_iter().fold(0, |hash, part| hash ^ part)
}

fn sip_round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_its_paper() {
        let bytes: Vec<u8> = (0..15).collect();
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        assert_eq!(sip_hash(&bytes, key), 0xa129_ca61_49be_45e5);
    }
}
