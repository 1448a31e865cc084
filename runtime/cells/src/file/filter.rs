//! Text that is changed while it is read.

use std::io::{self, Read};

/// Changes a text piece by piece.
pub(super) trait Filter {
    /// Appends what becomes of the next bytes.
    fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>);

    /// Appends what is left at the end of the text.
    fn end(&mut self, _to: &mut Vec<u8>) {}
}

/// Number of bytes that are read at once.
const AT_ONCE: usize = 1 << 16;

/// The text of a reader behind a filter.
pub(super) struct Filtered<F> {
    inner: Box<dyn Read>,
    filter: F,
    input: Vec<u8>,
    /// Filtered text, of which the first `given` bytes have been read.
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<F: Filter> Filtered<F> {
    pub(super) fn new(inner: Box<dyn Read>, filter: F) -> Filtered<F> {
        let (input, output) = (vec![0; AT_ONCE], Vec::new());
        Filtered { inner, filter, input, output, given: 0, ended: false }
    }
}

impl<F: Filter> Read for Filtered<F> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && !self.ended {
            (self.given, _) = (0, self.output.clear());
            match self.inner.read(&mut self.input)? {
                0 => {
                    self.ended = true;
                    self.filter.end(&mut self.output);
                }
                read => self.filter.push(&self.input[..read], &mut self.output),
            }
        }
        let read = (&self.output[self.given..]).read(to)?;
        self.given += read;
        Ok(read)
    }
}
