//! Tick positions and labels of axes.

/// About `count` ticks from `min` to `max`, in steps of 1, 2 or 5 times a power of ten.
pub(super) fn ticks(min: f64, max: f64, count: usize) -> Vec<f64> {
    let span = max - min;
    if !(span > 0.0 && span.is_finite()) {
        return vec![min];
    }
    let rough = span / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let (first, last) = ((min / step).ceil() as i64, (max / step).floor() as i64);
    (first..=last).map(|tick| tick as f64 * step).collect()
}

/// The label of a tick, with as many digits as the step needs.
pub(super) fn label(tick: f64, step: f64) -> String {
    if tick == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&tick.abs()) {
        return format!("{tick:.1e}");
    }
    let digits = (-step.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{tick:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(3.0, 3.0, 5), [3.0]);
        let found = ticks(0.13, 0.62, 5);
        assert!(found.first() >= Some(&0.13) && found.last() <= Some(&0.62) && found.len() >= 4);
        assert_eq!(ticks(f64::NAN, 1.0, 5).len(), 1);
    }

    #[test]
    fn labels_have_the_digits_of_the_step() {
        assert_eq!(label(0.25, 0.05), "0.25");
        assert_eq!(label(20.0, 5.0), "20");
        assert_eq!(label(1e-7, 1e-7), "1.0e-7");
    }
}
