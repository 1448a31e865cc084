//! Plots of confusion matrices.

use super::svg::{Anchor, Svg, INK, LETTER};
use crate::short::Short;

/// The height of a cell, and its width for short names.
const CELL: f64 = 52.0;
/// The most letters of a name in front of a row, and above a column.
const ROW_NAME: usize = 24;
const COLUMN_NAME: usize = 14;

/// Draws `counts[true class][predicted class]` of the classes called `names`. A cell is darker for a
/// larger share of its row.
pub(crate) fn matrix(title: &str, names: &[String], counts: &[Vec<u64>]) -> String {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width_of = |letters: usize| letters as f64 * LETTER;
    let cell = CELL.max(width_of(longest.min(COLUMN_NAME)) + 8.0);
    let (left, top) = (f64::max(110.0, 70.0 + width_of(longest.min(ROW_NAME))), 70.0);
    let classes = counts.len() as f64;
    let width = (left + classes * cell + 16.0).max(title.len() as f64 * LETTER + 32.0);
    let mut svg = Svg::new(width, top + classes * CELL + 16.0);
    svg.bold((16.0, 22.0), Anchor::Start, title);
    svg.text((left + classes * cell / 2.0, 44.0), Anchor::Middle, INK, "predicted");
    svg.text((16.0, top + classes * CELL / 2.0), Anchor::Start, INK, "true");
    for (class, (row, name)) in counts.iter().zip(names).enumerate() {
        let offset = class as f64 * CELL;
        let middle = CELL / 2.0 + 4.0;
        let above = (left + (class as f64 + 0.5) * cell, top - 8.0);
        svg.text((left - 8.0, top + offset + middle), Anchor::End, INK, &short(name, ROW_NAME));
        svg.text(above, Anchor::Middle, INK, &short(name, COLUMN_NAME));
        let all: u64 = row.iter().sum();
        for (predicted, count) in row.iter().enumerate() {
            let fraction = *count as f64 / all.max(1) as f64;
            let at = (left + predicted as f64 * cell, top + offset);
            svg.rect(at, (cell, CELL), &shade(fraction), "white");
            let ink = if fraction > 0.5 { "white" } else { INK };
            let centre = (at.0 + cell / 2.0, at.1 + middle);
            svg.text(centre, Anchor::Middle, ink, &count.to_string());
        }
    }
    svg.finish()
}

/// Draws a number for every pair of a row and a column, with their names. A cell is darker for a
/// larger number.
pub(crate) fn cells(
    title: &str,
    (rows, columns): (&[String], &[String]),
    numbers: &[f64],
    titles: [&str; 2],
) -> String {
    const WIDTH: f64 = 76.0;
    const HEIGHT: f64 = 30.0;
    let longest = |names: &[String]| names.iter().map(|name| name.chars().count()).max();
    let left = 32.0 + longest(rows).unwrap_or(0).max(titles[0].chars().count()) as f64 * LETTER;
    let top = 74.0;
    let width = left + columns.len() as f64 * WIDTH + 16.0;
    let width = width.max(title.chars().count() as f64 * LETTER + 32.0);
    let mut svg = Svg::new(width, top + rows.len() as f64 * HEIGHT + 16.0);
    svg.bold((16.0, 22.0), Anchor::Start, title);
    svg.text((left, 44.0), Anchor::Start, INK, titles[1]);
    svg.text((left - 8.0, top - 8.0), Anchor::End, INK, titles[0]);
    for (index, name) in columns.iter().enumerate() {
        let middle = left + (index as f64 + 0.5) * WIDTH;
        svg.text((middle, top - 8.0), Anchor::Middle, INK, name);
    }
    let finite = numbers.iter().copied().filter(|number| number.is_finite());
    let (min, max) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(n), b.max(n)));
    let span = if max > min { max - min } else { 1.0 };
    for (row, (name, numbers)) in rows.iter().zip(numbers.chunks(columns.len().max(1))).enumerate()
    {
        let y = top + row as f64 * HEIGHT;
        svg.text((left - 8.0, y + 19.0), Anchor::End, INK, name);
        for (column, number) in numbers.iter().enumerate() {
            let fraction = if number.is_finite() { (number - min) / span } else { 0.0 };
            let at = (left + column as f64 * WIDTH, y);
            svg.rect(at, (WIDTH, HEIGHT), &shade(fraction), "white");
            let ink = if fraction > 0.5 { "white" } else { INK };
            let centre = (at.0 + WIDTH / 2.0, y + 19.0);
            svg.text(centre, Anchor::Middle, ink, &Short(*number).to_string());
        }
    }
    svg.finish()
}

/// A name of at most `letters` letters.
fn short(name: &str, letters: usize) -> String {
    match name.chars().count() > letters {
        true => name.chars().take(letters - 1).chain(['\u{2026}']).collect(),
        false => name.to_owned(),
    }
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
        let names = ["false", "a class of a long name"].map(String::from);
        let picture = matrix("late: accuracy 0.957", &names, &counts);
        let named = [">false<", ">a class of a long name<", ">a class of a \u{2026}<"];
        assert!(named.iter().all(|name| picture.contains(name)), "{picture}");
        for words in ["late: accuracy 0.957", ">31<", ">4<", ">0<", ">57<", "#ffffff"] {
            assert!(picture.contains(words), "{words}");
        }
    }
}
