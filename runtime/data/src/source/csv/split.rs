//! The fast path: finds cells eight bytes at a time.

use std::sync::Arc;

use csv::StringRecord;

use super::is_untidy;
use crate::{
    columns::{
        cells::{decimal, of_float, Cell, Markers},
        Grid, Interned,
    },
    Real, Values,
};

/// The cells of complete rows in a text.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// Start and end of each cell, row-major.
    bounds: Vec<(u32, u32)>,
}

/// Finds special bytes: delimiter, line ends and quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpecialBytes {
    delimiter: u8,
    /// Each special byte, repeated eight times.
    patterns: [u64; 4],
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * ONES;

impl SpecialBytes {
    /// `None` for a delimiter that is not ASCII or is a line end or quote.
    pub(super) fn new(delimiter: u8) -> Option<SpecialBytes> {
        let special = [delimiter, b'\n', b'\r', b'"'];
        let own = delimiter.is_ascii() && delimiter != 0 && !special[1..].contains(&delimiter);
        let patterns = special.map(|byte| ONES * u64::from(byte));
        own.then_some(SpecialBytes { delimiter, patterns })
    }

    /// Finds line ends and quotes alone.
    pub(super) fn of_lines() -> SpecialBytes {
        let patterns = [b'\n', b'\r', b'"', b'"'].map(|byte| ONES * u64::from(byte));
        SpecialBytes { delimiter: b'"', patterns }
    }

    /// The matches in eight bytes, as the highest bit of each byte.
    fn matches(self, bytes: [u8; 8]) -> u64 {
        let word = u64::from_le_bytes(bytes);
        self.patterns.iter().fold(0, |found, patterns| {
            let other = word ^ patterns;
            // Without carries between bytes, so that every match is exact.
            found | !(((other & !HIGH_BITS) + !HIGH_BITS) | other | !HIGH_BITS)
        })
    }

    /// The positions of all special bytes.
    pub(super) fn positions(self, text: &[u8]) -> impl Iterator<Item = usize> + '_ {
        let (words, rest) = text.as_chunks::<8>();
        let last = {
            let mut bytes = [0; 8];
            bytes[..rest.len()].copy_from_slice(rest);
            self.matches(bytes)
        };
        let all = words.iter().map(move |bytes| self.matches(*bytes)).chain([last]);
        all.enumerate().flat_map(|(word, mut found)| {
            std::iter::from_fn(move || {
                let bit = found.trailing_zeros();
                found &= found.checked_sub(1)?;
                Some(8 * word + bit as usize / 8)
            })
        })
    }
}

/// The cell that is being read.
struct OpenCell {
    start: usize,
    /// The end of its text, if it was quoted.
    quoted: Option<usize>,
}

impl Cells {
    /// Finds the cells of all rows that end within `text`, each of `width` cells, and returns the
    /// end of the last row. If `is_last`, the end of the text ends a row. `None` where the slow
    /// path has to read a row: it has too many or too few cells, or quotes within quotes.
    pub(super) fn split(
        &mut self,
        text: &[u8],
        width: usize,
        special: SpecialBytes,
        is_last: bool,
    ) -> Option<usize> {
        self.bounds.clear();
        let (mut open, mut row, mut consumed) = (OpenCell { start: 0, quoted: None }, 0, 0);
        let mut quoted_up_to = 0;
        for index in special.positions(text) {
            match text[index] {
                _ if index < quoted_up_to => {}
                b'"' if index == open.start && open.quoted.is_none() => {
                    match closing_quote(text, index, special.delimiter, is_last)? {
                        Some(end) => {
                            open = OpenCell { start: index + 1, quoted: Some(end) };
                            quoted_up_to = end + 1;
                        }
                        None => return Some(consumed),
                    }
                }
                // Within an unquoted cell a quote is literal.
                b'"' => {}
                byte if byte == special.delimiter => {
                    self.end_cell(&mut open, index);
                }
                _ => {
                    row += self.end_row(&mut open, index, row * width, width)?;
                    consumed = index + 1;
                }
            }
        }
        if is_last {
            row += self.end_row(&mut open, text.len(), row * width, width)?;
            consumed = text.len();
        }
        self.bounds.truncate(row * width);
        Some(consumed)
    }

    fn end_cell(&mut self, open: &mut OpenCell, end: usize) {
        let end_of_text = open.quoted.unwrap_or(end);
        self.bounds.push((open.start as u32, end_of_text as u32));
        *open = OpenCell { start: end + 1, quoted: None };
    }

    /// Ends the row whose first cell has index `first`. Returns 1, or 0 for a blank line; `None`
    /// for a row of another width.
    fn end_row(
        &mut self,
        open: &mut OpenCell,
        end: usize,
        first: usize,
        width: usize,
    ) -> Option<usize> {
        let is_blank = self.bounds.len() == first && open.start >= end && open.quoted.is_none();
        if is_blank {
            open.start = end + 1;
            return Some(0);
        }
        self.end_cell(open, end);
        (self.bounds.len() == first + width).then_some(1)
    }
}

