//! The logarithm of the gamma function, and its derivative.

/// ln(gamma(x)) for x above 0; NaN for other numbers.
pub(super) fn ln_gamma(x: f64) -> f64 {
    if x > 0.0 {
        libm::lgamma(x)
    } else {
        f64::NAN
    }
}

/// The derivative of [`ln_gamma`]: the recurrence psi(x) = psi(x + 1) - 1 / x up to 10, and there
/// the asymptotic series (Abramowitz and Stegun 6.3.18).
pub(super) fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    // Bernoulli numbers B(2k) / (2k), from the last term to the first.
    let series =
        [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0]
            .iter()
            .rev()
            .fold(0.0, |series, term| (series + term) * square);
    sum + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_values() {
        // scipy.special.gammaln and digamma.
        let cases = [
            (0.1, 2.252_712_651_734_206, -10.423_754_940_411_076),
            (0.5, 0.572_364_942_924_7, -1.963_510_026_021_423_5),
            (1.0, 0.0, -0.577_215_664_901_532_9),
            (4.5, 2.453_736_570_842_442, 1.388_870_926_359_528_8),
            (30.0, 71.257_038_967_168, 3.384_438_132_685_525),
            (1e6, 12_815_504.569_147_611, 13.815_510_057_964_19),
        ];
        for (x, value, derivative) in cases {
            assert!((ln_gamma(x) - value).abs() <= 1e-13 * value.abs().max(1.0), "{x}");
            assert!(
                (digamma(x) - derivative).abs() <= 1e-13 * derivative.abs(),
                "{x} {}",
                digamma(x)
            );
        }
        assert!(ln_gamma(0.0).is_nan() && digamma(-1.0).is_nan());
    }
}
