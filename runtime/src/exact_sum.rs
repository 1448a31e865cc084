//! Sums without rounding, which do not depend on the order.

/// An exact sum of `f64`: a number in fixed point that covers all exponents (Kulisch 1971), so that
/// parts of it may be added up anywhere and in any order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExactSum {
    /// Digits of 32 bits, the smallest first, with room for 2^31 summands in each.
    digits: [i64; DIGITS],
    /// The sum of the summands that are not finite, and 0 without any.
    infinite: f64,
}

/// The smallest number is 2^-1074, and the largest is below 2^1024.
const SMALLEST: i32 = -1074;
const DIGITS: usize = (1024 + 1074) / 32 + 2;

impl ExactSum {
    pub(crate) const ZERO: ExactSum = ExactSum { digits: [0; DIGITS], infinite: 0.0 };

    /// The number of bytes of a sum in a message.
    pub(crate) const BYTES: usize = 8 * (DIGITS + 1);

    pub(crate) fn add(&mut self, number: f64) {
        if !number.is_finite() {
            self.infinite += number;
            return;
        }
        let bits = number.to_bits();
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as usize, bits & ((1 << 52) - 1));
        let (position, mantissa) = match exponent {
            0 => (0, fraction),
            _ => (exponent - 1, fraction | 1 << 52),
        };
        let mantissa = u128::from(mantissa) << (position % 32);
        for (digit, part) in self.digits[position / 32..].iter_mut().zip(0..3) {
            let part = (mantissa >> (32 * part) & 0xffff_ffff) as i64;
            *digit += if number.is_sign_negative() { -part } else { part };
        }
    }

    /// Adds another sum.
    pub(crate) fn add_sum(&mut self, other: &ExactSum) {
        self.digits.iter_mut().zip(&other.digits).for_each(|(own, other)| *own += other);
        self.infinite += other.infinite;
    }

    /// The sum, rounded once.
    pub(crate) fn value(&self) -> f64 {
        if self.infinite != 0.0 || self.infinite.is_nan() {
            return self.infinite;
        }
        let mut digits = self.digits;
        if carried(&mut digits) < 0 {
            digits.iter_mut().for_each(|digit| *digit = -*digit);
            carried(&mut digits);
            return -positive(&digits);
        }
        positive(&digits)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let infinite = self.infinite.to_le_bytes();
        self.digits.iter().flat_map(|digit| digit.to_le_bytes()).chain(infinite).collect()
    }

    /// The sum in as many bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> ExactSum {
        let mut sum = ExactSum::ZERO;
        let (numbers, _) = bytes.as_chunks::<8>();
        for (digit, bytes) in sum.digits.iter_mut().zip(numbers) {
            *digit = i64::from_le_bytes(*bytes);
        }
        sum.infinite = numbers.get(DIGITS).map_or(0.0, |bytes| f64::from_le_bytes(*bytes));
        sum
    }
}

/// Carries, so that all digits have 32 bits. Returns what is left, which is below 0 for a negative
/// number.
fn carried(digits: &mut [i64; DIGITS]) -> i64 {
    let mut carry = 0;
    for digit in digits {
        *digit += carry;
        carry = *digit >> 32;
        *digit &= 0xffff_ffff;
    }
    carry
}

/// The value of digits of 32 bits.
fn positive(digits: &[i64; DIGITS]) -> f64 {
    let Some(highest) = digits.iter().rposition(|digit| *digit != 0) else { return 0.0 };
    let lowest = highest.saturating_sub(2);
    let mut leading = digits[lowest..=highest]
        .iter()
        .rev()
        .fold(0_u128, |number, digit| number << 32 | *digit as u128);
    // What is cut off decides over a tie.
    leading |= u128::from(digits[..lowest].iter().any(|digit| *digit != 0));
    let exponent = 32 * lowest as i32 + SMALLEST;
    // In two factors, of which each is a normal number.
    leading as f64 * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::ZERO;
        numbers.iter().for_each(|number| sum.add(*number));
        sum.value()
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(of(&[]), 0.0);
        assert_eq!(of(&[1e300, 1.0, -1e300, 1e-300]), 1.0);
        assert_eq!(of(&[1e300, 1e-300, -1e300]), 1e-300);
        assert_eq!(of(&[-0.1, -0.2, 0.3]), 0.3 - (0.1 + 0.2) + 2.0_f64.powi(-55));
        assert_eq!(of(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        assert_eq!(of(&[f64::MIN_POSITIVE, 5e-324, -f64::MIN_POSITIVE]), 5e-324);
        // A tie, and one that the smallest number decides.
        assert_eq!(of(&[1.0, f64::EPSILON / 2.0]), 1.0);
        assert_eq!(of(&[1.0, f64::EPSILON / 2.0, 5e-324]), 1.0 + f64::EPSILON);
        assert_eq!(of(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(of(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn the_order_and_the_parts_do_not_matter() {
        let number = |k: i32| (f64::from(k) * 0.7).sin() * 10_f64.powi(k % 40 - 20);
        let mut forward = ExactSum::ZERO;
        (0..1000).for_each(|k| forward.add(number(k)));
        let mut parts = vec![ExactSum::ZERO; 7];
        (0..1000).rev().for_each(|k| parts[k as usize % 7].add(number(k)));
        let mut all = ExactSum::ZERO;
        parts.iter().for_each(|part| all.add_sum(&ExactSum::of_bytes(&part.to_bytes())));
        assert_eq!(parts[0].to_bytes().len(), ExactSum::BYTES);
        assert_eq!(all, forward);
        let rounded: f64 = (0..1000).map(number).sum();
        assert!((all.value() - rounded).abs() < 1e-12 * rounded.abs());
    }
}
