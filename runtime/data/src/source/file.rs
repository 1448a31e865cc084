//! A text file, or its content in memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use multi_input_base::{Error, Result};
use multi_input_cells::file::Unreadable;

use crate::image::files as image_files;

/// Buffer size in bytes.
pub(super) const BUFFER: usize = 1 << 16;

/// A text file.
#[derive(Clone, Debug)]
pub struct TextFile {
    /// The path, or the name in error messages.
    path: PathBuf,
    /// The folder that paths in rows are relative to.
    folder: Option<Arc<Path>>,
    content: Option<Arc<[u8]>>,
}

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

    /// Opens the text of the file by `open`; `expected` describes the file in the error message.
    pub(super) fn open<T>(
        &self,
        expected: &str,
        open: impl FnOnce(Bytes) -> std::result::Result<T, Unreadable>,
    ) -> Result<T> {
        self.inspect(expected, |file| open(file.bytes()?))
    }

    /// Inspects the file by `inspect`; `expected` describes the file in the error message.
    pub(super) fn inspect<T>(
        &self,
        expected: &str,
        inspect: impl FnOnce(&TextFile) -> std::result::Result<T, Unreadable>,
    ) -> Result<T> {
        inspect(self).map_err(|problem| match problem {
            Unreadable::Io(source) => self.unreadable(source),
            Unreadable::Refused(found) => self.refuse(1, format!("expected {expected}, {found}")),
        })
    }

    /// The size in bytes; `None` for what is no file, such as a pipe.
    pub(super) fn size(&self) -> io::Result<Option<u64>> {
        if let Some(content) = &self.content {
            return Ok(Some(content.len() as u64));
        }
        let metadata = self.path.metadata()?;
        Ok(metadata.is_file().then_some(metadata.len()))
    }

    /// Some of the bytes of the file.
    pub(super) fn bytes_within(&self, range: Range<u64>) -> io::Result<impl Read + use<>> {
        let mut bytes = self.bytes()?;
        match &mut bytes {
            Bytes::File(file) => file.seek(SeekFrom::Start(range.start))?,
            Bytes::Memory(content) => content.seek(SeekFrom::Start(range.start))?,
        };
        Ok(bytes.take(range.end.saturating_sub(range.start)))
    }

    /// The bytes of the file from its start.
    pub(super) fn bytes(&self) -> io::Result<Bytes> {
        Ok(match &self.content {
            Some(content) => Bytes::Memory(Cursor::new(content.clone())),
            None => {
                let file = File::open(&self.path)?;
                if file.metadata()?.is_dir() {
                    let advice = format!(
                        "it is a folder; `pattern(\"{}/*\")` reads the files in it",
                        self.path.display()
                    );
                    return Err(io::Error::new(io::ErrorKind::IsADirectory, advice));
                }
                Bytes::File(file)
            }
        })
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
}

/// The bytes of a file as they are stored.
pub(super) enum Bytes {
    File(File),
    Memory(Cursor<Arc<[u8]>>),
}

impl Read for Bytes {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::File(file) => file.read(to),
            Bytes::Memory(bytes) => bytes.read(to),
        }
    }
}

/// Opens a text from its start.
type Reopen = Box<dyn Fn() -> Option<Box<dyn Read>>>;

/// Finds the line number of a byte offset in a text. The search continues from the previous offset,
/// so that increasing offsets read the text once.
pub(super) struct Lines {
    reopen: Reopen,
    /// The text from `counted` on.
    text: Option<BufReader<Box<dyn Read>>>,
    /// Number of bytes before `line` that have been scanned.
    counted: u64,
    line: u64,
}

impl Lines {
    pub(super) fn new(reopen: Reopen) -> Lines {
        Lines { reopen, text: None, counted: 0, line: 1 }
    }

    /// The line number, from 1, of the first byte at or after `offset` that is not a line end.
    /// Lines end with LF, CRLF or CR. Returns 0 where the text cannot be read.
    pub(super) fn of(&mut self, offset: u64) -> u64 {
        if offset < self.counted || self.text.is_none() {
            (self.counted, self.line) = (0, 1);
            self.text = (self.reopen)().map(|text| BufReader::with_capacity(BUFFER, text));
        }
        self.count(offset).ok().flatten().unwrap_or(0)
    }

    fn count(&mut self, offset: u64) -> io::Result<Option<u64>> {
        let Some(text) = &mut self.text else { return Ok(None) };
        // Blank lines before a row are skipped.
        while let Some(byte) = next_byte(text)? {
            let is_line_end = byte == b'\n' || byte == b'\r';
            if self.counted >= offset && !is_line_end {
                break;
            }
            text.consume(1);
            self.counted += 1;
            let followed_by_newline = byte == b'\r' && next_byte(text)? == Some(b'\n');
            if is_line_end && !followed_by_newline {
                self.line += 1;
            }
        }
        Ok(Some(self.line))
    }
}

fn next_byte(text: &mut impl BufRead) -> io::Result<Option<u8>> {
    Ok(text.fill_buf()?.first().copied())
}
