//! A file that grows line by line.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use multi_input_base::{Error, Result};

/// A log file, written without buffering line by line.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
}

impl LogFile {
    pub(super) fn at(path: impl AsRef<Path>) -> LogFile {
        LogFile { path: path.as_ref().to_owned(), file: None }
    }

    /// Truncates the file or, for a resumed run, keeps the lines of the earlier file for which
    /// `is_kept` is true: before it was interrupted, the run may have logged more than its
    /// checkpoint contains.
    pub(super) fn open(&mut self, is_kept: Option<&dyn Fn(&str) -> bool>) -> Result<()> {
        let earlier = match is_kept {
            Some(_) if self.path.exists() => fs::read_to_string(&self.path).map_err(|source| {
                Error::File { action: "read", path: self.path.clone(), source }
            })?,
            _ => String::new(),
        };
        // An interrupted line has no line break.
        let complete = earlier.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines: String =
            complete.filter(|line| is_kept.is_none_or(|is_kept| is_kept(line))).collect();
        self.try_io(|path| {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, lines)
        })?;
        self.file = Some(self.try_io(|path| OpenOptions::new().append(true).open(path))?);
        Ok(())
    }

    /// Whether the file is empty.
    pub(super) fn is_empty(&self) -> bool {
        fs::metadata(&self.path).map_or(true, |file| file.len() == 0)
    }

    /// Appends a line.
    pub(super) fn line(&mut self, line: &str) -> Result<()> {
        let path = self.path.clone();
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(format!("{line}\n").as_bytes()).map_err(|source| Error::File {
            action: "write",
            path,
            source,
        })
    }

    fn try_io<T>(&self, io: impl FnOnce(&Path) -> std::io::Result<T>) -> Result<T> {
        io(&self.path).map_err(|source| Error::File {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}
