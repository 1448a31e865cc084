//! The image type of rows.

mod base64;
mod decode;
pub(crate) mod files;

use std::{borrow::Cow, fmt, path::Path};

use multi_input_base::quote::{Escaped, Quoted};
use serde::{
    de::{Error as _, Visitor},
    Deserialize, Deserializer, Serialize, Serializer,
};

pub use self::files::ImageLimits;
use crate::{Picture, Pixels};

/// An image of any size with `C` channels: 1 is grey, 3 is RGB.
///
/// The preprocessing step [`resize`](crate::preprocess::Resize) gives all images one size. In a
/// file of rows an image is
///
/// - a path, relative to the folder of the file;
///   [`images_within`](super::Source::images_within) confines paths to a folder;
/// - or the bytes of an image file: a `BLOB` of SQLite, a `bytea` of PostgreSQL, binary in Parquet
///   and Arrow files, also in a struct of `bytes` and `path`, as Hugging Face's data sets have it;
/// - or a text that holds the bytes in base64: a `data:` URL (`data:image/png;base64,...`), and with
///   the option `base64` of the field, `#[input(base64, resize(64, 64))]`, base64 alone.
///
/// [`image_limits`](super::Source::image_limits) limits the sizes of files and images in each case.
///
/// A row in memory holds all pixels of its image. Training, evaluation and prediction from a source
/// keep the output of the first step, or the image if that is smaller.
///
/// ```
/// use multi_input::Image;
///
/// let image = Image::<3>::new(1, 2, vec![255, 0, 0, 0, 0, 255])?;
/// assert_eq!((image.height(), image.width()), (1, 2));
/// # Ok::<(), multi_input::data::ImageError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image<const C: usize>(Picture);

/// The reason why an image is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {}", Escaped(found))]
pub struct ImageError {
    /// The expected value.
    pub expected: String,
    /// The found value.
    pub found: String,
}

/// The files that can be decoded.
#[cfg(not(feature = "image-formats"))]
const FILE: &str = "a PNG or JPEG file";
#[cfg(feature = "image-formats")]
const FILE: &str = "a PNG, JPEG, WebP, GIF, BMP or TIFF file";

impl ImageError {
    /// The error for a file that is not an image.
    pub(super) fn not_an_image(found: impl Into<String>) -> ImageError {
        ImageError { expected: FILE.to_owned(), found: found.into() }
    }
}

impl<const C: usize> Image<C> {
    /// Creates an image from pixels of shape `[height, width, C]`, row-major, with values from 0 to
    /// 255.
    ///
    /// # Errors
    /// Where there are not height * width * `C` values, or none.
    pub fn new(height: usize, width: usize, pixels: Vec<u8>) -> Result<Image<C>, ImageError> {
        let found = pixels.len();
        Image::of(Picture::new(height, width, C, pixels), [height, width], found)
    }

    /// As [`new`](Image::new) with 16-bit values, from 0 to 65,535. Preprocessing steps see them
    /// scaled to 0 to 255.
    ///
    /// # Errors
    /// As [`new`](Image::new).
    pub fn new_u16(height: usize, width: usize, pixels: Vec<u16>) -> Result<Image<C>, ImageError> {
        let found = pixels.len();
        Image::of(Picture::new_u16(height, width, C, pixels), [height, width], found)
    }

    fn of(
        picture: Option<Picture>,
        [height, width]: [usize; 2],
        found: usize,
    ) -> Result<Image<C>, ImageError> {
        picture.map(Image).ok_or_else(|| ImageError {
            expected: format!(
                "at least one pixel, and height * width * channels = {height} * {width} * {C} values"
            ),
            found: format!("{found} values"),
        })
    }

