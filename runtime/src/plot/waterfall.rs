//! Waterfall charts: the steps from one number to another.

use super::svg::{Anchor, Svg, COLOURS, FAINT, INK, LETTER};
use crate::short::Short;

/// A step with an error bar of +-`deviation`.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) deviation: f64,
}

const ROW: f64 = 26.0;
const LENGTH: f64 = 360.0;
const TOP: f64 = 40.0;

/// Draws a bar for each step, the first one at the top. The chart is read from below: the lowest
/// bar starts at `start`, and each bar starts where the one below it ends.
pub(crate) fn waterfall(title: &str, start: f64, steps: &[Step]) -> String {
    let longest = steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0).max(8);
    let left = 32.0 + longest as f64 * LETTER;
    let ends = ends(start, steps);
    let frame = Frame::around(&ends, left);
    let width = (left + LENGTH + 110.0).max(title.chars().count() as f64 * LETTER + 32.0);
    let bottom = TOP + steps.len() as f64 * ROW;
    let mut svg = Svg::new(width, bottom + 30.0);
    svg.bold((16.0, 22.0), Anchor::Start, title);
    svg.line((frame.x(start), TOP), (frame.x(start), bottom), FAINT);
    svg.text((left - 12.0, bottom + 16.0), Anchor::End, INK, "baseline");
    svg.text((frame.x(start), bottom + 16.0), Anchor::Middle, INK, &Short(start).to_string());
    for (index, (step, (from, to))) in steps.iter().zip(&ends).enumerate() {
        let top = TOP + index as f64 * ROW;
        bar(&mut svg, &frame, top, (step, *from, *to));
        svg.text((left - 12.0, top + 14.0), Anchor::End, INK, &step.name);
        // The bar above starts here.
        if index > 0 {
            svg.line((frame.x(*to), top - 8.0), (frame.x(*to), top), INK);
        }
    }
    svg.finish()
}

/// Where each step begins and ends.
fn ends(start: f64, steps: &[Step]) -> Vec<(f64, f64)> {
    let mut from = start;
    let upwards = steps.iter().rev().map(|step| {
        let to = from + step.value;
        (std::mem::replace(&mut from, to), to)
    });
    let mut ends: Vec<_> = upwards.collect();
    ends.reverse();
    ends
}

fn bar(svg: &mut Svg, frame: &Frame, top: f64, (step, from, to): (&Step, f64, f64)) {
    let (from, to) = (frame.x(from), frame.x(to));
    let colour = if step.value < 0.0 { COLOURS[0] } else { COLOURS[1] };
    svg.rect((from.min(to), top), ((to - from).abs(), ROW - 8.0), colour, "none");
    if step.deviation > 0.0 && step.deviation.is_finite() {
        let (middle, half) = (top + (ROW - 8.0) / 2.0, step.deviation * frame.scale);
        svg.line((to - half, middle), (to + half, middle), INK);
    }
    let sign = if step.value > 0.0 { "+" } else { "" };
    let number = format!("{sign}{}", Short(step.value));
    svg.text((from.max(to) + 8.0, top + 14.0), Anchor::Start, INK, &number);
}

/// Maps values to pixels.
struct Frame {
    min: f64,
    scale: f64,
    left: f64,
}

impl Frame {
    fn around(ends: &[(f64, f64)], left: f64) -> Frame {
        let all = ends.iter().flat_map(|(from, to)| [*from, *to]).filter(|end| end.is_finite());
        let (min, max) =
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), end| (a.min(end), b.max(end)));
        let scale = if max > min { LENGTH / (max - min) } else { 0.0 };
        Frame { min: if min.is_finite() { min } else { 0.0 }, scale, left }
    }

    /// The pixel of a value; the left edge for one that is not finite.
    fn x(&self, value: f64) -> f64 {
        let x = self.left + (value - self.min) * self.scale;
        if x.is_finite() {
            x
        } else {
            self.left
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, value: f64) -> Step {
        Step { name: name.to_owned(), value, deviation: 0.0 }
    }

    #[test]
    fn the_highest_bar_ends_at_the_sum() {
        let steps = [step("rooms = 6", 3.0), step("age = 2", -1.0)];
        assert_eq!(ends(10.0, &steps), [(9.0, 12.0), (10.0, 9.0)]);
        let picture = waterfall("price = 12", 10.0, &steps);
        for words in ["price = 12", ">rooms = 6<", ">+3.000<", ">-1.000<", ">10.00<", COLOURS[0]] {
            assert!(picture.contains(words), "{words} in {picture}");
        }
    }

    #[test]
    fn nothing_and_what_is_not_finite_can_be_drawn() {
        for steps in [vec![], vec![step("a", f64::NAN), step("b", f64::INFINITY)]] {
            let picture = waterfall("t", 1.0, &steps);
            assert!(!picture.contains("x=\"NaN") && !picture.contains("width=\"inf"), "{picture}");
        }
    }
}
