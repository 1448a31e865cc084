//! Central differences, by which users check a gradient that they wrote by hand.

/// (f(x + h) - f(x - h)) / 2 h, with h = 1e-6 of the larger of 1 and |x|.
pub(crate) fn central_difference(x: f64, f: impl Fn(f64) -> f64) -> f64 {
    let step = 1e-6 * x.abs().max(1.0);
    (f(x + step) - f(x - step)) / (2.0 * step)
}

/// Whether a gradient is off by more than 1e-5 of the larger of 1 and `size`, or is not finite.
pub(crate) fn differs(gradient: f64, difference: f64, size: f64) -> bool {
    let error = (gradient - difference).abs();
    !error.is_finite() || error > 1e-5 * size.max(1.0)
}
