//! The numbers of a formula: `f64`, or numbers that carry their derivatives.

use std::{
    fmt,
    ops::{Add, Div, Mul, Neg, Sub},
};

use super::gamma::{digamma, ln_gamma};

/// A real number: `f64`, or a [`Dual`] number, which carries its derivatives. A
/// [`LossFormula`](super::LossFormula) is written over it, so that one formula gives the value and
/// the gradient. It has the arithmetic of `f64`, also with `f64` on the right-hand side.
///
/// Where a function has a kink, such as [`abs`](Real::abs) at 0, its derivative there is 0, or that
/// of the side that is given.
pub trait Real:
    Copy
    + fmt::Debug
    + PartialOrd
    + From<f64>
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
    + std::iter::Sum
{
    /// The number without its derivatives.
    fn value(self) -> f64;
    /// e^x.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// x^n for a whole number n.
    fn powi(self, exponent: i32) -> Self;
    /// x^p for a constant p.
    fn powf(self, exponent: f64) -> Self;
    /// |x|, with derivative 0 at 0.
    fn abs(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// 1 / (1 + e^-x).
    fn sigmoid(self) -> Self;
    /// ln(1 + e^x), without overflow.
    fn softplus(self) -> Self;
    /// The logarithm of the gamma function, for x above 0.
    fn ln_gamma(self) -> Self;

    /// The greater of two numbers, `self` if they are equal. NaN stays NaN, unlike in `f64::max`, so
    /// that training stops there.
    fn greater(self, other: Self) -> Self {
        if self < other || is_nan(other) {
            other
        } else {
            self
        }
    }

    /// The smaller of two numbers, `self` if they are equal. NaN stays NaN.
    fn smaller(self, other: Self) -> Self {
        if self > other || is_nan(other) {
            other
        } else {
            self
        }
    }
}

fn is_nan<N: Real>(number: N) -> bool {
    number.value().is_nan()
}

impl Real for f64 {
    fn value(self) -> f64 {
        self
    }

    fn exp(self) -> f64 {
        f64::exp(self)
    }

    fn ln(self) -> f64 {
        f64::ln(self)
    }

    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }

    fn powi(self, exponent: i32) -> f64 {
        f64::powi(self, exponent)
    }

    fn powf(self, exponent: f64) -> f64 {
        f64::powf(self, exponent)
    }

    fn abs(self) -> f64 {
        f64::abs(self)
    }

    fn tanh(self) -> f64 {
        f64::tanh(self)
    }

    fn sigmoid(self) -> f64 {
        1.0 / (1.0 + (-self).exp())
    }

    fn softplus(self) -> f64 {
        // Not `f64::max`, which would drop a NaN.
        self.greater(0.0) + (-self.abs()).exp().ln_1p()
    }

    fn ln_gamma(self) -> f64 {
        ln_gamma(self)
    }
}

/// The number of derivatives that a [`Dual`] number carries.
pub(super) const LANES: usize = 4;

/// A number with its derivatives with respect to four variables: forward-mode automatic
/// differentiation. Each operation follows the chain rule.
#[derive(Clone, Copy, Debug)]
pub struct Dual {
    value: f64,
    derivatives: [f64; LANES],
}

impl Dual {
    /// The variable number `lane` (below 4): its own derivative is 1.
    pub(super) fn variable(value: f64, lane: usize) -> Dual {
        let mut derivatives = [0.0; LANES];
        derivatives[lane] = 1.0;
        Dual { value, derivatives }
    }

    /// The derivatives with respect to the four variables.
    pub fn derivatives(self) -> [f64; LANES] {
        self.derivatives
    }

    /// `value` at this number, where the derivative of the function is `derivative`.
    fn chain(self, value: f64, derivative: f64) -> Dual {
        Dual { value, derivatives: self.derivatives.map(|own| scaled(derivative, own)) }
    }

    /// `value` of two numbers, with the function's derivative by each.
    fn chain_two(self, other: Dual, value: f64, by_self: f64, by_other: f64) -> Dual {
        let derivatives = std::array::from_fn(|lane| {
            scaled(by_self, self.derivatives[lane]) + scaled(by_other, other.derivatives[lane])
        });
        Dual { value, derivatives }
    }
}

/// `outer * inner`, which is 0 for the `inner` of a constant even where `outer` is infinite.
fn scaled(outer: f64, inner: f64) -> f64 {
    if inner == 0.0 {
        0.0
    } else {
        outer * inner
    }
}

/// A constant.
impl From<f64> for Dual {
    fn from(value: f64) -> Dual {
        Dual { value, derivatives: [0.0; LANES] }
    }
}

impl PartialEq for Dual {
    fn eq(&self, other: &Dual) -> bool {
        self.value == other.value
    }
}

/// Dual numbers compare by their values.
impl PartialOrd for Dual {
    fn partial_cmp(&self, other: &Dual) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl Neg for Dual {
    type Output = Dual;

    fn neg(self) -> Dual {
        self.chain(-self.value, -1.0)
    }
}

impl Add for Dual {
    type Output = Dual;

    fn add(self, other: Dual) -> Dual {
        self.chain_two(other, self.value + other.value, 1.0, 1.0)
    }
}

impl Sub for Dual {
    type Output = Dual;

    fn sub(self, other: Dual) -> Dual {
        self.chain_two(other, self.value - other.value, 1.0, -1.0)
    }
}

impl Mul for Dual {
    type Output = Dual;

