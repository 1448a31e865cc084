//! A file of lines, or its content in memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use multi_input_base::{Error, Result};

use super::other_formats::{recognised, TELLING};
use crate::image::files as image_files;

/// What some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much is read at a time.
pub(super) const BUFFER: usize = 1 << 16;

/// A file of lines.
#[derive(Clone, Debug)]
pub(super) struct TextFile {
    /// The path, or what stands in errors for it.
    path: PathBuf,
    /// Where paths in rows count from.
    folder: Option<Arc<Path>>,
    content: Option<Arc<[u8]>>,
}

/// What is read, from behind the byte order mark.
pub(super) type Reader = BufReader<Box<dyn SeekRead>>;

/// A reader that can go back.
pub(super) trait SeekRead: Read + Seek {}
impl<T: Read + Seek> SeekRead for T {}

impl TextFile {
    pub(super) fn new(path: &Path) -> TextFile {
        TextFile { path: path.into(), folder: path.parent().map(Arc::from), content: None }
    }

    /// Everything that `reader` gives, under the name `name`.
    pub(super) fn read(mut reader: impl Read, name: &str) -> Result<TextFile> {
        let mut file = TextFile::new(Path::new(name));
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|source| file.unreadable(source))?;
        (file.folder, file.content) = (None, Some(bytes.into()));
        Ok(file)
    }

    /// The beginning of the text, and how many bytes stand before it.
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

    /// Checks that the file is one of text; `expected` says which.
    pub(super) fn check(&self, expected: &str) -> Result<()> {
        let (reader, _) = self.open()?;
        let mut start = Vec::new();
        let read = reader.take(TELLING as u64).read_to_end(&mut start);
        read.map_err(|source| self.unreadable(source))?;
        match recognised(&start) {
            Some(found) => Err(self.refuse(1, format!("expected {expected}, {found}"))),
            None => Ok(()),
        }
    }

    /// How many bytes there are, with what stands before the text.
    pub(super) fn length(&self) -> Result<u64> {
        match &self.content {
            Some(content) => Ok(content.len() as u64),
            None => {
                let found =
                    std::fs::metadata(&self.path).map_err(|error| self.unreadable(error))?;
                Ok(found.len())
            }
        }
    }

    /// The text from a byte on.
    pub(super) fn from(&self, offset: u64) -> Result<Vec<u8>> {
        let (mut reader, mark) = self.open()?;
        let mut bytes = Vec::new();
        let read = reader
            .seek(SeekFrom::Start(mark + offset))
            .and_then(|_| reader.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| self.unreadable(error))
    }

    /// Runs `read` with paths in rows counting from the file's folder.
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

/// Finds the line that a byte lies on. It goes on from where it was asked before, so that asking for
/// every row of a file reads it once.
#[derive(Debug)]
pub(super) struct Lines {
    file: TextFile,
    /// So many bytes have been counted, up to this line.
    counted: u64,
    line: u64,
}

impl Lines {
    /// The line, from 1, of the first byte at or behind `offset` that is no line end. Lines end in
    /// any of the three ways. 0 where the file cannot be read any more.
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
        let mut place = self.counted;
        // A blank line before a row belongs to none.
        while let Some(byte) = bytes.next().transpose()? {
            let at_end = byte == b'\n' || byte == b'\r';
            if place >= offset && !at_end {
                break;
            }
            place += 1;
            let followed = matches!(bytes.peek(), Some(Ok(b'\n')));
            if byte == b'\n' || byte == b'\r' && !followed {
                self.line += 1;
            }
        }
        self.counted = place;
        Ok(self.line)
    }
}
