//! CRC-32C (Castagnoli), the checksum of checkpoints and of TensorBoard's event files.

/// An incremental checksum.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crc32c {
    sum: u32,
    /// Recent short updates, batched because the checksum of a few bytes takes as long as that of
    /// many.
    pending: Vec<u8>,
    /// The number of bytes.
    len: usize,
}

/// Maximum of pending bytes.
const MAX_PENDING: usize = 1024;

impl Crc32c {
    /// The checksum of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> u32 {
        crc32c::crc32c(bytes)
    }

    /// Appends bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        if self.pending.len() + bytes.len() <= MAX_PENDING {
            self.pending.extend_from_slice(bytes);
            return;
        }
        self.sum = crc32c::crc32c_append(self.value(), bytes);
        self.pending.clear();
    }

    /// Appends the bytes of another checksum.
    pub(crate) fn append(&mut self, other: &Crc32c) {
        self.sum = crc32c::crc32c_combine(self.value(), other.value(), other.len);
        self.len += other.len;
        self.pending.clear();
    }

    /// The number of bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The checksum of all bytes so far.
    pub(crate) fn value(&self) -> u32 {
        crc32c::crc32c_append(self.sum, &self.pending)
    }
}

/// Number of independent hashes in a [`Digest`].
const LANES: usize = 16;

/// A vectorized fingerprint of many numbers: 16 independent hash words, each over every sixteenth
/// number, and the count. A checksum of all numbers would take longer than training a small model
/// on them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest {
    words: [u32; LANES],
    count: usize,
}

impl Digest {
    /// Appends numbers.
    pub(crate) fn update<T: Copy>(&mut self, numbers: &[T], bits: impl Fn(T) -> u32) {
        // An odd factor is a bijection; the rotation lets high bits affect low ones.
        let mix = |word: u32, bits: u32| (word.rotate_left(13) ^ bits).wrapping_mul(0x9e37_79b1);
        // Fills up to lane 0 first, so that the digest does not depend on how the numbers are split
        // into updates.
        let started = self.count % LANES;
        let missing = (LANES - started) % LANES;
        let (first, others) = numbers.split_at(missing.min(numbers.len()));
        let (chunks, rest) = others.as_chunks::<LANES>();
        for (word, number) in self.words[started..].iter_mut().zip(first) {
            *word = mix(*word, bits(*number));
        }
        for chunk in chunks {
            for (word, number) in self.words.iter_mut().zip(chunk) {
                *word = mix(*word, bits(*number));
            }
        }
        for (word, number) in self.words.iter_mut().zip(rest) {
            *word = mix(*word, bits(*number));
        }
        self.count += numbers.len();
    }

    /// The hash words and the count, little-endian.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let count = (self.count as u64).to_le_bytes();
        self.words.iter().flat_map(|word| word.to_le_bytes()).chain(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(numbers: &[u32], bits: impl Fn(u32) -> u32) -> Vec<u8> {
        let mut digest = Digest::default();
        digest.update(numbers, bits);
        digest.bytes()
    }

    #[test]
    fn a_digest_of_parts_is_that_of_the_whole() {
        let numbers: Vec<u32> = (0..100).map(|n| n * 77).collect();
        for parts in 1..40 {
            let mut own = Digest::default();
            numbers.chunks(parts).for_each(|part| own.update(part, |bits| bits));
            assert_eq!(own.bytes(), digest(&numbers, |bits| bits), "{parts}");
        }
    }

    #[test]
    fn every_bit_and_every_place_tells() {
        let numbers: Vec<u32> = (0..100).map(|n| n * 77).collect();
        let own = digest(&numbers, |bits| bits);
        for index in 0..numbers.len() {
            for bit in 0..32 {
                let mut others = numbers.clone();
                others[index] ^= 1 << bit;
                assert_ne!(digest(&others, |bits| bits), own);
                // Two changes of one word do not cancel out.
                others[(index + LANES) % numbers.len()] ^= 1 << bit;
                assert_ne!(digest(&others, |bits| bits), own);
            }
            let mut others = numbers.clone();
            others.swap(index, (index + LANES) % numbers.len());
            assert_ne!(digest(&others, |bits| bits), own);
        }
        assert_ne!(digest(&[0u32; 3], |bits| bits), digest(&[0u32; 4], |b| b));
    }

    // RFC 3720, B.4.
    #[test]
    fn the_sums_are_those_of_the_standard() {
        assert_eq!(Crc32c::of(b"123456789"), 0xe306_9283);
        assert_eq!(Crc32c::of(&[0; 32]), 0x8a91_36aa);
        assert_eq!(Crc32c::of(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(Crc32c::of(&rising), 0x46dd_794e);
    }

    #[test]
    fn parts_have_the_sum_of_the_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        for cut in [0, 1, 7, 8, 9, 100] {
            let mut sum = Crc32c::default();
            sum.update(&bytes[..cut]);
            sum.update(&bytes[cut..]);
            assert_eq!(sum.value(), Crc32c::of(&bytes));
            let [mut first, mut rest] = [Crc32c::default(), Crc32c::default()];
            first.update(&bytes[..cut]);
            rest.update(&bytes[cut..]);
            first.append(&rest);
            assert_eq!((first.value(), first.len()), (Crc32c::of(&bytes), bytes.len()));
        }
        let long: Vec<u8> = (0..3 * MAX_PENDING).map(|index| (index * 7 % 251) as u8).collect();
        for length in [1, 3, 100, MAX_PENDING - 1, MAX_PENDING, MAX_PENDING + 1] {
            let mut sum = Crc32c::default();
            for (index, part) in long.chunks(length).enumerate() {
                sum.update(part);
                let up_to_here = &long[..long.len().min((index + 1) * length)];
                assert_eq!(sum.value(), Crc32c::of(up_to_here));
            }
        }
    }
}