    /// Decodes the bytes of a PNG or JPEG file. Requires the feature `images`. With the feature
    /// `image-formats` also of a WebP, GIF, BMP or TIFF file, by the `image` crate: of an animation
    /// the first frame, of several pictures the first.
    ///
    /// Channels are converted as by Pillow's `convert`: grey is repeated for RGB, RGB is weighted
    /// (0.299, 0.587, 0.114) for grey, and alpha is dropped unless `C` is 2 or 4. 16-bit values
    /// stay 16-bit. The image is rotated by its EXIF orientation, as by Pillow's
    /// `ImageOps.exif_transpose`.
    ///
    /// # Errors
    /// Where the bytes are no such file, are damaged, or exceed [`ImageLimits::default`].
    pub fn decode(bytes: &[u8]) -> Result<Image<C>, ImageError> {
        Image::decode_with(bytes, &ImageLimits::default())
    }

    /// [`decode`](Image::decode) with other limits.
    ///
    /// # Errors
    /// As [`decode`](Image::decode).
    pub fn decode_with(bytes: &[u8], limits: &ImageLimits) -> Result<Image<C>, ImageError> {
        limits.check_bytes(bytes.len() as u64)?;
        decode::decode(bytes, C, limits).map(Image)
    }

    /// Reads and decodes an image file. See [`decode`](Image::decode).
    ///
    /// # Errors
    /// Where the file cannot be read, is no such file, is damaged, or exceeds
    /// [`ImageLimits::default`].
    pub fn open(path: impl AsRef<Path>) -> Result<Image<C>, ImageError> {
        Image::open_with(path, &ImageLimits::default())
    }

    /// [`open`](Image::open) with other limits.
    ///
    /// # Errors
    /// As [`open`](Image::open).
    pub fn open_with(path: impl AsRef<Path>, limits: &ImageLimits) -> Result<Image<C>, ImageError> {
        let path = path.as_ref();
        let bytes = files::read(path, limits)?;
        Image::decode_with(&bytes, limits).map_err(|ImageError { expected, found }| ImageError {
            expected,
            found: format!("{}, which holds {found}", Quoted(path.to_string_lossy())),
        })
    }

    /// The height in pixels.
    pub fn height(&self) -> usize {
        self.0.height()
    }

    /// The width in pixels.
    pub fn width(&self) -> usize {
        self.0.width()
    }

    /// The pixels, as for [`new`](Image::new). 16-bit values are rounded to 8 bits.
    pub fn pixels(&self) -> Cow<'_, [u8]> {
        match self.0.pixels() {
            Pixels::Eight(values) => Cow::Borrowed(values),
            Pixels::Sixteen(values) => values.iter().map(|value| rounded(*value)).collect(),
            Pixels::Resized(_) => Cow::Borrowed(&[]),
        }
    }

    /// The pixels of a 16-bit image, as for [`new_u16`](Image::new_u16); `None` for an 8-bit image.
    pub fn pixels_u16(&self) -> Option<&[u16]> {
        match self.0.pixels() {
            Pixels::Sixteen(values) => Some(values),
            _ => None,
        }
    }

    pub(crate) fn picture(&self) -> &Picture {
        &self.0
    }
}

/// Rounds a 16-bit value to 8 bits.
fn rounded(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

impl<const C: usize> fmt::Debug for Image<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image<{C}>({} x {})", self.height(), self.width())
    }
}

impl<const C: usize> Serialize for Image<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (height, width) = (self.height(), self.width());
        let (bits, pixels) = match self.pixels_u16() {
            Some(values) => (Some(16), values.to_vec()),
            None => (None, self.pixels().iter().map(|value| u16::from(*value)).collect()),
        };
        SavedImage { height, width, bits, pixels }.serialize(serializer)
    }
}

impl<'de, const C: usize> Deserialize<'de> for Image<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Image<C>, D::Error> {
        let image = match FileOrPixels::deserialize(deserializer)? {
            FileOrPixels::Text(text) => files::of_text(&text),
            FileOrPixels::Bytes(FileBytes(bytes)) => files::of_bytes(&bytes),
            FileOrPixels::Pixels(saved) => saved.image(),
        };
        image.map_err(D::Error::custom)
    }
}

