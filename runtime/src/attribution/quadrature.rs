//! Gauss-Legendre quadrature.

use std::f64::consts::PI;

/// The nodes and weights of the rule of `count` points on 0 to 1, in ascending order: exact for
/// polynomials of degree 2 `count` - 1. `numpy.polynomial.legendre.leggauss`, on -1 to 1.
pub(super) fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let node = |index: usize| {
        // Newton's method from Chebyshev's approximation of the root.
        let mut x = (PI * (index as f64 + 0.75) / (count as f64 + 0.5)).cos();
        let mut derivative = 1.0;
        for _ in 0..100 {
            let (value, previous) = legendre(count, x);
            derivative = count as f64 * (x * value - previous) / (x * x - 1.0);
            let change = value / derivative;
            x -= change;
            if change.abs() < 1e-15 {
                break;
            }
        }
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * derivative * derivative))
    };
    (0..count).map(node).collect()
}

/// The Legendre polynomials of degree `count` and `count` - 1.
fn legendre(count: usize, x: f64) -> (f64, f64) {
    (1..=count).fold((1.0, 0.0), |(value, previous), degree| {
        let degree = degree as f64;
        (((2.0 * degree - 1.0) * x * value - (degree - 1.0) * previous) / degree, value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for count in [1, 2, 3, 5, 20, 50, 301] {
            let rule = gauss_legendre(count);
            assert!(rule.windows(2).all(|pair| pair[0].0 < pair[1].0), "{count}");
            for degree in [0, 1, 2 * count as i32 - 1] {
                let sum: f64 = rule.iter().map(|(x, weight)| weight * x.powi(degree)).sum();
                let exact = 1.0 / f64::from(degree + 1);
                assert!((sum - exact).abs() < 1e-13, "{count} {degree}: {sum}");
            }
        }
    }

    #[test]
    fn the_rule_of_three_points_is_the_known_one() {
        let shifted = |x: f64| (1.0 + x) / 2.0;
        let known =
            [(-(0.6f64.sqrt()), 5.0 / 18.0), (0.0, 8.0 / 18.0), (0.6f64.sqrt(), 5.0 / 18.0)];
        for ((x, weight), (node, known)) in gauss_legendre(3).into_iter().zip(known) {
            assert!((x - shifted(node)).abs() < 1e-14 && (weight - known).abs() < 1e-14);
        }
    }
}
