//! Decoded images of any size and depth, as tables store them.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::binary::Bytes;

/// A decoded image: 8-bit or 16-bit values as in the file, or `f32` values after a preprocessing
/// step that was applied right after decoding. Clones share the values.
#[derive(Clone, PartialEq)]
pub struct Picture {
    height: usize,
    width: usize,
    channels: usize,
    /// Height and width in the file, in pixels.
    original: [usize; 2],
    /// Number of preprocessing steps that have been applied.
    applied: usize,
    values: Arc<Stored>,
}

// Equality is reflexive, because resized values are finite.
impl Eq for Picture {}

#[derive(PartialEq)]
enum Stored {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
    Resized(Vec<f32>),
}

/// The pixel values of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pixels<'a> {
    /// Values from 0 to 255 in shape (height, width, channels), row-major from the top left.
    Eight(&'a [u8]),
    /// Values from 0 to 65,535 in shape (height, width, channels); 257 is 1 on the scale from 0 to
    /// 255.
    Sixteen(&'a [u16]),
    /// Values from 0 to 255 in shape (channels, height, width), the output of
    /// [`resize`](crate::preprocess::Resize).
    Resized(&'a [f32]),
}

impl Pixels<'_> {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Pixels::Eight(values) => values.len(),
            Pixels::Sixteen(values) => values.len(),
            Pixels::Resized(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of the values in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Pixels::Eight(values) => size_of_val(*values),
            Pixels::Sixteen(values) => size_of_val(*values),
            Pixels::Resized(values) => size_of_val(*values),
        }
    }
}

/// An image as serde writes it.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedPicture {
    /// Height, width and channels.
    shape: [usize; 3],
    original: [usize; 2],
    applied: usize,
    pixels: SavedPixels,
}

#[derive(Serialize, Deserialize)]
enum SavedPixels {
    Eight(Bytes),
    Sixteen(Vec<u16>),
    Resized(Vec<f32>),
}

impl Picture {
    /// The image for [`restore`](Picture::restore).
    pub(crate) fn save(&self) -> SavedPicture {
        let pixels = match self.pixels() {
            Pixels::Eight(values) => SavedPixels::Eight(Bytes(values.to_vec())),
            Pixels::Sixteen(values) => SavedPixels::Sixteen(values.to_vec()),
            Pixels::Resized(values) => SavedPixels::Resized(values.to_vec()),
        };
        let Picture { height, width, channels, original, applied, .. } = *self;
        SavedPicture { shape: [height, width, channels], original, applied, pixels }
    }

    /// The image of [`save`](Picture::save). A placeholder has no pixels.
    ///
    /// # Errors
    /// If the number of pixels is another.
    pub(crate) fn restore(saved: SavedPicture) -> Result<Picture, String> {
        let SavedPicture { shape, original, applied, pixels } = saved;
        let stored = match pixels {
            SavedPixels::Eight(Bytes(values)) => Stored::Eight(values),
            SavedPixels::Sixteen(values) => Stored::Sixteen(values),
            SavedPixels::Resized(values) => Stored::Resized(values),
        };
        if shape.contains(&0) {
            return Ok(Picture::none());
        }
        let picture = Picture::of(shape, stored);
        let picture = picture.ok_or("an image with another number of pixels")?;
        Ok(Picture { original, applied, ..picture })
    }
}

/// Converts a 16-bit value to the scale from 0 to 255.
pub(crate) fn of_sixteen_bits(value: u16) -> f32 {
    f32::from(value) / 257.0
}

impl Picture {
    /// Creates an image from 8-bit values in shape (height, width, channels); `None` unless their
    /// number is height * width * channels and at least 1.
    pub fn new(
        height: usize,
        width: usize,
        channels: usize,
        pixels: impl Into<Vec<u8>>,
    ) -> Option<Picture> {
        Picture::of([height, width, channels], Stored::Eight(pixels.into()))
    }

    /// Creates an image from 16-bit values, as [`new`](Picture::new).
    pub fn new_u16(
        height: usize,
        width: usize,
        channels: usize,
        pixels: impl Into<Vec<u16>>,
    ) -> Option<Picture> {
        Picture::of([height, width, channels], Stored::Sixteen(pixels.into()))
    }

    fn of([height, width, channels]: [usize; 3], stored: Stored) -> Option<Picture> {
        let values = height.checked_mul(width).and_then(|area| area.checked_mul(channels))?;
        let picture = Picture {
            height,
            width,
            channels,
            original: [height, width],
            applied: 0,
            values: Arc::new(stored),
        };
        (values == picture.pixels().len() && values > 0).then_some(picture)
    }

