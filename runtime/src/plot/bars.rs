//! Horizontal bar charts.

use super::svg::{Anchor, Svg, COLOURS, INK, LETTER};
use crate::short::Short;

/// A bar with an error bar of +-`deviation`.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) deviation: f64,
}

const ROW: f64 = 26.0;
const LENGTH: f64 = 320.0;

/// Draws the bars below each other. Negative bars extend to the left of zero.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> String {
    let longest = bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0);
    let left = 32.0 + longest as f64 * LETTER;
    let finite = bars.iter().map(|bar| bar.value).filter(|value| value.is_finite());
    let (min, max) = finite.fold((0.0, 0.0), |(a, b): (f64, f64), v| (a.min(v), b.max(v)));
    let scale = LENGTH / (max - min).max(f64::MIN_POSITIVE);
    let zero = left - min * scale;
    let width = (left + LENGTH + 150.0).max(title.chars().count() as f64 * LETTER + 32.0);
    let mut svg = Svg::new(width, 44.0 + bars.len() as f64 * ROW);
    svg.bold((16.0, 22.0), Anchor::Start, title);
    for (index, bar) in bars.iter().enumerate() {
        let top = 36.0 + index as f64 * ROW;
        let value = if bar.value.is_finite() { bar.value * scale } else { 0.0 };
        let at = (zero + value.min(0.0), top);
        svg.text((left - 12.0, top + 14.0), Anchor::End, INK, &bar.name);
        svg.rect(at, (value.abs(), ROW - 8.0), COLOURS[0], "none");
        if bar.deviation > 0.0 && bar.deviation.is_finite() {
            let (middle, half) = (top + (ROW - 8.0) / 2.0, bar.deviation * scale);
            svg.line((zero + value - half, middle), (zero + value + half, middle), INK);
        }
        let after = zero + value.max(0.0) + bar.deviation.max(0.0) * scale + 8.0;
        let number = Short(bar.value).to_string();
        svg.text((after.min(left + LENGTH + 60.0), top + 14.0), Anchor::Start, INK, &number);
    }
    svg.line((zero, 32.0), (zero, 36.0 + bars.len() as f64 * ROW), INK);
    svg.finish()
}
