//! Decompression of gzip and Zstandard, detected by the first bytes of a file.

use std::io::Read;

use super::Unreadable;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTANDARD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Whether a file that begins with `start` is compressed.
pub(super) fn is_compressed(start: &[u8]) -> bool {
    [GZIP, ZSTANDARD].iter().any(|magic| start.starts_with(magic))
}

/// The decompressed bytes of a file that begins with `start`, or the file itself where it is not
/// compressed. All members of a gzip file and all frames of a Zstandard file are read. A file that
/// is damaged or cut off is an error of the reader.
#[cfg(feature = "compression")]
pub(super) fn decompressed(
    start: &[u8],
    file: Box<dyn Read>,
) -> Result<Result<Box<dyn Read>, Box<dyn Read>>, Unreadable> {
    Ok(if start.starts_with(GZIP) {
        Ok(Box::new(Named("gzip", flate2::read::MultiGzDecoder::new(file))))
    } else if start.starts_with(ZSTANDARD) {
        Ok(Box::new(Named("Zstandard", zstd::stream::read::Decoder::new(file)?)))
    } else {
        Err(file)
    })
}

#[cfg(not(feature = "compression"))]
pub(super) fn decompressed(
    start: &[u8],
    file: Box<dyn Read>,
) -> Result<Result<Box<dyn Read>, Box<dyn Read>>, Unreadable> {
    let found = [(GZIP, "gzip"), (ZSTANDARD, "Zstandard")];
    match found.iter().find(|(magic, _)| start.starts_with(magic)) {
        None => Ok(Err(file)),
        Some((_, name)) => Err(Unreadable::Refused(format!(
            "found a file compressed by {name}; the feature `compression` of `multi-input` reads it"
        ))),
    }
}

/// A decompressor whose errors name the format.
#[cfg(feature = "compression")]
struct Named<R>(&'static str, R);

#[cfg(feature = "compression")]
impl<R: Read> Read for Named<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.1.read(to).map_err(|error| {
            let message = format!("its {} compression is damaged or cut off: {error}", self.0);
            std::io::Error::new(error.kind(), message)
        })
    }
}
