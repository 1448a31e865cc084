//! Finds where the rows of a CSV file begin, without reading their cells.

use std::io::{self, Read};

use super::{
    super::{file::BUFFER, pieces::PieceBuilder},
    split::SpecialBytes,
};

/// What the next bytes of a file belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A row, or the end of a line.
    Row,
    /// A quoted cell.
    Quotes,
    /// A comment, which begins at a byte of the file.
    Comment(u64),
}

/// A pass over the bytes of a table. Whether a line end is within quotes depends on all quotes before
/// it, so a row cannot be found from the middle of a file.
pub(super) struct RowScan {
    pub(super) delimiter: u8,
    pub(super) comment: Option<u8>,
    /// Whether the first row has the names of the columns.
    pub(super) has_names: bool,
    /// The byte of the file from which on it is read.
    pub(super) byte: u64,
    /// How many of the bytes before are not in the text.
    pub(super) removed: u64,
}

impl RowScan {
    /// Passes the rows of a table to `pieces`, with the number of bytes of the text before each. The
    /// rows are those that the `csv` crate finds in the text without comments.
    pub(super) fn run(mut self, mut table: impl Read, pieces: &mut PieceBuilder) -> io::Result<()> {
        let special = SpecialBytes::of_lines();
        let (mut state, mut last, mut is_line_start) = (State::Row, b'\n', true);
        // The byte behind a quoted cell: a quote there is a quote of the cell.
        let mut behind_quotes = None;
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = table.read(&mut buffer)?;
            let Some(chunk) = buffer.get(..length).filter(|chunk| !chunk.is_empty()) else {
                return Ok(());
            };
            if is_line_start {
                state = self.start_line(chunk[0], self.byte, pieces);
            }
            for index in special.positions(chunk) {
                let (byte, position) = (chunk[index], self.byte + index as u64);
                match (state, byte) {
                    (State::Quotes, b'"') => {
                        state = State::Row;
                        behind_quotes = Some(position + 1);
                    }
                    (State::Row, b'"') => {
                        let before = if index == 0 { last } else { chunk[index - 1] };
                        let starts_cell = [self.delimiter, b'\n', b'\r'].contains(&before);
                        if starts_cell || behind_quotes == Some(position) {
                            state = State::Quotes;
                        }
                    }
                    (State::Quotes, _) | (State::Comment(_), b'"') => {}
                    (State::Row | State::Comment(_), _) => {
                        if let State::Comment(start) = state {
                            self.removed += position - start;
                        }
                        state = match chunk.get(index + 1) {
                            Some(next) => self.start_line(*next, position + 1, pieces),
                            None => State::Row,
                        };
                    }
                }
            }
            last = chunk[length - 1];
            is_line_start = state == State::Row && (last == b'\n' || last == b'\r');
            self.byte += length as u64;
        }
    }

    /// A line that begins with `first` at `position`, outside of quotes. A blank line is no row.
    fn start_line(&mut self, first: u8, position: u64, pieces: &mut PieceBuilder) -> State {
        match first {
            _ if Some(first) == self.comment => return State::Comment(position),
            b'\n' | b'\r' => {}
            _ if self.has_names => self.has_names = false,
            _ => pieces.row(position, position - self.removed),
        }
        State::Row
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{file::TextFile, pieces::Piece},
        *,
    };

    /// Where rows begin, in the file and in the text, if `at_once` bytes are read at a time.
    fn rows(text: &[u8], at_once: usize) -> Vec<(u64, u64)> {
        struct Slow<'a>(&'a [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let length = to.len().min(self.1);
                self.0.read(&mut to[..length])
            }
        }
        let file = TextFile::read(text, "people.csv").unwrap();
        let mut pieces = PieceBuilder::new(text.len(), text.len() as u64);
        pieces.start(file, text.len() as u64);
        let scan =
            RowScan { delimiter: b',', comment: Some(b'#'), has_names: true, byte: 0, removed: 0 };
        scan.run(Slow(text, at_once), &mut pieces).unwrap();
        let pieces = pieces.finish().into_iter().flatten();
        pieces.map(|Piece { bytes, before, .. }| (bytes.start, before)).collect()
    }

    #[test]
    fn rows_begin_outside_of_quotes_and_comments() {
        let text = b"\n#\"\r\na,b\r\n\r\n1,\"x\n#y\"\"\n\"\n# c\n2,a\"\r\"\"3\"\n,d\"\ne";
        let starts = [&b"1,"[..], b"2,", b"\"\"3", b",d", b"e"].map(|start| {
            let byte = text.windows(start.len()).position(|bytes| bytes == start).unwrap() as u64;
            // The comments above have 2 and 3 bytes without their line ends.
            (byte, byte - if start == b"1," { 2 } else { 5 })
        });
        for at_once in 1..text.len() {
            assert_eq!(rows(text, at_once), starts, "{at_once}");
        }
    }
}
