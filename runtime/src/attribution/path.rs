//! The path from the baseline to the explained row.
//!
//! Numbers move along a straight line: at `alpha` they are baseline + alpha * (row - baseline).
//! Categories, texts, and values that are absent on one side have no values in between: each of
//! them switches from the baseline to the row at a time of its own, uniformly distributed between 0
//! and 1. So at `alpha` every one has switched with probability `alpha`, independently of the
//! others, and the path integral is that of the expected prediction: Owen's multilinear extension
//! of the switches, along its diagonal. For numbers alone this is the integrated gradient, for
//! switches alone the Shapley value.

use multi_input_base::{Seed, Stream};

use super::quadrature::gauss_legendre;

/// An input on the path at which the model is computed.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// The position of the numbers, from 0 to 1.
    pub(super) alpha: f64,
    /// For each switch, whether it has the row's value.
    pub(super) switched: Vec<bool>,
    /// The weight of the gradient at the point in the integral.
    pub(super) gradient: f64,
    /// The weights of the prediction at the point in the shares of switches.
    pub(super) shares: Vec<(usize, f64)>,
}

/// Up to this many switches, all their combinations are enumerated.
const MOST_ENUMERATED: usize = 6;

/// The number of random orders in which more switches switch.
const ORDERS: usize = 32;

/// The points of the path, with `steps` points of quadrature.
pub(super) fn points(steps: usize, switches: usize, seed: Seed) -> Vec<Point> {
    match switches <= MOST_ENUMERATED {
        true => enumerated(steps, switches),
        false => (0..ORDERS).flat_map(|order| sampled(steps, switches, seed, order)).collect(),
    }
}

/// All combinations of switches at every point of quadrature.
fn enumerated(steps: usize, switches: usize) -> Vec<Point> {
    let combinations = move |(alpha, weight): (f64, f64)| {
        (0..1usize << switches).map(move |bits| {
            let switched: Vec<bool> = (0..switches).map(|switch| bits >> switch & 1 == 1).collect();
            let probability = |switch: usize| if switched[switch] { alpha } else { 1.0 - alpha };
            let product = |except: Option<usize>| {
                let others = (0..switches).filter(|switch| Some(*switch) != except);
                others.map(probability).product::<f64>()
            };
            let share = |switch: usize| {
                let sign = if switched[switch] { 1.0 } else { -1.0 };
                (switch, sign * weight * product(Some(switch)))
            };
            let shares = (0..switches).map(share).collect();
            let gradient = weight * product(None);
            Point { alpha, switched, gradient, shares }
        })
    };
    gauss_legendre(steps).into_iter().flat_map(combinations).collect()
}

/// One path: switches at random times, and quadrature between them, so that the shares of one path
/// sum up to the difference of the predictions.
fn sampled(steps: usize, switches: usize, seed: Seed, path: usize) -> Vec<Point> {
    const RESOLUTION: usize = 1 << 40;
    let mut generator = seed.generator(Stream::Permuting, path as u64);
    let mut times: Vec<(usize, usize)> =
        (0..switches).map(|switch| (generator.below(RESOLUTION), switch)).collect();
    times.sort_unstable();
    let rule = gauss_legendre(steps.div_ceil(switches + 1));
    let (mut points, mut switched, mut from) = (Vec::new(), vec![false; switches], 0.0);
    let ends = times.iter().map(|(time, switch)| (*time as f64 / RESOLUTION as f64, Some(*switch)));
    for (to, switch) in ends.chain([(1.0, None)]) {
        for (x, weight) in &rule {
            let (alpha, gradient) = (from + x * (to - from), weight * (to - from) / ORDERS as f64);
            points.push(Point { alpha, switched: switched.clone(), gradient, shares: Vec::new() });
        }
        let Some(switch) = switch else { break };
        for (state, sign) in [(false, -1.0), (true, 1.0)] {
            switched[switch] = state;
            let shares = vec![(switch, sign / ORDERS as f64)];
            points.push(Point { alpha: to, switched: switched.clone(), gradient: 0.0, shares });
        }
        from = to;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shares of x (with gradient `dx`) and of switches in f, at the points.
    fn shares(
        points: &[Point],
        switches: usize,
        f: impl Fn(f64, &[bool]) -> f64,
        dx: impl Fn(f64, &[bool]) -> f64,
    ) -> Vec<f64> {
        let mut shares = vec![0.0; switches + 1];
        for point in points {
            shares[switches] += point.gradient * dx(point.alpha, &point.switched);
            for (switch, weight) in &point.shares {
                shares[*switch] += weight * f(point.alpha, &point.switched);
            }
        }
        shares
    }

    /// x^2 (1 + 2 a) + b, for the switches a and b and the number x from 0 to 1.
    fn f(x: f64, on: &[bool]) -> f64 {
        let [a, b] = [0, 1].map(|switch| f64::from(u8::from(on[switch])));
        x * x * (1.0 + 2.0 * a) + b
    }

    fn dx(x: f64, on: &[bool]) -> f64 {
        2.0 * x * (1.0 + 2.0 * f64::from(u8::from(on[0])))
    }

    #[test]
    fn the_integral_along_the_diagonal_is_exact_for_a_polynomial() {
        let found = shares(&points(4, 2, Seed(0)), 2, f, dx);
        // a: the integral of 2 t^2; x: the integral of 2 t (1 + 2 t).
        for (found, expected) in found.iter().zip([2.0 / 3.0, 1.0, 1.0 + 4.0 / 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn random_times_are_complete_and_near_the_integral() {
        let points: Vec<Point> =
            (0..ORDERS).flat_map(|path| sampled(8, 2, Seed(3), path)).collect();
        let found = shares(&points, 2, f, dx);
        assert!((found.iter().sum::<f64>() - 4.0).abs() < 1e-12, "{found:?}");
        assert!((found[0] - 2.0 / 3.0).abs() < 0.3 && (found[1] - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn switches_alone_have_their_shapley_values() {
        // a and b are worth 3 together, c is worth 1.
        let worth = |_: f64, on: &[bool]| {
            3.0 * f64::from(u8::from(on[0] && on[1])) + f64::from(u8::from(on[2]))
        };
        let found = shares(&points(3, 3, Seed(0)), 3, worth, |_, _| 0.0);
        for (found, expected) in found.iter().zip([1.5, 1.5, 1.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found:?}");
        }
    }
}
