//! The PNG and JPEG decoders, and the pixels of any decoder.

use std::io::Cursor;

use png::{ColorType, Transformations};
use zune_jpeg::{
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
    JpegDecoder,
};

use super::{
    channels::{convert, Value},
    format::Format,
    orientation::Orientation,
};
use crate::{ImageError, ImageLimits, Picture};

/// The pixels of a file, interleaved.
pub(super) struct Decoded {
    pub(super) height: usize,
    pub(super) width: usize,
    /// 1 is grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    pub(super) channels: usize,
    pub(super) values: Values,
    pub(super) orientation: Orientation,
}

/// Values by bit depth.
pub(super) enum Values {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

pub(super) fn decode(
    bytes: &[u8],
    channels: usize,
    limits: &ImageLimits,
) -> Result<Picture, ImageError> {
    let decoded = match Format::of(bytes)? {
        Format::Png => png(bytes, limits)?,
        Format::Jpeg => jpeg(bytes, limits)?,
        other => of_other_format(bytes, other, limits)?,
    };
    decoded.picture(channels)
}

#[cfg(feature = "image-formats")]
fn of_other_format(
    bytes: &[u8],
    format: Format,
    limits: &ImageLimits,
) -> Result<Decoded, ImageError> {
    super::other_formats::decode(bytes, format, limits)
}

#[cfg(not(feature = "image-formats"))]
fn of_other_format(_: &[u8], format: Format, _: &ImageLimits) -> Result<Decoded, ImageError> {
    Err(ImageError::not_an_image(format!(
        "a {} file, which the feature `image-formats` of `multi-input` decodes",
        format.name()
    )))
}

fn png(bytes: &[u8], limits: &ImageLimits) -> Result<Decoded, ImageError> {
    let damaged = |error| ImageError::not_an_image(format!("a damaged PNG file: {error}"));
    // The number of pixels is checked below. This limits the decoder's metadata, such as texts.
    const MAX_METADATA: usize = 64 << 20;
    let png_limits = png::Limits { bytes: MAX_METADATA };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png_limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Expands palettes to RGB, and fewer than 8 bits to 8.
    decoder.set_transformations(Transformations::EXPAND);
    let (width, height) = decoder.read_header_info().map_err(damaged)?.size();
    limits.check_size(height as usize, width as usize)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let too_large = || ImageError::not_an_image("a PNG file too large to decode");
    let size = reader.output_buffer_size().ok_or_else(too_large)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| too_large())?;
    bytes.resize(size, 0);
    let frame = reader.next_frame(&mut bytes).map_err(damaged)?;
    bytes.truncate(frame.buffer_size());
    // The EXIF chunk may follow the pixels. An error after the pixels is ignored, because they are
    // complete.
    let _ = reader.finish();
    let exif = reader.info().exif_metadata.as_deref().unwrap_or_default();
    let channels = match frame.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Indexed => {
            return Err(ImageError::not_an_image("a PNG file of indices without a palette"));
        }
    };
    let values = match frame.bit_depth {
        png::BitDepth::Sixteen => Values::Sixteen(of_big_endian(&bytes)),
        _ => Values::Eight(bytes),
    };
    let (height, width) = (frame.height as usize, frame.width as usize);
    Ok(Decoded { height, width, channels, values, orientation: Orientation::of_exif(exif) })
}

