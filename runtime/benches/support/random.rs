//! Reproducible pseudo-random numbers.
#![allow(dead_code)] // Not every benchmark uses all methods.

/// SplitMix64, counter-based.
pub struct Random(pub u64);

impl Random {
    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 += 1;
        let mut z = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An integer in `0..end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// A number in `[0, 1)`.
    pub fn fraction(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Numbers in `[0, 1)`.
    pub fn fractions<const N: usize>(&mut self) -> [f32; N] {
        std::array::from_fn(|_| self.fraction())
    }

    /// Integers in `0..end`.
    pub fn categories<const N: usize>(&mut self, end: u64) -> [u32; N] {
        std::array::from_fn(|_| self.below(end) as u32)
    }
}
