//! Decoding of image files.

#[cfg(feature = "images")]
mod channels;
#[cfg(feature = "images")]
mod files;
#[cfg(feature = "images")]
mod format;
#[cfg(feature = "images")]
mod orientation;
#[cfg(feature = "image-formats")]
mod other_formats;

use super::{ImageError, ImageLimits};
use crate::Picture;

/// Decodes the bytes of a file into an upright image with `channels` channels.
#[cfg(feature = "images")]
pub(super) fn decode(
    bytes: &[u8],
    channels: usize,
    limits: &ImageLimits,
) -> Result<Picture, ImageError> {
    files::decode(bytes, channels, limits)
}

/// Without the feature `images` every file is an error.
#[cfg(not(feature = "images"))]
pub(super) fn decode(_: &[u8], _: usize, _: &ImageLimits) -> Result<Picture, ImageError> {
    Err(ImageError {
        expected: "the feature `images` of `multi-input`, which decodes PNG and JPEG files"
            .to_owned(),
        found: "a file to decode".to_owned(),
    })
}
