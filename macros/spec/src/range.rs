//! The ranges of real-valued parameters.

use crate::Text;

/// The values that a parameter accepts. All ranges but [`NotNan`](Range::NotNan) contain only
/// finite numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Any number, infinity included, for an optional bound.
    NotNan,
    /// Any finite number.
    Finite,
    /// Any number other than 0.
    NonZero,
    /// At least 0.
    NonNegative,
    /// Above 0.
    Positive,
    /// At least 0 and below 1.
    Fraction,
    /// From 0 to 1.
    UnitInterval,
    /// Above 0 and below 1.
    OpenUnitInterval,
    /// Above 1 and below 2.
    OneToTwo,
    /// An integer of at least 0 and below 2^53, which `f64` represents exactly.
    Whole,
}

/// 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Range {
    /// Whether the range contains `number`.
    pub const fn contains(self, number: f64) -> bool {
        let finite = number.is_finite();
        match self {
            Range::NotNan => !number.is_nan(),
            Range::Finite => finite,
            Range::NonZero => finite && number != 0.0,
            Range::NonNegative => finite && number >= 0.0,
            Range::Positive => finite && number > 0.0,
            Range::Fraction => number >= 0.0 && number < 1.0,
            Range::UnitInterval => number >= 0.0 && number <= 1.0,
            Range::OpenUnitInterval => number > 0.0 && number < 1.0,
            Range::OneToTwo => number > 1.0 && number < 2.0,
            Range::Whole => number >= 0.0 && number < EXACT && number == number.trunc(),
        }
    }

    /// `number`, or an error that names it as `parameter` of `callee`.
    pub const fn check(self, callee: &str, parameter: &str, number: f64) -> Result<f64, Text> {
        if self.contains(number) {
            return Ok(number);
        }
        let must_be = if number.is_finite() { self.in_words() } else { "a finite number" };
        Err(Text::new("`")
            .str(parameter)
            .str("` of `")
            .str(callee)
            .str("` must be ")
            .str(must_be)
            .str(", but is ")
            .real(number))
    }

    /// The numbers, or an error that names the first one outside as one of `parameter` of `callee`.
    pub const fn check_all<'a>(
        self,
        callee: &str,
        parameter: &str,
        numbers: &'a [f64],
    ) -> Result<&'a [f64], Text> {
        let mut index = 0;
        while index < numbers.len() {
            if let Err(wrong) = self.check(callee, parameter, numbers[index]) {
                return Err(wrong);
            }
            index += 1;
        }
        Ok(numbers)
    }

    /// The condition on a finite number, to follow "must be".
    pub const fn in_words(self) -> &'static str {
        match self {
            Range::NotNan | Range::Finite => "a number",
            Range::NonZero => "a number other than 0",
            Range::NonNegative => "at least 0",
            Range::Positive => "above 0",
            Range::Fraction => "at least 0 and below 1",
            Range::UnitInterval => "from 0 to 1",
            Range::OpenUnitInterval => "above 0 and below 1",
            Range::OneToTwo => "above 1 and below 2",
            Range::Whole => "a whole number of at least 0 and below 2^53",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{derived::DERIVATIONS, layer::LAYERS, step::STEPS, ArgumentKind, LOSSES};

    #[test]
    fn a_range_ends_where_it_says() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        for (range, inside, outside) in [
            (Range::NotNan, vec![-1e300, 0.0, inf, -inf], vec![nan]),
            (Range::Finite, vec![-1e300, 0.0, 1e300], vec![nan, inf, -inf]),
            (Range::NonZero, vec![-1.0, 1e-300], vec![0.0, -0.0, nan, inf]),
            (Range::NonNegative, vec![0.0, -0.0, 1e300], vec![-1e-300, nan, inf]),
            (Range::Positive, vec![1e-300, 2.0], vec![0.0, -1.0, nan, inf]),
            (Range::Fraction, vec![0.0, 0.999], vec![-0.1, 1.0, 50.0, nan, inf]),
            (Range::UnitInterval, vec![0.0, 1.0], vec![-0.1, 1.1, nan, inf, -inf]),
            (Range::Whole, vec![0.0, 3.0, EXACT - 1.0], vec![-1.0, 1.5, EXACT, 1e300, nan, inf]),
        ] {
            assert!(inside.iter().all(|&number| range.contains(number)), "{range:?} {inside:?}");
            assert!(!outside.iter().any(|&number| range.contains(number)), "{range:?} {outside:?}");
        }
    }

    #[test]
    fn a_number_outside_is_told_with_what_it_must_be() {
        const WRONG: Result<f64, Text> = Range::NonNegative.check("Dense", "l2", -1e-4);
        assert_eq!(
            WRONG.unwrap_err().as_str(),
            "`l2` of `Dense` must be at least 0, but is -0.0001"
        );
        let text = |range: Range, number| range.check("Dropout", "rate", number).unwrap_err();
        assert_eq!(
            text(Range::Fraction, f64::NAN).as_str(),
            "`rate` of `Dropout` must be a finite number, but is NaN"
        );
        assert_eq!(
            text(Range::Fraction, 1.5).as_str(),
            "`rate` of `Dropout` must be at least 0 and below 1, but is 1.5"
        );
        assert!(Range::Fraction.check("Dropout", "rate", 0.5).is_ok());
    }

    /// The ranges of all parameters called `name`.
    fn ranges(name: &str) -> Vec<Range> {
        let layers = LAYERS.iter().flat_map(|layer| layer.parameters);
        let steps = STEPS.iter().flat_map(|step| step.parameters);
        let derived = DERIVATIONS.iter().flat_map(|derivation| derivation.parameters);
        let parameters = layers.chain(steps).chain(derived);
        let of_kind =
            parameters.filter(|parameter| parameter.name == name).filter_map(|parameter| {
                match parameter.kind {
                    ArgumentKind::Number(range) | ArgumentKind::Numbers(range) => Some(range),
                    _ => None,
                }
            });
        let losses = LOSSES.iter().flat_map(|loss| loss.parameters);
        let of_losses = losses.filter(|number| number.name == name).map(|number| number.range);
        of_kind.chain(of_losses).collect()
    }

    #[test]
    fn parameters_of_one_name_have_one_range() {
        for (name, range, count) in [
            ("l1", Range::NonNegative, 5),
            ("l2", Range::NonNegative, 5),
            ("rate", Range::Fraction, 1),
            ("dropout", Range::Fraction, 5),
            ("unknown_rate", Range::Fraction, 1),
            ("momentum", Range::UnitInterval, 1),
            ("epsilon", Range::OpenUnitInterval, 4),
            ("value", Range::Finite, 1),
            ("scale", Range::NonZero, 1),
            ("offset", Range::Finite, 1),
            ("constant", Range::Finite, 1),
            ("edges", Range::Finite, 1),
            ("mean", Range::Finite, 1),
            ("std", Range::Positive, 1),
            ("factor", Range::Fraction, 3),
            ("salt", Range::Whole, 2),
            ("pad", Range::Whole, 1),
            ("delta", Range::Positive, 1),
            ("gamma", Range::Positive, 3),
            ("label_smoothing", Range::Fraction, 2),
        ] {
            assert_eq!(ranges(name), vec![range; count], "{name}");
        }
        assert_eq!(ranges("low"), [Range::Finite, Range::NotNan], "of `min_max` and of `clip`");
        assert_eq!(ranges("high"), [Range::Finite, Range::NotNan]);
        assert_eq!(ranges("alpha"), [Range::Fraction, Range::Positive], "of the focal losses");
    }
}
