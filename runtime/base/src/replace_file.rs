//! Files that are replaced as a whole.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Writes a temporary file beside the target, syncs it, and renames it to the target.
///
/// # Errors
/// The first one of the operating system; the target is then unchanged.
pub fn replace_file(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}{PARTIAL}", std::process::id()));
    let partial = path.with_file_name(name);
    let written = write(&partial)
        // The sync covers the file, even though another handle wrote to it.
        .and_then(|()| File::options().write(true).open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first error is more useful to the user than a second one.
        let _ = fs::remove_file(&partial);
        return written;
    }
    sync_folder(path)
}

/// The suffix of incomplete files.
pub const PARTIAL: &str = ".partial";

/// Makes the new name durable on systems where folders can be synced.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
