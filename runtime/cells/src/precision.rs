//! Conversion of raw numbers to `f32` or `f64`: a whole number is represented exactly or refused,
//! any other number is rounded.

use std::fmt;

use num_traits::Float;

/// The precision of a number: `f32` or `f64`.
pub trait Precision: Float + fmt::Display {
    /// Name of the type.
    const NAME: &'static str;
    /// Number of significand bits: every whole number of up to as many bits is represented exactly.
    const DIGITS: u32;

    /// The nearest number of the type.
    fn of(number: f64) -> Self;

    /// Converts to double precision.
    fn as_f64(self) -> f64;
}

impl Precision for f32 {
    const NAME: &'static str = "f32";
    const DIGITS: u32 = f32::MANTISSA_DIGITS;

    fn of(number: f64) -> f32 {
        number as f32
    }

    fn as_f64(self) -> f64 {
        self.into()
    }
}

impl Precision for f64 {
    const NAME: &'static str = "f64";
    const DIGITS: u32 = f64::MANTISSA_DIGITS;

    fn of(number: f64) -> f64 {
        number
    }

    fn as_f64(self) -> f64 {
        self
    }
}

/// 2^53, up to which `f64` represents every whole number exactly.
pub const LAST_WHOLE: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;

/// Whether a number is finite in `f32`, the type of layers. Sums and squares of such numbers are
/// finite in `f64`, so statistics that steps learn from them are finite.
pub fn is_held<T: Precision>(number: T) -> bool {
    number.abs() <= T::of(f32::MAX.into())
}

/// Converts a whole number; `None` where the type does not represent it exactly.
pub fn of_whole<T: Precision>(number: i128) -> Option<T> {
    let magnitude = number.unsigned_abs();
    let zeros = magnitude.leading_zeros() + magnitude.trailing_zeros();
    (number == 0 || u128::BITS - zeros <= T::DIGITS).then(|| T::of(number as f64))
}

/// The nearest number of the type; `None` where it exceeds the range of `f32`, or where `number` is
/// whole and not represented exactly. Above 2^53 every `f64` is whole, so `number` is rounded
/// there.
pub fn of_float<T: Precision>(number: f64) -> Option<T> {
    let nearest = T::of(number);
    let magnitude = number.abs();
    let may_be_rounded = || magnitude > LAST_WHOLE || number.fract() != 0.0;
    // The first comparison decides for most numbers.
    let accepted = magnitude <= (1_u64 << T::DIGITS) as f64
        || is_held(nearest) && (nearest.as_f64() == number || may_be_rounded());
    accepted.then_some(nearest)
}

/// The expected value in the error for a number that [`of_float`] refuses.
pub fn expected_of_float<T: Precision>(number: f64) -> String {
    match is_held(T::of(number)) {
        true => expected_of_whole::<T>(number as i128),
        false => "a finite number that `f32` can hold".to_owned(),
    }
}

/// The expected value, with advice, in the error for a whole number that [`of_whole`] refuses.
pub fn expected_of_whole<T: Precision>(number: i128) -> String {
    let advice = match of_whole::<f64>(number) {
        Some(_) => "declare the field `f64`",
        None => AN_ID,
    };
    let (name, last) = (T::NAME, 1_u64 << T::DIGITS);
    format!("a whole number that `{name}` holds exactly, as all up to {last} ({advice})")
}

/// The advice for a whole number that neither type represents exactly.
pub const AN_ID: &str = "an id is a `String`, with `categories` or `hashed`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_exact_or_refused() {
        const TWO_TO_24: i128 = 1 << 24;
        for sign in [1, -1] {
            let single = |number: i128| of_whole::<f32>(sign * number).map(|n| n as i128 * sign);
            for exact in [0, 7, TWO_TO_24 - 1, TWO_TO_24, TWO_TO_24 + 2, 3 << 60, 1 << 126] {
                assert_eq!(single(exact), Some(exact), "{exact}");
            }
            for inexact in [TWO_TO_24 + 1, 1_700_000_060, (3 << 60) + 1, i128::MAX] {
                assert_eq!(single(inexact), None, "{inexact}");
            }
            let double = |number: i128| of_whole::<f64>(sign * number).map(|n| n as i128 * sign);
            assert_eq!(double(1_700_000_060), Some(1_700_000_060));
            assert_eq!(double(1 << 53), Some(1 << 53));
            assert_eq!(double((1 << 53) + 1), None);
            assert_eq!(double((1 << 53) + 2), Some((1 << 53) + 2));
        }
        assert_eq!(of_whole::<f32>(i128::MIN), Some(-(2f32.powi(127))));
        assert_eq!(of_whole::<f64>(u64::MAX.into()), None);
    }

    #[test]
    fn what_is_not_whole_is_rounded() {
        assert_eq!(of_float(0.1), Some(0.1f32));
        assert_eq!(of_float(16_777_216.5), Some(16_777_216f32));
        assert_eq!(of_float::<f32>(16_777_217.0), None);
        assert_eq!(of_float(16_777_218.0), Some(16_777_218f32));
        assert_eq!(of_float(1e10), Some(1e10f32));
        assert_eq!(of_float::<f32>(1e11), None, "exact in `f64`, so it may be meant so");
        assert_eq!(of_float(6.022e23), Some(6.022e23f32), "a magnitude");
        assert_eq!(of_float(6.022e23), Some(6.022e23f64));
        for number in [1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(of_float::<f32>(number), None, "{number}");
        }
        for number in [1e300, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(of_float::<f64>(number), None, "{number}");
        }
        assert_eq!(of_float(3.4e38), Some(3.4e38f64));
    }

    #[test]
    fn a_refusal_says_what_holds_the_number() {
        assert_eq!(
            expected_of_float::<f32>(16_777_217.0),
            "a whole number that `f32` holds exactly, as all up to 16777216 (declare the field `f64`)"
        );
        assert_eq!(
            expected_of_whole::<f32>(i128::MAX),
            "a whole number that `f32` holds exactly, as all up to 16777216 (an id is a `String`, \
             with `categories` or `hashed`)"
        );
        assert_eq!(expected_of_float::<f32>(1e300), "a finite number that `f32` can hold");
    }
}