    fn mul(self, other: Dual) -> Dual {
        self.chain_two(other, self.value * other.value, other.value, self.value)
    }
}

impl Div for Dual {
    type Output = Dual;

    fn div(self, other: Dual) -> Dual {
        let value = self.value / other.value;
        self.chain_two(other, value, 1.0 / other.value, -value / other.value)
    }
}

impl Add<f64> for Dual {
    type Output = Dual;

    fn add(self, other: f64) -> Dual {
        self.chain(self.value + other, 1.0)
    }
}

impl Sub<f64> for Dual {
    type Output = Dual;

    fn sub(self, other: f64) -> Dual {
        self.chain(self.value - other, 1.0)
    }
}

impl Mul<f64> for Dual {
    type Output = Dual;

    fn mul(self, other: f64) -> Dual {
        self.chain(self.value * other, other)
    }
}

impl Div<f64> for Dual {
    type Output = Dual;

    fn div(self, other: f64) -> Dual {
        self.chain(self.value / other, 1.0 / other)
    }
}

impl std::iter::Sum for Dual {
    fn sum<I: Iterator<Item = Dual>>(numbers: I) -> Dual {
        numbers.fold(Dual::from(0.0), Add::add)
    }
}

impl Real for Dual {
    fn value(self) -> f64 {
        self.value
    }

    fn exp(self) -> Dual {
        let value = self.value.exp();
        self.chain(value, value)
    }

    fn ln(self) -> Dual {
        self.chain(self.value.ln(), 1.0 / self.value)
    }

    fn sqrt(self) -> Dual {
        let value = self.value.sqrt();
        self.chain(value, 0.5 / value)
    }

    fn powi(self, exponent: i32) -> Dual {
        let derivative = match exponent {
            0 => 0.0,
            _ => f64::from(exponent) * self.value.powi(exponent - 1),
        };
        self.chain(self.value.powi(exponent), derivative)
    }

    fn powf(self, exponent: f64) -> Dual {
        let derivative = match exponent == 0.0 {
            true => 0.0,
            false => exponent * self.value.powf(exponent - 1.0),
        };
        self.chain(self.value.powf(exponent), derivative)
    }

    fn abs(self) -> Dual {
        let derivative = if self.value == 0.0 { 0.0 } else { self.value.signum() };
        self.chain(self.value.abs(), derivative)
    }

    fn tanh(self) -> Dual {
        let value = self.value.tanh();
        self.chain(value, 1.0 - value * value)
    }

    fn sigmoid(self) -> Dual {
        let value = Real::sigmoid(self.value);
        self.chain(value, value * (1.0 - value))
    }

    fn softplus(self) -> Dual {
        self.chain(Real::softplus(self.value), Real::sigmoid(self.value))
    }

    fn ln_gamma(self) -> Dual {
        self.chain(ln_gamma(self.value), digamma(self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<N: Real>(x: N, y: N) -> Vec<N> {
        vec![
            x + y,
            x - y,
            x * y,
            x / y,
            -x,
            x + 2.5,
            x - 2.5,
            x * 2.5,
            x / 2.5,
            x.exp(),
            x.ln(),
            x.sqrt(),
            x.powi(3),
            x.powi(-2),
            x.powf(1.7),
            (-x).abs(),
            x.tanh(),
            x.sigmoid(),
            (-x).softplus(),
            (y * 9.0).ln_gamma(),
            x.greater(y * y),
            x.smaller(y * y),
            [x, y, x * y].into_iter().sum(),
            (x * y).exp() / (y.ln() * y.ln() + 1.0),
        ]
    }

    #[test]
    fn derivatives_equal_central_differences() {
        let (x, y) = (0.7, 1.3);
        let duals = all(Dual::variable(x, 0), Dual::variable(y, 3));
        let by = 1e-6;
        let differences = |up: Vec<f64>, down: Vec<f64>| -> Vec<f64> {
            up.iter().zip(down).map(|(up, down)| (up - down) / (2.0 * by)).collect()
        };
        let by_x = differences(all(x + by, y), all(x - by, y));
        let by_y = differences(all(x, y + by), all(x, y - by));
        for (index, dual) in duals.iter().enumerate() {
            assert_eq!(dual.value, all(x, y)[index], "{index}");
            assert!((dual.derivatives[0] - by_x[index]).abs() < 1e-7, "{index}");
            assert!((dual.derivatives[3] - by_y[index]).abs() < 1e-7, "{index}");
            assert_eq!(dual.derivatives[1..3], [0.0, 0.0], "{index}");
        }
    }

    #[test]
    fn constants_have_no_slope_even_where_the_function_has_an_infinite_one() {
        assert_eq!(Dual::from(0.0).sqrt().derivatives(), [0.0; LANES]);
        assert_eq!(Dual::from(0.0).ln().derivatives(), [0.0; LANES]);
    }

    #[test]
    fn a_nan_is_not_dropped() {
        assert!(f64::NAN.greater(0.0).is_nan() && f64::NAN.softplus().is_nan());
        assert!(0.0.greater(f64::NAN).is_nan() && 0.0.smaller(f64::NAN).is_nan());
        assert!(Dual::from(f64::NAN).softplus().value().is_nan());
        assert_eq!((1000.0.softplus(), Real::softplus(-1000.0)), (1000.0, 0.0));
    }
}