/// Big-endian 16-bit values.
fn of_big_endian(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

fn jpeg(bytes: &[u8], limits: &ImageLimits) -> Result<Decoded, ImageError> {
    let damaged = |error| ImageError::not_an_image(format!("a damaged JPEG file: {error:?}"));
    // In strict mode a truncated file is an error instead of half an image. The sides may be as
    // long as the format permits, because the limit applies to the area.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(u16::MAX.into())
        .set_max_height(u16::MAX.into());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let no_size = || ImageError::not_an_image("a JPEG file without a size");
    let (width, height) = decoder.dimensions().ok_or_else(no_size)?;
    limits.check_size(height, width)?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (space, channels) = if grey { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let values = Values::Eight(decoder.decode().map_err(damaged)?);
    let exif = decoder.exif().map(Vec::as_slice).unwrap_or_default();
    Ok(Decoded { height, width, channels, values, orientation: Orientation::of_exif(exif) })
}

impl Decoded {
    /// The upright image with `channels` channels.
    fn picture(self, channels: usize) -> Result<Picture, ImageError> {
        let Decoded { height, width, channels: own, values, orientation } = self;
        let size = [height, width, own];
        let picture = match values {
            Values::Eight(values) => {
                let (values, [height, width]) =
                    convert_and_rotate(values, size, channels, orientation)?;
                Picture::new(height, width, channels, values)
            }
            Values::Sixteen(values) => {
                let (values, [height, width]) =
                    convert_and_rotate(values, size, channels, orientation)?;
                Picture::new_u16(height, width, channels, values)
            }
        };
        picture.ok_or_else(|| ImageError::not_an_image("a picture without pixels"))
    }
}

/// The values of the upright image with `target` channels, and its height and width.
fn convert_and_rotate<T: Value>(
    values: Vec<T>,
    [height, width, own]: [usize; 3],
    target: usize,
    orientation: Orientation,
) -> Result<(Vec<T>, [usize; 2]), ImageError> {
    let values = convert(values, own, target).map_err(ImageError::not_an_image)?;
    Ok(orientation.upright(values, [height, width, target]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pixels;

    fn png_of(colour: ColorType, depth: png::BitDepth, values: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(values).unwrap();
        bytes
    }

    fn decode(bytes: &[u8], channels: usize) -> Result<Picture, String> {
        let decoded = super::decode(bytes, channels, &ImageLimits::default());
        decoded.map_err(|error| error.found)
    }

    fn pixels(bytes: &[u8], channels: usize) -> Vec<u8> {
        match decode(bytes, channels).unwrap().pixels() {
            Pixels::Eight(values) => values.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn channels_become_those_that_are_asked_for() {
        let rgba = png_of(ColorType::Rgba, png::BitDepth::Eight, &[255, 0, 0, 9, 1, 2, 3, 255]);
        assert_eq!(pixels(&rgba, 4), [255, 0, 0, 9, 1, 2, 3, 255]);
        assert_eq!(pixels(&rgba, 3), [255, 0, 0, 1, 2, 3]);
        assert_eq!(pixels(&rgba, 2), [76, 9, 2, 255]);
        assert_eq!(pixels(&rgba, 1), [76, 2]);
        let grey = png_of(ColorType::Grayscale, png::BitDepth::Four, &[0x1f]);
        assert_eq!(pixels(&grey, 3), [17, 17, 17, 255, 255, 255]);
        assert_eq!(decode(&grey, 5).unwrap_err(), "1 to 4 channels, not 5");
    }

    #[test]
    fn sixteen_bits_stay_sixteen() {
        let grey = png_of(ColorType::Grayscale, png::BitDepth::Sixteen, &[0x0f, 0xff, 255, 0]);
        let picture = decode(&grey, 3).unwrap();
        let expected = [4095, 4095, 4095, 65280, 65280, 65280];
        assert_eq!(picture.pixels(), Pixels::Sixteen(&expected));
    }

    #[test]
    fn what_is_damaged_or_something_else_is_refused() {
        let whole = png_of(ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
        for end in 0..whole.len() - 16 {
            assert!(decode(&whole[..end], 3).is_err(), "cut off at {end}");
        }
        for index in 0..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 0x55;
            // The result may be an image; the decoder must not panic.
            let _ = decode(&changed, 3);
        }
        assert_eq!(decode(b"GIF", 3).unwrap_err(), "something else");
        assert_eq!(decode(b"", 3).unwrap_err(), "an empty file");
        assert!(decode(&[0xff, 0xd8, 0xff], 3).unwrap_err().contains("damaged JPEG"));
    }

    /// Headers of large images without pixel data.
    #[test]
    fn a_picture_that_is_too_large_is_refused_by_its_header() {
        let header = |width: u32, height: u32| {
            let mut bytes = Vec::new();
            let mut info = png::Info::with_size(width, height);
            info.color_type = ColorType::Rgb;
            let encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
            drop(encoder.write_header());
            bytes
        };
        let message = |bytes: &[u8], limits: &ImageLimits| {
            super::decode(bytes, 3, limits).unwrap_err().to_string()
        };
        assert_eq!(
            message(&header(20_000, 5001), &ImageLimits::default()),
            "expected a picture of at most 100000000 pixels, as `ImageLimits::pixels` says, found \
             one of 5001 x 20000"
        );
        let more = ImageLimits::default().pixels(u64::MAX);
        assert!(message(&header(20, 50), &more).contains("a damaged PNG file"));
        let small = png_of(ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
        assert!(message(&small, &more.pixels(1)).ends_with("found one of 1 x 2"));
        assert!(super::decode(&small, 3, &more.pixels(2)).is_ok());
    }
}
