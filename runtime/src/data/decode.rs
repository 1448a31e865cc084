//! PNG and JPEG files as pixels.

use super::{picture::ImageError, Picture};

/// The picture in the bytes of a file, with so many channels.
#[cfg(feature = "images")]
pub(super) fn decode(bytes: &[u8], channels: usize) -> Result<Picture, ImageError> {
    decoded::decode(bytes, channels)
        .map_err(|found| ImageError { expected: "a PNG or JPEG file".to_owned(), found })
}

/// As above, where no decoder is there.
#[cfg(not(feature = "images"))]
pub(super) fn decode(_: &[u8], _: usize) -> Result<Picture, ImageError> {
    Err(ImageError {
        expected: "the feature `images` of `multi-input`, which decodes PNG and JPEG files"
            .to_owned(),
        found: "a file to decode".to_owned(),
    })
}

#[cfg(feature = "images")]
mod decoded {
    use std::io::Cursor;

    use png::{ColorType, Transformations};
    use zune_jpeg::{
        zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
        JpegDecoder,
    };

    use super::Picture;

    /// The largest picture that is decoded, in pixels, so that a small damaged file cannot ask for
    /// all memory.
    const MOST_PIXELS: usize = 1 << 28;

    /// Pixels as a file has them: interleaved, eight bits a value.
    struct Decoded {
        height: usize,
        width: usize,
        /// 1 is grey, 2 grey and opacity, 3 colours, 4 colours and opacity.
        channels: usize,
        values: Vec<u8>,
    }

    pub(super) fn decode(bytes: &[u8], channels: usize) -> Result<Picture, String> {
        let decoded = match bytes {
            [0x89, b'P', b'N', b'G', ..] => png(bytes)?,
            [0xff, 0xd8, ..] => jpeg(bytes)?,
            [] => return Err("an empty file".to_owned()),
            _ => return Err("something else".to_owned()),
        };
        let values = decoded.with_channels(channels)?;
        Picture::new(decoded.height, decoded.width, channels, values)
            .ok_or_else(|| "a picture without pixels".to_owned())
    }

    fn png(bytes: &[u8]) -> Result<Decoded, String> {
        let damaged = |error: png::DecodingError| format!("a damaged PNG file: {error}");
        let mut decoder = png::Decoder::new_with_limits(
            Cursor::new(bytes),
            png::Limits { bytes: 8 * MOST_PIXELS },
        );
        // Palettes become colours, fewer or more bits become eight.
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(damaged)?;
        let (width, height) = reader.info().size();
        check_size(width as usize, height as usize)?;
        let size = reader.output_buffer_size().ok_or("a PNG file too large to decode")?;
        let mut values = vec![0; size];
        let frame = reader.next_frame(&mut values).map_err(damaged)?;
        values.truncate(frame.buffer_size());
        let channels = match frame.color_type {
            ColorType::Grayscale => 1,
            ColorType::GrayscaleAlpha => 2,
            ColorType::Rgb => 3,
            ColorType::Rgba => 4,
            ColorType::Indexed => return Err("a PNG file of indices without a palette".to_owned()),
        };
        Ok(Decoded { height: frame.height as usize, width: frame.width as usize, channels, values })
    }

