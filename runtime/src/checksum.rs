//! CRC-32C (Castagnoli), as checkpoints and TensorBoard's event files carry it.

/// A checksum over what it was handed so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc32c(u32);

impl Default for Crc32c {
    fn default() -> Crc32c {
        Crc32c(!0)
    }
}

/// The reflected polynomial.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// `TABLES[k][byte]` carries a byte over `k` further zero bytes, so that eight bytes are one step.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte] = value;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

impl Crc32c {
    /// The checksum of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> u32 {
        let mut sum = Crc32c::default();
        sum.update(bytes);
        sum.value()
    }

    /// Takes further bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let chunk: [u8; 8] = chunk.try_into().unwrap_or_default();
            let word = u64::from_le_bytes(chunk) ^ u64::from(self.0);
            self.0 = word
                .to_le_bytes()
                .iter()
                .enumerate()
                .fold(0, |sum, (place, byte)| sum ^ TABLES[7 - place][usize::from(*byte)]);
        }
        for byte in chunks.remainder() {
            let index = (self.0 as u8) ^ byte;
            self.0 = (self.0 >> 8) ^ TABLES[0][usize::from(index)];
        }
    }

    /// The checksum.
    pub(crate) fn value(self) -> u32 {
        !self.0
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
    }
}