    /// The image after one more preprocessing step.
    fn after_step(&self, [height, width]: [usize; 2], values: Stored) -> Option<Picture> {
        let after_step = Picture::of([height, width, self.channels], values)?;
        Some(Picture { original: self.original, applied: self.applied + 1, ..after_step })
    }

    /// The image after `resize`, in shape (channels, height, width); `None` where the number of
    /// `values` does not match the size.
    pub(crate) fn resized(&self, size: [usize; 2], values: Vec<f32>) -> Option<Picture> {
        self.after_step(size, Stored::Resized(values))
    }

    /// The crop of `size` pixels with the top left `corner`, as (row, column); `None` where it
    /// exceeds the image.
    pub(crate) fn cropped(&self, corner: [usize; 2], size: [usize; 2]) -> Option<Picture> {
        let ([above, left], [height, width]) = (corner, size);
        if above + height > self.height || left + width > self.width {
            return None;
        }
        let layout = PixelLayout {
            planes: 1,
            height: self.height,
            width: self.width,
            values_per_pixel: self.channels,
        };
        let stored = match self.pixels() {
            Pixels::Eight(all) => Stored::Eight(layout.crop(all, corner, size)),
            Pixels::Sixteen(all) => Stored::Sixteen(layout.crop(all, corner, size)),
            Pixels::Resized(all) => {
                let layout = PixelLayout { planes: self.channels, values_per_pixel: 1, ..layout };
                Stored::Resized(layout.crop(all, corner, size))
            }
        };
        self.after_step(size, stored)
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Number of preprocessing steps of its input that have been applied.
    pub(crate) fn applied(&self) -> usize {
        self.applied
    }

    /// Height and width in the file, in pixels, before any preprocessing step.
    pub fn original_size(&self) -> [usize; 2] {
        self.original
    }

    /// The pixel values.
    pub fn pixels(&self) -> Pixels<'_> {
        match &*self.values {
            Stored::Eight(values) => Pixels::Eight(values),
            Stored::Sixteen(values) => Pixels::Sixteen(values),
            Stored::Resized(values) => Pixels::Resized(values),
        }
    }

    /// Memory usage in bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Stored>() + self.pixels().bytes()
    }

    /// The placeholder for a row without an image. Steps are not applied to it.
    pub fn none() -> Picture {
        let values = Arc::new(Stored::Eight(Vec::new()));
        Picture { height: 0, width: 0, channels: 0, original: [0, 0], applied: 0, values }
    }
}

/// Memory layout of pixel values, for cropping.
#[derive(Clone, Copy)]
struct PixelLayout {
    /// Number of planes: 1 for interleaved channels, the number of channels otherwise.
    planes: usize,
    height: usize,
    width: usize,
    /// Number of interleaved values per pixel.
    values_per_pixel: usize,
}

impl PixelLayout {
    /// Copies the `height` rows of `width` pixels from a corner on.
    fn crop<T: Copy>(
        self,
        values: &[T],
        [above, left]: [usize; 2],
        [height, width]: [usize; 2],
    ) -> Vec<T> {
        let mut part = Vec::with_capacity(self.planes * height * width * self.values_per_pixel);
        for plane in 0..self.planes {
            for row in above..above + height {
                let first =
                    ((plane * self.height + row) * self.width + left) * self.values_per_pixel;
                part.extend_from_slice(&values[first..first + width * self.values_per_pixel]);
            }
        }
        part
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_picture_keeps_its_depth() {
        let values: Vec<u16> = (0..24).map(|value| 1000 + value).collect();
        let picture = Picture::new_u16(4, 3, 2, values).unwrap();
        let part = picture.cropped([1, 1], [2, 2]).unwrap();
        let expected = [1008, 1009, 1010, 1011, 1014, 1015, 1016, 1017];
        assert_eq!(part.pixels(), Pixels::Sixteen(&expected));
        assert_eq!((part.height(), part.width(), part.original_size()), (2, 2, [4, 3]));
        assert_eq!(picture.cropped([3, 0], [2, 1]), None);
        let resized = picture.resized([2, 2], (0..8).map(|value| value as f32).collect()).unwrap();
        let part = resized.cropped([0, 1], [2, 1]).unwrap();
        assert_eq!(part.pixels(), Pixels::Resized(&[1.0, 3.0, 5.0, 7.0]));
        assert_eq!((part.applied(), part.original_size()), (2, [4, 3]));
    }

    #[test]
    fn sixteen_bits_are_on_the_scale_of_eight() {
        // 4095 of 65535.
        assert_eq!(of_sixteen_bits(4095), 15.933_852);
        assert!((0..=255).all(|value| of_sixteen_bits(257 * value) == f32::from(value)));
    }
}
