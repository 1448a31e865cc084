//! A text file, or its content in memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use multi_input_base::{Error, Result};

use super::other_formats::{describe_format, HEADER_LENGTH};
use crate::image::files as image_files;

/// The UTF-8 byte order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Buffer size in bytes.
pub(super) const BUFFER: usize = 1 << 16;

/// A text file.
#[derive(Clone, Debug)]
pub(super) struct TextFile {
    /// The path, or the name in error messages.
    path: PathBuf,
    /// The folder that paths in rows are relative to.
    folder: Option<Arc<Path>>,
    content: Option<Arc<[u8]>>,
}

/// A reader positioned after the byte order mark.
pub(super) type Reader = BufReader<Box<dyn SeekRead>>;

/// A seekable reader.
pub(super) trait SeekRead: Read + Seek {}
impl<T: Read + Seek> SeekRead for T {}

impl TextFile {
    pub(super) fn new(path: &Path) -> TextFile {
        TextFile { path: path.into(), folder: path.parent().map(Arc::from), content: None }
    }

    /// Reads all of `reader` into memory; `name` is the name in error messages.
    pub(super) fn read(mut reader: impl Read, name: &str) -> Result<TextFile> {
        let mut file = TextFile::new(Path::new(name));
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|source| file.unreadable(source))?;
        (file.folder, file.content) = (None, Some(bytes.into()));
        Ok(file)
    }

    /// Opens the file; returns a reader at the start of the text, and the length of the byte order
    /// mark.
    pub(super) fn open(&self) -> Result<(Reader, u64)> {
        let open = || -> io::Result<(Reader, u64)> {
            let inner: Box<dyn SeekRead> = match &self.content {
                Some(content) => Box::new(Cursor::new(content.clone())),
                None => Box::new(File::open(&self.path)?),
            };
            let mut reader = BufReader::with_capacity(BUFFER, inner);
            let marked = reader.fill_buf()?.starts_with(BYTE_ORDER_MARK);
            let mark = if marked { BYTE_ORDER_MARK.len() } else { 0 };
            reader.consume(mark);
            Ok((reader, mark as u64))
        };
        open().map_err(|source| self.unreadable(source))
    }

    /// Checks that the file is a text file; `expected` describes it in the error message.
    pub(super) fn check(&self, expected: &str) -> Result<()> {
        let (reader, _) = self.open()?;
        let mut start = Vec::new();
        let read = reader.take(HEADER_LENGTH as u64).read_to_end(&mut start);
        read.map_err(|source| self.unreadable(source))?;
        match describe_format(&start) {
            Some(found) => Err(self.refuse(1, format!("expected {expected}, {found}"))),
            None => Ok(()),
        }
    }

    /// Size of the file in bytes, including the byte order mark.
    pub(super) fn length(&self) -> Result<u64> {
        match &self.content {
            Some(content) => Ok(content.len() as u64),
            None => {
                let metadata =
                    std::fs::metadata(&self.path).map_err(|error| self.unreadable(error))?;
                Ok(metadata.len())
            }
        }
    }

    /// Reads the text from a byte offset to the end.
    pub(super) fn from(&self, offset: u64) -> Result<Vec<u8>> {
        let (mut reader, mark) = self.open()?;
        let mut bytes = Vec::new();
        let read = reader
            .seek(SeekFrom::Start(mark + offset))
            .and_then(|_| reader.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| self.unreadable(error))
    }

    /// Runs `read` with image paths relative to the file's folder.
    pub(super) fn within_folder<T>(&self, read: impl FnOnce() -> T) -> T {
        match &self.folder {
            Some(folder) => image_files::from_folder(folder, read),
            None => read(),
        }
    }

    pub(super) fn unreadable(&self, source: io::Error) -> Error {
        Error::File { action: "read", path: self.path.clone(), source }
    }

    pub(super) fn refuse(&self, line: u64, message: impl Into<String>) -> Error {
        Error::Line { path: self.path.clone(), line, message: message.into() }
    }

    pub(super) fn lines(&self) -> Lines {
        Lines { file: self.clone(), counted: 0, line: 1 }
    }
}

/// Finds the line number of a byte offset. The search continues from the previous offset, so that
/// increasing offsets read the file once.
#[derive(Debug)]
pub(super) struct Lines {
    file: TextFile,
    /// Number of bytes before `line` that have been scanned.
    counted: u64,
    line: u64,
}

impl Lines {
    /// The line number, from 1, of the first byte at or after `offset` that is not a line end.
    /// Lines end with LF, CRLF or CR. Returns 0 where the file cannot be read.
    pub(super) fn of(&mut self, offset: u64) -> u64 {
        if offset < self.counted {
            (self.counted, self.line) = (0, 1);
        }
        self.count(offset).unwrap_or(0)
    }

    fn count(&mut self, offset: u64) -> io::Result<u64> {
        let (mut reader, mark) = self.file.open().map_err(io::Error::other)?;
        reader.seek(SeekFrom::Start(mark + self.counted))?;
        let mut bytes = reader.bytes().peekable();
        let mut position = self.counted;
        // Blank lines before a row are skipped.
        while let Some(byte) = bytes.next().transpose()? {
            let is_line_end = byte == b'\n' || byte == b'\r';
            if position >= offset && !is_line_end {
                break;
            }
            position += 1;
            let followed_by_newline = matches!(bytes.peek(), Some(Ok(b'\n')));
            if byte == b'\n' || byte == b'\r' && !followed_by_newline {
                self.line += 1;
            }
        }
        self.counted = position;
        Ok(self.line)
    }
}
