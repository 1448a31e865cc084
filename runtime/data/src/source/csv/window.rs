//! The part of a text that is being read.

use std::io::{self, Read, Seek, SeekFrom};

/// Number of bytes that are read at once where bytes are asked for.
const AT_ONCE: usize = 1 << 16;

/// The bytes of a text from an offset on, which can be read again until they are released. A text
/// that is decompressed or decoded cannot be read from an arbitrary offset.
pub(super) struct Window {
    text: Box<dyn Read>,
    bytes: Vec<u8>,
    /// The offset in the text of the first byte.
    start: u64,
    /// The index in `bytes` of the next byte to read.
    next: usize,
    /// Whether the text ends with the last byte.
    ended: bool,
}

impl Window {
    pub(super) fn new(text: Box<dyn Read>) -> Window {
        Window { text, bytes: Vec::new(), start: 0, next: 0, ended: false }
    }

    /// Replaces the text by that from `start` on, which is an offset in the whole text.
    pub(super) fn continue_with(&mut self, text: Box<dyn Read>, start: u64) {
        *self = Window { start, ..Window::new(text) };
    }

    /// The bytes that have been read, from an offset on.
    pub(super) fn bytes_from(&self, offset: u64) -> &[u8] {
        self.bytes.get(self.index(offset)..).unwrap_or_default()
    }

    /// Reads on until there are `count` bytes after an offset. Returns whether the text ends with
    /// them or before.
    pub(super) fn fill(&mut self, offset: u64, count: usize) -> io::Result<bool> {
        let room = count.saturating_sub(self.bytes_from(offset).len());
        if room > 0 && !self.ended {
            self.bytes.reserve(room);
            let read = self.text.by_ref().take(room as u64).read_to_end(&mut self.bytes)?;
            self.ended = read < room;
        }
        Ok(self.ended)
    }

    /// The next bytes after an offset, at most `count`, and whether the text ends with them.
    pub(super) fn next_bytes(&self, offset: u64, count: usize) -> (&[u8], bool) {
        let bytes = self.bytes_from(offset);
        match bytes.get(..count) {
            Some(next) => (next, self.ended && next.len() == bytes.len()),
            None => (bytes, self.ended),
        }
    }

    /// Whether the text ends at an offset.
    pub(super) fn ends_at(&self, offset: u64) -> bool {
        self.ended && self.index(offset) >= self.bytes.len()
    }

    /// Forgets the bytes before an offset.
    pub(super) fn release(&mut self, offset: u64) {
        let count = self.index(offset).min(self.bytes.len());
        self.bytes.drain(..count);
        self.start += count as u64;
        self.next = self.next.saturating_sub(count);
    }

    /// Number of bytes before an offset that could be released.
    pub(super) fn releasable(&self, offset: u64) -> usize {
        self.index(offset)
    }

    fn index(&self, offset: u64) -> usize {
        offset.saturating_sub(self.start).try_into().unwrap_or(usize::MAX)
    }
}

impl Read for Window {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.next >= self.bytes.len() {
            let end = self.start + self.bytes.len() as u64;
            self.fill(end, AT_ONCE.min(to.len()))?;
        }
        let read = self.bytes.get(self.next..).unwrap_or_default().read(to)?;
        self.next += read;
        Ok(read)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(offset) if offset >= self.start => {
                self.next = self.index(offset).min(self.bytes.len());
                Ok(offset)
            }
            _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
        }
    }
}
