//! CRC-32C (Castagnoli), as checkpoints and TensorBoard's event files carry it.

/// A checksum over what it was handed so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crc32c {
    sum: u32,
    /// What came last, if it is short: a checksum of a few bytes takes as long as one of many.
    pending: Vec<u8>,
}

/// How many bytes may be pending.
const PENDING: usize = 1024;

impl Crc32c {
    /// The checksum of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> u32 {
        crc32c::crc32c(bytes)
    }

    /// Takes further bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if self.pending.len() + bytes.len() <= PENDING {
            self.pending.extend_from_slice(bytes);
            return;
        }
        self.sum = crc32c::crc32c_append(self.value(), bytes);
        self.pending.clear();
    }

    /// The checksum.
    pub(crate) fn value(&self) -> u32 {
        crc32c::crc32c_append(self.sum, &self.pending)
    }
}

/// How many numbers a [`Digest`] looks at side by side.
const SIDE_BY_SIDE: usize = 16;

/// Tells many numbers from others, several at once; sums over all of them would take longer than a
/// model of few weights does to train on them: sixteen words, into each of which every sixteenth
/// number is mixed, and how many numbers there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest {
    words: [u32; SIDE_BY_SIDE],
    count: usize,
}

impl Digest {
    /// Takes further numbers.
    pub(crate) fn update<T: Copy>(&mut self, numbers: &[T], bits: impl Fn(T) -> u32) {
        // An odd factor loses nothing, and turning the words lets high bits reach the low ones.
        let mix = |word: u32, bits: u32| (word.rotate_left(13) ^ bits).wrapping_mul(0x9e37_79b1);
        // Up to the first word, so that it does not matter in how many parts the numbers come.
        let started = self.count % SIDE_BY_SIDE;
        let missing = (SIDE_BY_SIDE - started) % SIDE_BY_SIDE;
        let (first, others) = numbers.split_at(missing.min(numbers.len()));
        let (chunks, rest) = others.as_chunks::<SIDE_BY_SIDE>();
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

    /// The words and the count.
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
        for place in 0..numbers.len() {
            for bit in 0..32 {
                let mut others = numbers.clone();
                others[place] ^= 1 << bit;
                assert_ne!(digest(&others, |bits| bits), own);
                // Nor do two changes of one word make up for each other.
                others[(place + SIDE_BY_SIDE) % numbers.len()] ^= 1 << bit;
                assert_ne!(digest(&others, |bits| bits), own);
            }
            let mut others = numbers.clone();
            others.swap(place, (place + SIDE_BY_SIDE) % numbers.len());
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
        }
        let long: Vec<u8> = (0..3 * PENDING).map(|place| (place * 7 % 251) as u8).collect();
        for length in [1, 3, 100, PENDING - 1, PENDING, PENDING + 1] {
            let mut sum = Crc32c::default();
            for (place, part) in long.chunks(length).enumerate() {
                sum.update(part);
                let up_to_here = &long[..long.len().min((place + 1) * length)];
                assert_eq!(sum.value(), Crc32c::of(up_to_here));
            }
        }
    }
}