    fn jpeg(bytes: &[u8]) -> Result<Decoded, String> {
        let damaged = |error| format!("a damaged JPEG file: {error:?}");
        // In strict mode a file that is cut off is an error rather than half a picture.
        let options = DecoderOptions::default().set_strict_mode(true);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(damaged)?;
        let (width, height) = decoder.dimensions().ok_or("a JPEG file without a size")?;
        check_size(width, height)?;
        let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
        let (space, channels) = if grey { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
        decoder.set_options(options.jpeg_set_out_colorspace(space));
        let values = decoder.decode().map_err(damaged)?;
        Ok(Decoded { height, width, channels, values })
    }

    fn check_size(width: usize, height: usize) -> Result<(), String> {
        match width.checked_mul(height) {
            Some(pixels) if pixels <= MOST_PIXELS => Ok(()),
            _ => Err(format!("a picture of {width} x {height} pixels, which is too large")),
        }
    }

    impl Decoded {
        /// The values with as many channels as are asked for.
        fn with_channels(&self, wanted: usize) -> Result<Vec<u8>, String> {
            if self.channels == wanted {
                return Ok(self.values.clone());
            }
            let pixels = self.values.chunks_exact(self.channels);
            let opacity = |pixel: &[u8]| match self.channels {
                2 | 4 => pixel[self.channels - 1],
                _ => u8::MAX,
            };
            let grey = |pixel: &[u8]| match *pixel {
                [red, green, blue, ..] => luma(red, green, blue),
                _ => pixel[0],
            };
            let colours = |pixel: &[u8]| match *pixel {
                [red, green, blue, ..] => [red, green, blue],
                _ => [pixel[0]; 3],
            };
            Ok(match wanted {
                1 => pixels.map(grey).collect(),
                2 => pixels.flat_map(|pixel| [grey(pixel), opacity(pixel)]).collect(),
                3 => pixels.flat_map(colours).collect(),
                4 => pixels
                    .flat_map(|pixel| {
                        let [red, green, blue] = colours(pixel);
                        [red, green, blue, opacity(pixel)]
                    })
                    .collect(),
                _ => return Err(format!("1 to 4 channels, not {wanted}")),
            })
        }
    }

    /// The brightness of a colour, by ITU-R 601 in whole numbers, as Pillow computes it.
    fn luma(red: u8, green: u8, blue: u8) -> u8 {
        let [red, green, blue] = [red, green, blue].map(u32::from);
        ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16) as u8
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn png_of(colour: ColorType, depth: png::BitDepth, values: &[u8]) -> Vec<u8> {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
            encoder.set_color(colour);
            encoder.set_depth(depth);
            encoder.write_header().unwrap().write_image_data(values).unwrap();
            bytes
        }

        fn pixels(bytes: &[u8], channels: usize) -> Vec<u8> {
            decode(bytes, channels).unwrap().pixels().to_vec()
        }

        #[test]
        fn channels_become_those_that_are_asked_for() {
            let rgba = png_of(ColorType::Rgba, png::BitDepth::Eight, &[255, 0, 0, 9, 1, 2, 3, 255]);
            assert_eq!(pixels(&rgba, 4), [255, 0, 0, 9, 1, 2, 3, 255]);
            assert_eq!(pixels(&rgba, 3), [255, 0, 0, 1, 2, 3]);
            assert_eq!(pixels(&rgba, 2), [76, 9, 2, 255]);
            assert_eq!(pixels(&rgba, 1), [76, 2]);
            let grey = png_of(ColorType::Grayscale, png::BitDepth::Sixteen, &[7, 200, 255, 0]);
            assert_eq!(pixels(&grey, 3), [7, 7, 7, 255, 255, 255]);
            assert_eq!(decode(&grey, 5).unwrap_err(), "1 to 4 channels, not 5");
        }

        #[test]
        fn what_is_damaged_or_something_else_is_refused() {
            let whole = png_of(ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
            for end in 0..whole.len() - 16 {
                assert!(decode(&whole[..end], 3).is_err(), "cut off at {end}");
            }
            for place in 0..whole.len() {
                let mut changed = whole.clone();
                changed[place] ^= 0x55;
                // It may still be a picture, but nothing panics.
                let _ = decode(&changed, 3);
            }
            assert_eq!(decode(b"GIF89a", 3).unwrap_err(), "something else");
            assert_eq!(decode(b"", 3).unwrap_err(), "an empty file");
            assert!(decode(&[0xff, 0xd8, 0xff], 3).unwrap_err().contains("damaged JPEG"));
        }
    }
}
