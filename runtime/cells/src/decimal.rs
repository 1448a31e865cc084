//! Fast parsing of short decimal numbers such as `-3.25`.

const ONES: u64 = 0x0101_0101_0101_0101;

/// Maximum of digits on either side of the point, so that a single division rounds correctly.
const MAX_DIGITS: usize = 8;

/// Parses `bytes[start..]` as at most 8 digits, an optional point and at most 8 digits, with an
/// optional minus. `None` for other texts, and where fewer than 8 bytes are available for the
/// fraction.
// Sources call it for every cell, from another crate.
#[inline]
pub fn decimal(bytes: &[u8], start: usize) -> Option<f64> {
    const ZEROS: u64 = b'0' as u64 * ONES;
    let text = bytes.get(start..)?;
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let mut integer = 0;
    let mut position = 0;
    let decimals = loop {
        match digits.get(position) {
            Some(digit @ b'0'..=b'9') => integer = integer * 10 + u64::from(digit - b'0'),
            Some(b'.') => break digits.len() - position - 1,
            None => break 0,
            Some(_) => return None,
        }
        position += 1;
        if position > MAX_DIGITS {
            return None;
        }
    };
    if decimals > MAX_DIGITS || position + decimals == 0 {
        return None;
    }
    // The last eight bytes at once; the bytes before the fraction become zeros.
    let last = u64::from_le_bytes(*bytes.last_chunk()?);
    let mask = u64::MAX.checked_shl(8 * (MAX_DIGITS - decimals) as u32).unwrap_or(0);
    let fraction = eight_digits(last & mask | ZEROS & !mask)?;
    let scale = POWERS.get(decimals)?;
    let number = integer * scale + fraction;
    let exact = number < 1 << 53;
    let number = number as f64 / *scale as f64;
    exact.then_some(if negative { -number } else { number })
}

const POWERS: [u64; MAX_DIGITS + 1] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Parses eight ASCII digits, the first one in the lowest byte.
fn eight_digits(text: u64) -> Option<u64> {
    const HIGH_HALVES: u64 = 0xf0 * ONES;
    let above_nine = text.wrapping_add(6 * ONES) & HIGH_HALVES;
    if text & HIGH_HALVES | above_nine >> 4 != 0x33 * ONES {
        return None;
    }
    // SWAR: pairs of digits, pairs of pairs, then both halves.
    let pairs = (text & (0x0f * ONES)).wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses `text` after other bytes.
    fn read(text: &str) -> Option<f64> {
        decimal(&[b"9.,-1x00", text.as_bytes()].concat(), 8)
    }

    #[test]
    fn decimals_are_what_the_standard_library_reads() {
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let mut found = 0;
        for _ in 0..200_000 {
            let (digits, point) = (1 + random(16) as usize, random(9) as usize);
            let mut text: String =
                (0..digits).map(|_| char::from(b'0' + random(10) as u8)).collect();
            if point <= digits {
                text.insert(point, '.');
            }
            if random(2) == 0 {
                text.insert(0, '-');
            }
            let known: f64 = text.parse().unwrap();
            if let Some(number) = read(&text) {
                assert_eq!(number.to_bits(), known.to_bits(), "{text}");
                found += 1;
            }
        }
        assert!(found > 100_000, "only {found} were read");
        for (text, number) in [("3.25146", 3.25146), ("-0", -0.0), ("7.", 7.0), (".5", 0.5)] {
            assert_eq!(read(text).map(f64::to_bits), Some(f64::to_bits(number)));
        }
        for text in
            ["-", ".", "-.", "1.2.3", "1..2", "1e5", "+1", "inf", "0x1", "1-2", "--1", "1:2"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("90071992.54740993"), None, "more than `f64` holds");
        assert_eq!(decimal(b"1.5", 0), None, "too near to the beginning for eight bytes at once");
    }
}