/// The serialized form of an image.
#[derive(Serialize, Deserialize)]
struct SavedImage {
    height: usize,
    width: usize,
    /// 16, or `None` for 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bits: Option<u8>,
    pixels: Vec<u16>,
}

impl SavedImage {
    fn image<const C: usize>(self) -> Result<Image<C>, ImageError> {
        let SavedImage { height, width, bits, pixels } = self;
        match bits {
            Some(16) => Image::new_u16(height, width, pixels),
            None | Some(8) => {
                let too_large = |value: &&u16| **value > u16::from(u8::MAX);
                match pixels.iter().find(too_large) {
                    None => {
                        let pixels = pixels.into_iter().map(|value| value as u8).collect();
                        Image::new(height, width, pixels)
                    }
                    Some(value) => Err(ImageError {
                        expected: "values from 0 to 255, or `\"bits\": 16`".to_owned(),
                        found: value.to_string(),
                    }),
                }
            }
            Some(bits) => {
                Err(ImageError { expected: "8 or 16 `bits`".to_owned(), found: bits.to_string() })
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FileOrPixels {
    /// The path of a file, or a `data:` URL.
    Text(String),
    Bytes(FileBytes),
    Pixels(SavedImage),
}

/// The bytes of a file.
struct FileBytes(Vec<u8>);

impl<'de> Deserialize<'de> for FileBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FileBytes, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = FileBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of a file")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<FileBytes, E> {
                Ok(FileBytes(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<FileBytes, E> {
                Ok(FileBytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixels_must_be_as_many_as_the_sizes_say() {
        assert!(Image::<3>::new(2, 1, vec![0; 6]).is_ok());
        assert_eq!(
            Image::<3>::new(2, 2, vec![0; 6]).unwrap_err().to_string(),
            "expected at least one pixel, and height * width * channels = 2 * 2 * 3 values, found \
             6 values"
        );
        assert!(Image::<3>::new(0, 2, Vec::new()).is_err());
        assert!(Image::<3>::new(usize::MAX, 2, Vec::new()).is_err());
        assert!(Image::<1>::new_u16(1, 2, vec![0; 3]).is_err());
    }

    #[test]
    fn a_picture_comes_back_from_json() {
        let image = Image::<1>::new(1, 3, vec![1, 2, 255]).unwrap();
        let text = serde_json::to_string(&image).unwrap();
        assert_eq!(text, r#"{"height":1,"width":3,"pixels":[1,2,255]}"#);
        assert_eq!(serde_json::from_str::<Image<1>>(&text).unwrap(), image);
        assert!(serde_json::from_str::<Image<3>>(&text).is_err());
        let error = serde_json::from_str::<Image<3>>("\"/nowhere/a.png\"").unwrap_err().to_string();
        assert!(error.contains("`/nowhere/a.png`, which cannot be read"), "{error}");
    }

    #[test]
    fn sixteen_bits_come_back_from_json_and_are_rounded_to_eight() {
        let image = Image::<1>::new_u16(1, 3, vec![4095, 128, 65535]).unwrap();
        assert_eq!(*image.pixels(), [16, 0, 255]);
        let text = serde_json::to_string(&image).unwrap();
        assert_eq!(text, r#"{"height":1,"width":3,"bits":16,"pixels":[4095,128,65535]}"#);
        assert_eq!(serde_json::from_str::<Image<1>>(&text).unwrap(), image);
        let message = |text: &str| serde_json::from_str::<Image<1>>(text).unwrap_err().to_string();
        assert_eq!(
            message(r#"{"height":1,"width":1,"pixels":[256]}"#),
            "expected values from 0 to 255, or `\"bits\": 16`, found 256"
        );
        let other = message(r#"{"height":1,"width":1,"bits":9,"pixels":[25]}"#);
        assert_eq!(other, "expected 8 or 16 `bits`, found 9");
    }
}