/// Finds the closing quote of a cell. `Some(None)` if the text ends before it; `None` if the next
/// cell does not follow directly.
fn closing_quote(text: &[u8], start: usize, delimiter: u8, is_last: bool) -> Option<Option<usize>> {
    let found = text[start + 1..].iter().position(|byte| *byte == b'"');
    let end = found.map(|index| start + 1 + index);
    match (end, end.and_then(|end| text.get(end + 1))) {
        (Some(end), Some(next)) => {
            let is_end = [delimiter, b'\n', b'\r'].contains(next);
            is_end.then_some(Some(end))
        }
        (Some(end), None) if is_last => Some(Some(end)),
        (None, _) if is_last => None,
        _ => Some(None),
    }
}

/// The cells of a text as a [`Grid`].
pub(super) struct CellGrid<'a> {
    text: &'a str,
    cells: &'a Cells,
    width: usize,
    /// The markers of missing values, if there are any.
    markers: Option<&'a Markers>,
}

impl<'a> CellGrid<'a> {
    pub(super) fn new(
        text: &'a str,
        cells: &'a Cells,
        width: usize,
        markers: &'a Markers,
    ) -> CellGrid<'a> {
        let markers = Some(markers).filter(|markers| !markers.is_empty());
        CellGrid { text, cells, width, markers }
    }

    /// A trimmed cell.
    fn content(&self, row: usize, column: usize) -> &'a str {
        let (start, end) = self.cells.bounds[row * self.width + column];
        let text = self.text.get(start as usize..end as usize).unwrap_or_default();
        match is_untidy(text) {
            true => text.trim(),
            false => text,
        }
    }

    /// A trimmed cell; empty for a marker of missing values.
    fn text(&self, row: usize, column: usize) -> &'a str {
        let text = self.content(row, column);
        match self.markers {
            Some(markers) if markers.contain(text) => "",
            _ => text,
        }
    }

    /// Whether some row has these cells, at least two.
    pub(super) fn has_row(&self, cells: &StringRecord) -> bool {
        // The longest text differs from most others.
        let longest = cells.iter().enumerate().max_by_key(|(_, text)| text.len());
        longest.filter(|_| cells.len() > 1).is_some_and(|(column, text)| {
            let length = text.len() as u32;
            let of_column = self.cells.bounds.iter().skip(column).step_by(self.width);
            // Trimming makes a cell shorter, so that most are told apart by their bounds.
            let mut long = of_column.enumerate().filter(|(_, (start, end))| end - start >= length);
            long.any(|(row, _)| {
                cells.iter().enumerate().all(|(column, text)| self.content(row, column) == text)
            })
        })
    }

    /// The number in a cell; NaN for a blank cell if `blanks`. `None` for integers beyond 9e15,
    /// which `f64` may not represent exactly.
    fn number<T: Real>(&self, row: usize, column: usize, blanks: bool) -> Option<T> {
        const EXACT: f64 = 9e15;
        if self.markers.is_none() {
            let (start, end) = self.cells.bounds[row * self.width + column];
            let up_to_end = self.text.as_bytes().get(..end as usize)?;
            if let Some(number) = decimal(up_to_end, start as usize) {
                return of_float(number);
            }
        }
        let text = self.text(row, column);
        if blanks && text.is_empty() {
            return Some(T::nan());
        }
        let number: f64 = text.parse().ok()?;
        of_float(number).filter(|_| number.abs() < EXACT)
    }

    /// Appends the numbers of some columns, row-major.
    fn append<T: Real>(&self, columns: &[usize], blanks: bool, to: &mut Vec<T>) -> bool {
        to.reserve(self.rows() * columns.len());
        self.row_major(columns).all(|(row, column)| {
            self.number(row, column, blanks).map(|number| to.push(number)).is_some()
        })
    }

    /// Row and column of the cells of some columns, row-major.
    fn row_major<'c>(
        &self,
        columns: &'c [usize],
    ) -> impl Iterator<Item = (usize, usize)> + use<'c> {
        (0..self.rows()).flat_map(move |row| columns.iter().map(move |&column| (row, column)))
    }
}

