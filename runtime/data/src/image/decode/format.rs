//! The formats of image files.

use crate::ImageError;

/// The format of an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    WebP,
    Gif,
    Bmp,
    Tiff,
}

impl Format {
    /// The format by the first bytes of a file.
    ///
    /// # Errors
    /// Where they belong to no known format.
    pub(super) fn of(bytes: &[u8]) -> Result<Format, ImageError> {
        Ok(match bytes {
            [0x89, b'P', b'N', b'G', ..] => Format::Png,
            [0xff, 0xd8, ..] => Format::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::WebP,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
            // A bitmap's header is that of its file, whose reserved bytes are 0.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Format::Bmp,
            // The last two are of BigTIFF.
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Format::Tiff,
            [] => return Err(ImageError::not_an_image("an empty file")),
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => {
                return Err(ImageError::not_an_image("an AVIF file"));
            }
            [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => {
                return Err(ImageError::not_an_image("a HEIF file"));
            }
            _ => return Err(ImageError::not_an_image("something else")),
        })
    }

    /// The name of the format, for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Png => "PNG",
            Format::Jpeg => "JPEG",
            Format::WebP => "WebP",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
            Format::Tiff => "TIFF",
        }
    }
}
