//! Damaged files, and readers simple enough to be right about them.
#![allow(dead_code)] // Each test target uses its share.

/// How many mutations of each file `cargo test` tries, and how many `just soak`.
pub const SHORT: usize = 500;
pub const LONG: usize = 10_000;

/// A small generator, the same on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// The bytes with something taken away, put in, doubled or changed.
    pub fn mutate(&mut self, whole: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        let mut bytes = whole.to_vec();
        for _ in 0..=self.below(3) {
            let place = self.below(bytes.len());
            let end = (place + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(place),
                1 => drop(bytes.drain(place..end)),
                2 => drop(
                    bytes.splice(place..place, pieces[self.below(pieces.len())].iter().copied()),
                ),
                3 if place < bytes.len() => bytes[place] ^= 1 << self.below(8),
                _ => {
                    let copy = bytes[place..end].to_vec();
                    drop(bytes.splice(place..place, copy));
                }
            }
        }
        bytes
    }
}

/// The rows of a file of separated values, by RFC 4180 and what everybody makes of the rest: a quote
/// within a cell that does not begin with one stands for itself, what follows a closing quote belongs
/// to the cell, all line ends end a row, blank lines are none. `None` where a quote is never closed.
pub fn separated(text: &str, between: char) -> Option<Vec<Vec<String>>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut at_start) = (false, true);
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => quoted = false,
            _ if quoted => cell.push(letter),
            '"' if at_start => (quoted, at_start) = (true, false),
            '\r' | '\n' => {
                if !at_start || !row.is_empty() {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                at_start = true;
            }
            _ if letter == between => {
                row.push(std::mem::take(&mut cell));
                at_start = true;
            }
            _ => {
                cell.push(letter);
                at_start = false;
            }
        }
    }
    if !at_start || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    (!quoted).then_some(rows)
}

/// The number that a cell is read as: whole ones are taken for whole ones.
pub fn number(cell: &str) -> f32 {
    match cell.trim().parse::<i128>() {
        Ok(whole) => whole as f32,
        Err(_) => cell.trim().parse::<f64>().expect("a number") as f32,
    }
}
