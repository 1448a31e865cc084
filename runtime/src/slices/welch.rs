//! Welch's interval of the difference of two means.

use multi_input_nn::loss::Real;

/// Count, mean and variance of some numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) count: f64,
    pub(super) mean: f64,
    /// The sum of the squared differences to the mean.
    squares: f64,
}

impl Sample {
    /// Adds a number (Welford's algorithm).
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1.0;
        let difference = number - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (number - self.mean);
    }

    /// The squared standard error of the mean.
    fn squared_error(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// The difference of two means, its standard error, and the degrees of freedom of Welch and
/// Satterthwaite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Difference {
    pub(super) difference: f64,
    error: f64,
    freedom: f64,
}

impl Difference {
    /// mean(a) - mean(b); `None` if neither sample varies.
    pub(super) fn of(a: &Sample, b: &Sample) -> Option<Difference> {
        let (of_a, of_b) = (a.squared_error(), b.squared_error());
        let squared = of_a + of_b;
        let freedom =
            squared * squared / (of_a * of_a / (a.count - 1.0) + of_b * of_b / (b.count - 1.0));
        let difference = a.mean - b.mean;
        let sound = squared > 0.0 && freedom.is_finite() && difference.is_finite();
        sound.then(|| Difference { difference, error: squared.sqrt(), freedom })
    }

    /// The two-sided p-value of no difference.
    pub(super) fn p_value(&self) -> f64 {
        2.0 * above((self.difference / self.error).abs(), self.freedom)
    }

    /// The interval that covers the difference with probability `1 - alpha`.
    pub(super) fn interval(&self, alpha: f64) -> [f64; 2] {
        let reach = quantile(alpha / 2.0, self.freedom) * self.error;
        [self.difference - reach, self.difference + reach]
    }
}

/// The probability that Student's t with `freedom` degrees of freedom is above `t`, which is at
/// least 0.
fn above(t: f64, freedom: f64) -> f64 {
    0.5 * incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The number that Student's t is above with probability `tail`, which is at most 0.5: bisection.
fn quantile(tail: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while above(high, freedom) > tail && high < 1e300 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        match above(middle, freedom) > tail {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges quickly below the mean of the distribution.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let ln_beta = Real::ln_gamma(a) + Real::ln_gamma(b) - Real::ln_gamma(a + b);
    let front = (a * x.ln() + b * (1.0 - x).ln() - ln_beta).exp() / a;
    let not_zero = |number: f64| if number.abs() < 1e-300 { 1e-300 } else { number };
    let (mut c, mut d) = (1.0, 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for step in 1..1000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / not_zero(1.0 + numerator * d);
            c = not_zero(1.0 + numerator / c);
            factor = c * d;
            fraction *= factor;
        }
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(numbers: &[f64]) -> Sample {
        let mut sample = Sample::default();
        numbers.iter().for_each(|number| sample.add(*number));
        sample
    }

    #[test]
    fn students_t_has_the_probabilities_and_quantiles_of_its_tables() {
        for (t, freedom, p) in
            [(2.0, 5.0, 0.050_969_739_414_929_17), (1.0, 1.0, 0.25), (0.0, 7.0, 0.5)]
        {
            assert!((above(t, freedom) - p).abs() < 1e-9, "{t} {freedom} {}", above(t, freedom));
        }
        for (tail, freedom, t) in
            [(0.025, 10.0, 2.228_138_851_964_939), (0.005, 30.0, 2.749_995_653_567_23)]
        {
            assert!((quantile(tail, freedom) - t).abs() < 1e-9, "{}", quantile(tail, freedom));
        }
        // Near the normal distribution.
        assert!((above(1.959_963_984_540_054, 1e7) - 0.025).abs() < 1e-7);
        // Tails far out, as the correction for many comparisons needs them.
        let far = quantile(1e-8, 40.0);
        assert!((above(far, 40.0) / 1e-8 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn welchs_test_of_two_small_samples() {
        // By hand: variances 2.5 and 10, five numbers each.
        let (a, b) = (sample(&[1.0, 2.0, 3.0, 4.0, 5.0]), sample(&[2.0, 4.0, 6.0, 8.0, 10.0]));
        let welch = Difference::of(&b, &a).unwrap();
        assert_eq!(welch.difference, 3.0);
        assert!((welch.error - 2.5f64.sqrt()).abs() < 1e-12);
        assert!((welch.freedom - 6.25 / (0.0625 + 1.0)).abs() < 1e-12);
        let [low, high] = welch.interval(welch.p_value());
        assert!(low.abs() < 1e-9 && (high - 6.0).abs() < 1e-9, "{low} {high}");
        assert!(Difference::of(&sample(&[1.0, 1.0]), &sample(&[2.0, 2.0])).is_none());
    }
}