impl Grid for CellGrid<'_> {
    fn rows(&self) -> usize {
        self.cells.bounds.len() / self.width
    }

    fn cell(&self, row: usize, column: usize) -> Option<Cell<'_>> {
        Some(Cell::of_text(self.text(row, column)))
    }

    fn numbers(&self, columns: &[usize], blanks: bool, to: &mut Values) -> bool {
        match to {
            Values::Numbers(to) => self.append(columns, blanks, to),
            Values::Doubles(to) => self.append(columns, blanks, to),
            _ => false,
        }
    }

    fn texts(&self, columns: &[usize], blanks: bool, to: &mut Vec<Arc<str>>) -> bool {
        let mut interned = Interned::default();
        to.reserve(self.rows() * columns.len());
        self.row_major(columns).all(|(row, column)| {
            let text = self.text(row, column);
            to.push(interned.text(text));
            blanks || !text.is_empty()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells, and the end of the last row.
    fn split(text: &str, width: usize, is_last: bool) -> Option<(Vec<&str>, usize)> {
        let (mut cells, special) = (Cells::default(), SpecialBytes::new(b',').unwrap());
        let consumed = cells.split(text.as_bytes(), width, special, is_last)?;
        let texts = cells.bounds.iter().map(|&(from, to)| &text[from as usize..to as usize]);
        Some((texts.collect(), consumed))
    }

    #[test]
    fn rows_end_with_any_line_end_and_blank_lines_are_none() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,1", "", "bcdefghijklmnopqrst,", ",3", "x,4"].join(end);
            let whole = vec!["a", "1", "bcdefghijklmnopqrst", "", "", "3", "x", "4"];
            assert_eq!(split(&text, 2, true), Some((whole.clone(), text.len())));
            let (first, consumed) = split(&text, 2, false).unwrap();
            assert_eq!(first, whole[..6]);
            assert_eq!(&text[consumed..].trim_start(), &"x,4");
        }
        assert_eq!(split("a\n\n\n", 1, true), Some((vec!["a"], 4)));
        assert_eq!(split("", 1, true), Some((vec![], 0)));
    }

    #[test]
    fn quoted_cells_may_hold_anything_but_quotes() {
        let text = "\"a,\nb\",1\n\"\",\"2\"\nc\"d,3\n";
        let found = vec!["a,\nb", "1", "", "2", "c\"d", "3"];
        assert_eq!(split(text, 2, true), Some((found, text.len())));
        // The quote may be closed behind the buffer, but not behind the file.
        let open = "a,1\n\"b";
        assert_eq!(split(open, 2, false), Some((vec!["a", "1"], 4)));
        assert_eq!(split(open, 2, true), None);
        assert_eq!(split("\"a\"", 1, false), Some((vec![], 0)));
        assert_eq!(split("\"a\"", 1, true), Some((vec!["a"], 3)));
        assert_eq!(split("\"a\"\"b\",1\n", 2, true), None, "a quote within");
        assert_eq!(split("\"a\" ,1\n", 2, true), None, "something behind");
    }

    #[test]
    fn ragged_rows_are_for_others_to_read() {
        assert_eq!(split("1,2\n1\n", 2, true), None);
        assert_eq!(split("1,2\n1,2,3\n", 2, true), None);
        assert_eq!(split("1,2\n1,2,", 2, true), None);
        assert_eq!(split("1,2\n1,2,3", 2, false), Some((vec!["1", "2"], 4)));
        assert!(SpecialBytes::new(b'"').is_none() && SpecialBytes::new(0xff).is_none());
    }

    #[test]
    fn whole_numbers_are_exact_or_for_others_to_read() {
        let numbers = |text: &str, mut to: Values| {
            let (mut cells, special) = (Cells::default(), SpecialBytes::new(b',').unwrap());
            cells.split(text.as_bytes(), 2, special, true).unwrap();
            CellGrid::new(text, &cells, 2, &Markers::default())
                .numbers(&[0, 1], true, &mut to)
                .then_some(to)
        };
        let (single, double) = (Values::Numbers(Vec::new()), Values::Doubles(Vec::new()));
        // `decimal` parses up to eight digits, the standard library more.
        for whole in ["16777217", "1700000060", "1.6777217e7"] {
            let text = format!("{whole},0.1\n");
            assert_eq!(numbers(&text, single.clone()), None, "{whole}");
            let known = Values::Doubles(vec![whole.parse().unwrap(), 0.1]);
            assert_eq!(numbers(&text, double.clone()), Some(known));
        }
        let both = "16777218,-16777216.5\n";
        let known = Values::Numbers(vec![16_777_218.0, -16_777_216.0]);
        assert_eq!(numbers(both, single), Some(known));
        let known = Values::Doubles(vec![16_777_218.0, -16_777_216.5]);
        assert_eq!(numbers(both, double.clone()), Some(known));
        assert_eq!(numbers("9007199254740993,1\n", double), None);
    }

    #[test]
    fn every_mark_is_found_wherever_it_stands() {
        let special = SpecialBytes::new(b';').unwrap();
        for length in 0..40 {
            for index in 0..length {
                for byte in *b";\n\r\"" {
                    let mut text = vec![byte ^ 0x80; length];
                    text[index] = byte;
                    text[length - 1] = byte;
                    let found: Vec<_> = special.positions(&text).collect();
                    let mut known = vec![index, length - 1];
                    known.dedup();
                    assert_eq!(found, known, "{byte} at {index} of {length}");
                }
            }
        }
    }
}
