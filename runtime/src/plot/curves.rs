//! Line plots over epochs or learning rates, one panel per quantity.

use super::{
    svg::{Anchor, Svg, COLOURS, FAINT, INK, LETTER},
    ticks::{label, ticks},
};

/// A plot with a line for each series.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x_title: &'static str,
    pub(crate) x_scale: XScale,
    pub(crate) series: Vec<Series>,
}

/// The scale of the horizontal axis.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum XScale {
    Linear,
    /// Base 10.
    Logarithmic,
}

/// Points joined by a line; points that are not finite leave a gap. A series without a name is drawn
/// faint, behind those before it.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) dashed: bool,
}

impl Series {
    /// The dashed line from (0, 0) to (1, 1).
    pub(crate) fn diagonal(name: &str) -> Series {
        Series { name: name.to_owned(), points: vec![(0.0, 0.0), (1.0, 1.0)], dashed: true }
    }
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;

/// Draws the panels in two columns.
pub(crate) fn curves(panels: &[Panel]) -> String {
    let columns = panels.len().clamp(1, 2);
    let rows = panels.len().div_ceil(columns);
    let mut svg = Svg::new(WIDTH * columns as f64, HEIGHT * rows as f64);
    for (index, panel) in panels.iter().enumerate() {
        let at = ((index % columns) as f64 * WIDTH, (index / columns) as f64 * HEIGHT);
        svg.insert(at, draw(panel));
    }
    svg.finish()
}

/// Draws a single panel.
pub(crate) fn panel(panel: &Panel) -> String {
    draw(panel).finish()
}

/// Maps values to pixels.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
    x_scale: XScale,
}

impl Frame {
    /// The smallest frame that contains all points; 0 to 1 without points.
    fn around(panel: &Panel) -> Frame {
        let scaled = |x: f64| if panel.x_scale == XScale::Logarithmic { x.log10() } else { x };
        let points = panel.series.iter().flat_map(|series| &series.points);
        let points = points.map(|(x, y)| (scaled(*x), *y));
        let finite: Vec<_> = points.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let range = |numbers: &mut dyn Iterator<Item = f64>| {
            let (min, max) =
                numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(n), b.max(n)));
            match (min.is_finite(), max > min) {
                (false, _) => (0.0, 1.0),
                (true, false) => (min - 0.5, min + 0.5),
                (true, true) => (min, max),
            }
        };
        let x = range(&mut finite.iter().map(|point| point.0));
        let (low, high) = range(&mut finite.iter().map(|point| point.1));
        let margin = 0.05 * (high - low);
        Frame { x, y: (low - margin, high + margin), x_scale: panel.x_scale }
    }

    /// Pixel of a point; `x` is already scaled (log10 on a logarithmic axis).
    fn position(&self, x: f64, y: f64) -> (f64, f64) {
        let fraction = |value: f64, (from, to): (f64, f64)| (value - from) / (to - from);
        (
            LEFT + fraction(x, self.x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - fraction(y, self.y) * (HEIGHT - TOP - BOTTOM),
        )
    }

    fn of_point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        match self.x_scale {
            XScale::Linear => self.position(x, y),
            XScale::Logarithmic => self.position(x.log10(), y),
        }
    }
}

fn draw(panel: &Panel) -> Svg {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let frame = Frame::around(panel);
    axes(&mut svg, &frame, panel.x_title);
    svg.bold((LEFT, 20.0), Anchor::Start, &panel.title);
    let mut legend = WIDTH - RIGHT;
    for (index, series) in panel.series.iter().enumerate().rev() {
        let named = !series.name.is_empty();
        let colour = if named { COLOURS[index % COLOURS.len()] } else { FAINT };
        if named {
            svg.text((legend, 20.0), Anchor::End, colour, &series.name);
            legend -= (series.name.chars().count() as f64 + 2.0) * LETTER;
        }
        let finite = |point: &(f64, f64)| point.0.is_finite() && point.1.is_finite();
        for part in series.points.split(|point| !finite(point)).filter(|part| !part.is_empty()) {
            let points: Vec<_> = part.iter().map(|point| frame.of_point(*point)).collect();
            match points[..] {
                [only] => svg.dot(only, colour),
                _ => svg.polyline(&points, colour, series.dashed),
            }
        }
    }
    svg
}

fn axes(svg: &mut Svg, frame: &Frame, x_title: &str) {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    let (top, bottom) = (TOP, HEIGHT - BOTTOM);
    let ticks_of_axis = ticks(frame.y.0, frame.y.1, 5);
    let step =
        ticks_of_axis.get(1).map_or(frame.y.1 - frame.y.0, |second| second - ticks_of_axis[0]);
    for tick in &ticks_of_axis {
        let (_, y) = frame.position(frame.x.0, *tick);
        svg.line((left, y), (right, y), FAINT);
        svg.text((left - 6.0, y + 4.0), Anchor::End, INK, &label(*tick, step));
    }
    let mut ticks_of_axis = ticks(frame.x.0, frame.x.1, 6);
    if frame.x_scale == XScale::Logarithmic || frame.x.1 - frame.x.0 >= 6.0 {
        // Epochs and powers of ten have integer ticks.
        ticks_of_axis.retain(|tick| tick.fract() == 0.0);
    }
    let step = ticks_of_axis.get(1).map_or(1.0, |second| second - ticks_of_axis[0]);
    for tick in &ticks_of_axis {
        let (x, _) = frame.position(*tick, frame.y.0);
        svg.line((x, bottom), (x, bottom + 4.0), INK);
        let words = match frame.x_scale {
            XScale::Linear => label(*tick, step),
            XScale::Logarithmic => format!("1e{tick}"),
        };
        svg.text((x, bottom + 18.0), Anchor::Middle, INK, &words);
    }
    svg.line((left, bottom), (right, bottom), INK);
    svg.line((left, top), (left, bottom), INK);
    svg.text(((left + right) / 2.0, bottom + 36.0), Anchor::Middle, INK, x_title);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_leaves_a_gap() {
        let points = vec![(1.0, 1.0), (2.0, 2.0), (3.0, f64::NAN), (4.0, 1.0)];
        let series = Series { name: "loss".to_owned(), points, dashed: false };
        let x_scale = XScale::Linear;
        let picture = panel(&Panel {
            title: "t".to_owned(),
            x_title: "epoch",
            x_scale,
            series: vec![series],
        });
        assert_eq!(picture.matches("<polyline").count(), 1);
        assert_eq!(picture.matches("<circle").count(), 1);
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
    }

    #[test]
    fn no_points_make_an_empty_frame() {
        let x_scale = XScale::Logarithmic;
        let picture = panel(&Panel { title: String::new(), x_title: "", x_scale, series: vec![] });
        assert!(picture.ends_with("</svg>\n") && !picture.contains("NaN"));
    }
}
