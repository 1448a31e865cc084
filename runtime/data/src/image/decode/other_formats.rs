//! WebP, GIF, BMP and TIFF, by the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use super::{
    files::{Decoded, Values},
    format::Format,
    orientation::Orientation,
};
use crate::{ImageError, ImageLimits};

/// Decodes a file of one of these formats: of an animation the first frame, of a TIFF file the
/// first picture.
pub(super) fn decode(
    bytes: &[u8],
    format: Format,
    limits: &ImageLimits,
) -> Result<Decoded, ImageError> {
    let damaged = |error| {
        let name = format.name();
        ImageError::not_an_image(match error {
            image::ImageError::Unsupported(error) => {
                format!("a {name} file that cannot be decoded: {error}")
            }
            error => format!("a damaged {name} file: {error}"),
        })
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(memory_limits(limits));
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    limits.check_size(height, width)?;
    let orientation = decoder.orientation().map_or(1, |orientation| orientation.to_exif());
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let (channels, values) = values(picture, format)?;
    let orientation = Orientation::of_number(orientation.into());
    Ok(Decoded { height, width, channels, values, orientation })
}

fn image_format(format: Format) -> image::ImageFormat {
    match format {
        Format::WebP => image::ImageFormat::WebP,
        Format::Gif => image::ImageFormat::Gif,
        Format::Bmp => image::ImageFormat::Bmp,
        Format::Tiff => image::ImageFormat::Tiff,
        Format::Png => image::ImageFormat::Png,
        Format::Jpeg => image::ImageFormat::Jpeg,
    }
}

/// The memory of the decoder: that of the largest permitted picture, with its intermediate values.
fn memory_limits(limits: &ImageLimits) -> Limits {
    /// Four channels of 16 bits, twice.
    const BYTES_PER_PIXEL: u64 = 16;
    const METADATA: u64 = 64 << 20;
    let pixels = limits.max_pixels().saturating_mul(BYTES_PER_PIXEL);
    let mut memory = Limits::no_limits();
    memory.max_alloc = Some(pixels.saturating_add(METADATA));
    memory
}

/// The values of a picture, and the number of its channels.
fn values(picture: DynamicImage, format: Format) -> Result<(usize, Values), ImageError> {
    Ok(match picture {
        DynamicImage::ImageLuma8(values) => (1, Values::Eight(values.into_raw())),
        DynamicImage::ImageLumaA8(values) => (2, Values::Eight(values.into_raw())),
        DynamicImage::ImageRgb8(values) => (3, Values::Eight(values.into_raw())),
        DynamicImage::ImageRgba8(values) => (4, Values::Eight(values.into_raw())),
        DynamicImage::ImageLuma16(values) => (1, Values::Sixteen(values.into_raw())),
        DynamicImage::ImageLumaA16(values) => (2, Values::Sixteen(values.into_raw())),
        DynamicImage::ImageRgb16(values) => (3, Values::Sixteen(values.into_raw())),
        DynamicImage::ImageRgba16(values) => (4, Values::Sixteen(values.into_raw())),
        other => {
            let found = format!("a {} file of {:?} values", format.name(), other.color());
            return Err(ImageError::not_an_image(found));
        }
    })
}
