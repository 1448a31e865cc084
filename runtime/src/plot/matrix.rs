//! Plots of confusion matrices.

use super::svg::{Anchor, Svg, INK, LETTER};

const CELL: f64 = 52.0;

/// Draws `counts[true class][predicted class]`. A cell is darker for a larger share of its row.
pub(crate) fn matrix(title: &str, counts: &[Vec<u64>]) -> String {
    let classes = counts.len() as f64;
    let (left, top) = (110.0, 70.0);
    let width = (left + classes * CELL + 16.0).max(title.len() as f64 * LETTER + 32.0);
    let mut svg = Svg::new(width, top + classes * CELL + 16.0);
    svg.bold((16.0, 22.0), Anchor::Start, title);
    svg.text((left + classes * CELL / 2.0, 44.0), Anchor::Middle, INK, "predicted");
    svg.text((16.0, top + classes * CELL / 2.0), Anchor::Start, INK, "true");
    for (class, row) in counts.iter().enumerate() {
        let offset = class as f64 * CELL;
        let middle = CELL / 2.0 + 4.0;
        let name = class.to_string();
        svg.text((left - 8.0, top + offset + middle), Anchor::End, INK, &name);
        svg.text((left + offset + CELL / 2.0, top - 8.0), Anchor::Middle, INK, &name);
        let all: u64 = row.iter().sum();
        for (predicted, count) in row.iter().enumerate() {
            let fraction = *count as f64 / all.max(1) as f64;
            let at = (left + predicted as f64 * CELL, top + offset);
            svg.rect(at, (CELL, CELL), &shade(fraction), "white");
            let ink = if fraction > 0.5 { "white" } else { INK };
            let centre = (at.0 + CELL / 2.0, at.1 + middle);
            svg.text(centre, Anchor::Middle, ink, &count.to_string());
        }
    }
    svg.finish()
}

/// Interpolates from white to blue.
fn shade(fraction: f64) -> String {
    let mix = |to: f64| (255.0 + (to - 255.0) * fraction).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(0.0), mix(82.0), mix(140.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_in_its_cell() {
        let counts = vec![vec![31, 4], vec![0, 57]];
        let picture = matrix("late: accuracy 0.957", &counts);
        for words in ["late: accuracy 0.957", ">31<", ">4<", ">0<", ">57<", "#ffffff"] {
            assert!(picture.contains(words), "{words}");
        }
    }
}
