//! Numbers as bytes of messages.

use multi_input_base::{Error, Result};

/// Appends numbers and lists to a message.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    pub(crate) fn double(&mut self, number: f64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn doubles(&mut self, numbers: &[f64]) {
        self.number(numbers.len());
        numbers.iter().for_each(|number| self.double(*number));
    }

    pub(crate) fn numbers(&mut self, numbers: &[usize]) {
        self.number(numbers.len());
        numbers.iter().for_each(|number| self.number(*number));
    }

    /// Numbers of rows of a table, which has fewer than 2^32.
    pub(crate) fn rows(&mut self, rows: impl ExactSizeIterator<Item = usize>) {
        self.number(rows.len());
        rows.for_each(|row| self.0.extend_from_slice(&(row as u32).to_le_bytes()));
    }

    pub(crate) fn list(&mut self, all: &[impl AsRef<[u8]>]) {
        self.number(all.len());
        all.iter().for_each(|bytes| self.bytes(bytes.as_ref()));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

/// Reads a message from its start.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn number(&mut self) -> Result<usize> {
        let bytes = self.take(8)?.try_into().map_err(|_| damaged())?;
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| damaged())
    }

    pub(crate) fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.take(8)?.try_into().map_err(|_| damaged())?))
    }

    pub(crate) fn doubles(&mut self) -> Result<Vec<f64>> {
        let count = self.number()?;
        (0..count).map(|_| self.double()).collect()
    }

    pub(crate) fn numbers(&mut self) -> Result<Vec<usize>> {
        let count = self.number()?;
        (0..count).map(|_| self.number()).collect()
    }

    pub(crate) fn rows(&mut self) -> Result<impl ExactSizeIterator<Item = usize> + 'a> {
        let bytes = self.number()?.checked_mul(4).ok_or_else(damaged)?;
        let rows = self.take(bytes)?.as_chunks().0.iter();
        Ok(rows.map(|row| u32::from_le_bytes(*row) as usize))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let count = self.number()?;
        self.take(count)
    }

    pub(crate) fn list(&mut self) -> Result<Vec<&'a [u8]>> {
        let count = self.number()?;
        (0..count).map(|_| self.bytes()).collect()
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }
}

/// The error of a message that another version of the program must have sent.
pub(crate) fn damaged() -> Error {
    Error::Cluster("a message that is none of this program: do all ranks run the same one?".into())
}
