//! Numbers with four significant digits.

use std::fmt;

/// Formats a number with about four significant digits.
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if self.0 == 0.0 || !self.0.is_finite() {
            write!(f, "{}", self.0)
        } else if !(1e-3..1e6).contains(&size) {
            write!(f, "{:.3e}", self.0)
        } else {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
            write!(f, "{:.digits$}", self.0)
        }
    }
}
