//! Logistic regression with an l2 penalty, of two and of several classes, by L-BFGS.

use std::collections::VecDeque;

use super::{
    features::Matrix,
    ridge::{linear, PENALTY},
};

/// Upper bound of the number of iterations.
const MOST_ITERATIONS: usize = 200;

/// Number of past steps from which L-BFGS estimates the curvature.
const MEMORY: usize = 10;

/// The probabilities of classes as functions of the features: softmax, or sigmoid of two classes.
#[derive(Clone, Debug)]
pub(super) struct Logistic {
    /// For each linear function, the coefficients and then the intercept: one function of two
    /// classes, one for each of several.
    coefficients: Vec<Vec<f64>>,
}

impl Logistic {
    /// Minimises the sum of the cross-entropy over the rows + [`PENALTY`] / 2 |w|^2, without penalty
    /// of the intercepts. `sklearn.linear_model.LogisticRegression(C=1)`.
    pub(super) fn fit(features: &Matrix, classes: &[usize], count: usize) -> Logistic {
        let functions = if count <= 2 { 1 } else { count };
        let problem = Problem { features, classes, functions };
        let flat = minimize(vec![0.0; functions * (features.width + 1)], |at| problem.at(at));
        let coefficients = flat.chunks_exact(features.width + 1).map(<[f64]>::to_vec);
        Logistic { coefficients: coefficients.collect() }
    }

    /// The probability of each class of one row of features.
    pub(super) fn predict(&self, features: &[f64]) -> Vec<f64> {
        let logits = self.coefficients.iter().map(|own| linear(own, features)).collect();
        probabilities(logits)
    }
}

/// The probabilities of classes: of two classes from the logit of the second one.
fn probabilities(mut logits: Vec<f64>) -> Vec<f64> {
    if let [logit] = logits[..] {
        logits = vec![0.0, logit];
    }
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|exponential| exponential / sum).collect()
}

struct Problem<'a> {
    features: &'a Matrix,
    classes: &'a [usize],
    functions: usize,
}

impl Problem<'_> {
    /// The objective and its gradient.
    fn at(&self, flat: &[f64]) -> (f64, Vec<f64>) {
        let width = self.features.width + 1;
        let (mut value, mut gradient) = (0.0, vec![0.0; flat.len()]);
        for (row, &class) in self.classes.iter().enumerate() {
            let x = self.features.row(row);
            let logits: Vec<f64> = flat.chunks_exact(width).map(|own| linear(own, x)).collect();
            let probabilities = probabilities(logits);
            value -= probabilities[class].max(f64::MIN_POSITIVE).ln();
            let first = probabilities.len() - self.functions;
            let functions = gradient.chunks_exact_mut(width).zip(&probabilities[first..]);
            for (function, (gradient, probability)) in functions.enumerate() {
                let is_target = f64::from(u8::from(function + first == class));
                let error = probability - is_target;
                gradient.iter_mut().zip(x).for_each(|(sum, x)| *sum += error * x);
                gradient[width - 1] += error;
            }
        }
        for (own, gradient) in flat.chunks_exact(width).zip(gradient.chunks_exact_mut(width)) {
            for (own, gradient) in own.iter().zip(gradient).take(width - 1) {
                value += 0.5 * PENALTY * own * own;
                *gradient += PENALTY * own;
            }
        }
        (value, gradient)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Minimises a convex function with a gradient: L-BFGS (Nocedal and Wright, algorithm 7.5), with
/// steps that are halved until the function decreases enough (Armijo).
fn minimize(mut at: Vec<f64>, function: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> Vec<f64> {
    let (mut value, mut gradient) = function(&at);
    let mut history: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
    for _ in 0..MOST_ITERATIONS {
        if dot(&gradient, &gradient).sqrt() <= 1e-7 * (1.0 + value.abs()) {
            break;
        }
        let direction = direction(&gradient, &history);
        let descent = dot(&direction, &gradient);
        // The first step has no estimate of the curvature: its length is at most 1.
        let mut step = match history.is_empty() {
            true => 1.0 / dot(&gradient, &gradient).sqrt().max(1.0),
            false => 1.0,
        };
        let moved = loop {
            let moved: Vec<f64> = at.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
            let (new_value, new_gradient) = function(&moved);
            if new_value <= value + 1e-4 * step * descent {
                break Some((moved, new_value, new_gradient));
            }
            step *= 0.5;
            if step < 1e-12 {
                break None;
            }
        };
        // Rounding leaves nothing to gain.
        let Some((moved, new_value, new_gradient)) = moved else { break };
        let difference = |new: &[f64], old: &[f64]| {
            new.iter().zip(old).map(|(new, old)| new - old).collect::<Vec<f64>>()
        };
        let pair = (difference(&moved, &at), difference(&new_gradient, &gradient));
        if dot(&pair.0, &pair.1) > 0.0 {
            history.push_back(pair);
            if history.len() > MEMORY {
                history.pop_front();
            }
        }
        (at, value, gradient) = (moved, new_value, new_gradient);
    }
    at
}

/// Minus the gradient times the estimated inverse of the second derivatives, by two loops over the
/// past steps and the changes of the gradient.
fn direction(gradient: &[f64], history: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|grad| -grad).collect();
    let mut factors = Vec::with_capacity(history.len());
    for (step, change) in history.iter().rev() {
        let factor = dot(step, &direction) / dot(step, change);
        direction.iter_mut().zip(change).for_each(|(d, change)| *d -= factor * change);
        factors.push(factor);
    }
    if let Some((step, change)) = history.back() {
        let scale = dot(step, change) / dot(change, change);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for ((step, change), factor) in history.iter().zip(factors.into_iter().rev()) {
        let other = dot(change, &direction) / dot(step, change);
        direction.iter_mut().zip(step).for_each(|(d, step)| *d += (factor - other) * step);
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_equals_central_differences() {
        let numbers = vec![0.5, -1.0, 2.0, 0.3, -0.7, 1.1, 0.2, 0.9];
        let features = Matrix { rows: 4, width: 2, numbers };
        for (classes, functions) in [(vec![0, 1, 1, 0], 1), (vec![0, 1, 2, 1], 3)] {
            let problem = Problem { features: &features, classes: &classes, functions };
            let at: Vec<f64> = (0..functions * 3).map(|i| 0.3 * (i as f64).sin()).collect();
            let (_, gradient) = problem.at(&at);
            for index in 0..at.len() {
                let shifted = |by: f64| {
                    let mut at = at.clone();
                    at[index] += by;
                    problem.at(&at).0
                };
                let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                assert!((gradient[index] - expected).abs() < 1e-8, "{index}");
            }
        }
    }

    #[test]
    fn the_minimum_of_a_quadratic_function_is_found() {
        let function = |at: &[f64]| {
            let [x, y] = [at[0] - 3.0, at[1] + 1.0];
            (x * x + 50.0 * y * y + x * y, vec![2.0 * x + y, 100.0 * y + x])
        };
        let found = minimize(vec![0.0; 2], function);
        assert!((found[0] - 3.0).abs() < 1e-6 && (found[1] + 1.0).abs() < 1e-6, "{found:?}");
    }
}
