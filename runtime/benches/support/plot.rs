//! Curves on logarithmic axes, as SVG.

use std::fmt::{Display, Write};

/// A plot, drawn beside others.
pub struct Panel {
    pub title: &'static str,
    /// The title of the horizontal axis.
    pub across: &'static str,
    pub curves: Vec<Curve>,
}

/// Points with positive coordinates.
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// The exponent of a power law fitted by least squares of logarithms to the upper half of the
    /// points: 1 is linear. NaN for a single point.
    pub fn exponent(&self) -> f64 {
        let logarithms = self.points.iter().map(|(x, y)| (x.ln(), y.ln()));
        let upper: Vec<_> = logarithms.skip(self.points.len() / 2).collect();
        let count = upper.len() as f64;
        let (x, y) = upper.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
        let covariance: f64 = upper.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
        let variance: f64 = upper.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
        covariance / variance
    }
}

/// Colour-blind safe (Okabe and Ito).
const COLOURS: [&str; 2] = ["#0072b2", "#d55e00"];
const INK: &str = "#333333";
const FAINT: &str = "#dddddd";

/// The size of a panel, and its margins.
const SIZE: (f64, f64) = (320.0, 330.0);
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;

/// Draws the panels side by side. Vertical axes are milliseconds; a dashed line through the last
/// point of a panel's first curve is linear.
pub fn svg(panels: &[Panel], caption: &str) -> String {
    let (width, height) = (SIZE.0 * panels.len() as f64, SIZE.1 + 20.0);
    let mut body = String::new();
    for (number, panel) in panels.iter().enumerate() {
        body += &format!("<g transform=\"translate({},0)\">\n", SIZE.0 * number as f64);
        draw(panel, &mut body);
        body += "</g>\n";
    }
    text(&mut body, (width / 2.0, SIZE.1 + 8.0), "middle", caption);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

fn draw(panel: &Panel, body: &mut String) {
    let all = || panel.curves.iter().flat_map(|curve| &curve.points);
    let horizontal = Axis::around(all().map(|p| p.0), 2.0, (LEFT, SIZE.0 - RIGHT));
    let vertical = Axis::around(all().map(|p| p.1), 10.0, (SIZE.1 - BOTTOM, TOP));
    let at = |&(x, y): &(f64, f64)| (horizontal.position(x), vertical.position(y));

    text(body, ((LEFT + SIZE.0 - RIGHT) / 2.0, 18.0), "middle", panel.title);
    text(body, ((LEFT + SIZE.0 - RIGHT) / 2.0, SIZE.1 - 12.0), "middle", panel.across);
    text(body, (LEFT - 5.0, TOP - 12.0), "end", "ms");
    let ticks = horizontal.ticks();
    for (number, tick) in ticks.iter().enumerate() {
        let x = horizontal.position(*tick);
        line(body, &[(x, TOP), (x, SIZE.1 - BOTTOM)], FAINT, 1.0, false);
        // Every other label where they would overlap.
        if ticks.len() <= 8 || number % 2 == 0 {
            text(body, (x, SIZE.1 - BOTTOM + 14.0), "middle", tick);
        }
    }
    for tick in vertical.ticks() {
        let y = vertical.position(tick);
        line(body, &[(LEFT, y), (SIZE.0 - RIGHT, y)], FAINT, 1.0, false);
        text(body, (LEFT - 5.0, y + 4.0), "end", tick);
    }

    if let Some((x, y)) = panel.curves.first().and_then(|curve| curve.points.last()) {
        // From the left or the lower edge of the panel.
        let from = horizontal.min.max(x * vertical.min / y);
        line(body, &[at(&(from, y * from / x)), at(&(*x, *y))], INK, 1.0, true);
    }
    for (number, curve) in panel.curves.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let points: Vec<_> = curve.points.iter().map(at).collect();
        line(body, &points, colour, 2.0, false);
        for (x, y) in points {
            let _ =
                writeln!(body, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{colour}\"/>");
        }
        legend(body, number, colour, &curve.name, false);
    }
    legend(body, panel.curves.len(), INK, "linear", true);
}

/// An entry of the legend, in the upper left corner, which a rising curve leaves free.
fn legend(body: &mut String, number: usize, colour: &str, name: &str, dashed: bool) {
    let y = TOP + 14.0 + 16.0 * number as f64;
    line(body, &[(LEFT + 10.0, y), (LEFT + 34.0, y)], colour, 2.0, dashed);
    text(body, (LEFT + 40.0, y + 4.0), "start", name);
}

/// A logarithmic axis.
struct Axis {
    min: f64,
    max: f64,
    base: f64,
    /// The ends of the axis in pixels.
    from: f64,
    to: f64,
}

impl Axis {
    /// Spans from one power of `base` to another, around all values.
    fn around(values: impl Iterator<Item = f64>, base: f64, (from, to): (f64, f64)) -> Axis {
        let (min, max) =
            values.fold((f64::INFINITY, 0.0f64), |(min, max), v| (min.min(v), max.max(v)));
        let power = |value: f64, round: fn(f64) -> f64| base.powf(round(value.log(base)));
        let (min, max) = (power(min * 1.000_001, f64::floor), power(max, f64::ceil));
        Axis { min, max: max.max(min * base), base, from, to }
    }

    fn position(&self, value: f64) -> f64 {
        let fraction = (value / self.min).ln() / (self.max / self.min).ln();
        self.from + fraction * (self.to - self.from)
    }

    fn ticks(&self) -> Vec<f64> {
        let count = (self.max / self.min).log(self.base).round() as i32;
        let tick = |power| self.min * self.base.powi(power);
        // Rounds away floating-point errors.
        (0..=count).map(|power| (tick(power) * 1e6).round() / 1e6).collect()
    }
}

fn line(body: &mut String, points: &[(f64, f64)], colour: &str, width: f64, dashed: bool) {
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let dashes = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
    // Writing into a `String` cannot fail.
    let _ = writeln!(
        body,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>",
        points.join(" ")
    );
}

fn text(body: &mut String, (x, y): (f64, f64), anchor: &str, words: impl Display) {
    let _ = writeln!(
        body,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{INK}\">{words}</text>"
    );
}
