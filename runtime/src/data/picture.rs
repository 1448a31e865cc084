//! Pictures as rows hold them: pixels, of any size.

use std::{fmt, path::Path, sync::Arc};

use serde::{de::Error as _, Deserialize, Deserializer, Serialize, Serializer};

use super::{decode, folder};
use crate::quote::{Escaped, Quoted};

/// Rows of pixels, from the top; of every pixel its channels, from 0 to 255. Clones share them.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    height: usize,
    width: usize,
    channels: usize,
    pixels: Arc<[u8]>,
}

impl Picture {
    /// `None` unless there are height * width * channels values and at least one pixel.
    pub fn new(
        height: usize,
        width: usize,
        channels: usize,
        pixels: impl Into<Arc<[u8]>>,
    ) -> Option<Picture> {
        let pixels = pixels.into();
        let values = height.checked_mul(width).and_then(|area| area.checked_mul(channels))?;
        (values == pixels.len() && values > 0).then_some(Picture {
            height,
            width,
            channels,
            pixels,
        })
    }

    /// How many rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// How many pixels a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many values a pixel has.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Row after row, pixel after pixel, channel after channel.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// What stands where a row has no picture; no step sees it.
    pub(crate) fn none() -> Picture {
        Picture { height: 0, width: 0, channels: 0, pixels: Arc::new([]) }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a picture of {} x {} pixels, {} channels",
            self.height, self.width, self.channels
        )
    }
}

/// A picture of any size with `C` channels: 1 is grey, 3 is red, green and blue.
///
/// A step of preprocessing, [`resize`](crate::preprocess::Resize), brings all of them to one size.
/// In a file of rows it is a path, which counts from the folder of that file.
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

/// Why there is no such picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {}", Escaped(found))]
pub struct ImageError {
    /// What would have done.
    pub expected: String,
    /// What is there instead.
    pub found: String,
}

impl<const C: usize> Image<C> {
    /// From pixels: row after row from the top, pixel after pixel, channel after channel, each
    /// value from 0 to 255.
    ///
    /// # Errors
    /// Where there are not height * width * `C` values, or none.
    pub fn new(height: usize, width: usize, pixels: Vec<u8>) -> Result<Image<C>, ImageError> {
        let found = pixels.len();
        Picture::new(height, width, C, pixels).map(Image).ok_or_else(|| ImageError {
            expected: format!(
                "at least one pixel, and height * width * channels = {height} * {width} * {C} values"
            ),
            found: format!("{found} values"),
        })
    }

    /// From the bytes of a PNG or JPEG file; needs the feature `images`.
    ///
    /// Grey, colour and opacity become `C` channels as Pillow's `convert` makes them: grey is
    /// repeated for colours, colours are weighted (0.299, 0.587, 0.114) for grey, and opacity is
    /// left out unless `C` is 2 or 4. Of sixteen bits the upper eight count.
    ///
    /// # Errors
    /// Where they are no such file, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Image<C>, ImageError> {
        decode::decode(bytes, C).map(Image)
    }

    /// From a PNG or JPEG file; needs the feature `images`. See [`decode`](Image::decode).
    ///
    /// # Errors
    /// Where it cannot be read, is no such file, or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Image<C>, ImageError> {
        let path = path.as_ref();
        let found = |what: String| ImageError {
            expected: "a PNG or JPEG file".to_owned(),
            found: format!("{}, {what}", Quoted(path.to_string_lossy())),
        };
        let bytes =
            std::fs::read(path).map_err(|error| found(format!("which cannot be read: {error}")))?;
        Image::decode(&bytes).map_err(|error| found(format!("which holds {}", error.found)))
    }

    /// How many rows of pixels.
    pub fn height(&self) -> usize {
        self.0.height
    }

    /// How many pixels a row has.
    pub fn width(&self) -> usize {
        self.0.width
    }

    /// The pixels, as [`new`](Image::new) takes them.
    pub fn pixels(&self) -> &[u8] {
        self.0.pixels()
    }

    pub(crate) fn picture(&self) -> &Picture {
        &self.0
    }
}

impl<const C: usize> fmt::Debug for Image<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image<{C}>({} x {})", self.0.height, self.0.width)
    }
}

impl<const C: usize> Serialize for Image<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pixels = self.pixels().to_vec();
        Written { height: self.height(), width: self.width(), pixels }.serialize(serializer)
    }
}

impl<'de, const C: usize> Deserialize<'de> for Image<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Image<C>, D::Error> {
        let image = match PathOrPixels::deserialize(deserializer)? {
            PathOrPixels::Path(path) => Image::open(folder::resolve(&path)),
            PathOrPixels::Pixels(written) => {
                Image::new(written.height, written.width, written.pixels)
            }
        };
        image.map_err(D::Error::custom)
    }
}

/// A picture in JSON and the like.
#[derive(Serialize, Deserialize)]
struct Written {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PathOrPixels {
    Path(String),
    Pixels(Written),
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
}
