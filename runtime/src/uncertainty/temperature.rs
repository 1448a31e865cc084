//! Temperature scaling.

/// The least and the greatest temperature. Rows that all are predicted correctly have their least loss
/// at temperature 0, and rows of all but random predictions at infinity.
pub(super) const LEAST: f64 = 0.01;
pub(super) const MOST: f64 = 100.0;

/// The smallest probability that `f32` tells from 0, and the middle between 1 and the number below it.
/// A prediction is `f32`, so that 0 and 1 may be rounded.
const SMALLEST: f64 = 1.401_298_464_324_817e-45;
const LARGEST: f64 = 1.0 - 1.0 / (1 << 25) as f64;

/// The logarithm of a probability.
fn log(probability: f64) -> f64 {
    probability.max(SMALLEST).ln()
}

/// The probabilities of false and true of a flag.
pub(super) fn of_flag(probability: f64) -> [f64; 2] {
    let probability = probability.min(LARGEST);
    [1.0 - probability, probability]
}

/// Probabilities at a temperature: the softmax of log(p) / temperature, which is that of the logits
/// divided by the temperature. PyTorch: `softmax(logits / temperature)`.
pub(super) fn scaled(probabilities: &[f64], temperature: f64) -> Vec<f64> {
    let logits: Vec<f64> = probabilities.iter().map(|p| log(*p) / temperature).collect();
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|z| (z - max).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// The temperature with the least cross-entropy of rows of probabilities, each with its true class.
/// Guo et al., "On Calibration of Modern Neural Networks" (2017).
///
/// The loss is convex in 1 / temperature, so the sign of its derivative finds the minimum.
pub(super) fn fit<'a>(rows: impl Iterator<Item = (&'a [f64], usize)> + Clone) -> f64 {
    // The derivative with respect to 1 / temperature: the expected logit less the true one.
    let rises_at = |temperature: f64| {
        let row = |(probabilities, class): (&[f64], usize)| {
            let expected = scaled(probabilities, temperature).into_iter().zip(probabilities);
            let expected: f64 = expected.map(|(scaled, p)| scaled * log(*p)).sum();
            expected - log(probabilities[class])
        };
        rows.clone().map(row).sum::<f64>() > 0.0
    };
    // A loss that rises with 1 / temperature has its minimum at a higher temperature.
    let (mut low, mut high) = (LEAST.ln(), MOST.ln());
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match rises_at(middle.exp()) {
            true => low = middle,
            false => high = middle,
        }
    }
    ((low + high) / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(rows: &[(Vec<f64>, usize)], temperature: f64) -> f64 {
        rows.iter().map(|(p, class)| -scaled(p, temperature)[*class].ln()).sum()
    }

    #[test]
    fn the_temperature_is_that_of_the_least_loss() {
        // Overconfident: 0.9 is right in two rows of three.
        let rows: Vec<(Vec<f64>, usize)> =
            (0..30).map(|i| (vec![0.9, 0.07, 0.03], usize::from(i % 3 == 0))).collect();
        let found = fit(rows.iter().map(|(p, class)| (&p[..], *class)));
        assert!(found > 1.5, "{found}");
        for other in [found * 0.999, found * 1.001] {
            assert!(loss(&rows, found) < loss(&rows, other), "{other}");
        }
        let of_right = [(&[0.6, 0.4][..], 0)];
        assert!((fit(of_right.into_iter()) - LEAST).abs() < 1e-9);
        let of_wrong = [(&[0.6, 0.4][..], 1)];
        assert!((fit(of_wrong.into_iter()) / MOST - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_temperature_keeps_the_order_and_certainty() {
        assert_eq!(scaled(&[0.5, 0.25, 0.25], 1.0), [0.5, 0.25, 0.25]);
        let [one, zero] = scaled(&[1.0, 0.0], 2.0)[..] else { panic!() };
        assert!(one == 1.0 && zero < 1e-22);
        assert!((scaled(&of_flag(0.25), 1.0)[1] - 0.25).abs() < 1e-12);
        // 1 may be 0.99999998, whose logit is 17.3.
        let mended = scaled(&of_flag(1.0), 5.0)[1];
        assert!((mended - 0.9697).abs() < 1e-4, "{mended}");
        let colder = scaled(&[0.5, 0.3, 0.2], 0.5);
        assert!((colder[0] - 0.25 / 0.38).abs() < 1e-12);
    }
}
