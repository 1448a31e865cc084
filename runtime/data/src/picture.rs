//! Pictures as tables hold them: values of pixels, of any size and depth.

use std::{fmt, sync::Arc};

/// The values of pixels: from the file they have 8 or 16 bits, and after a step that was applied
/// early they are numbers. Clones share them.
#[derive(Clone, PartialEq)]
pub struct Picture {
    height: usize,
    width: usize,
    channels: usize,
    /// Height and width in the file.
    original: [usize; 2],
    /// How many steps of preprocessing have been applied to it.
    applied: usize,
    values: Arc<Stored>,
}

// Resized values are finite.
impl Eq for Picture {}

#[derive(PartialEq)]
enum Stored {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
    Resized(Vec<f32>),
}

/// The values of a picture's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pixels<'a> {
    /// From 0 to 255; row after row from the top, pixel after pixel, channel after channel.
    Eight(&'a [u8]),
    /// From 0 to 65,535, in the same order. 257 of them are 1 on the scale up to 255.
    Sixteen(&'a [u16]),
    /// From 0 to 255; channel after channel, row after row, as [`resize`](crate::preprocess::Resize)
    /// gives them.
    Resized(&'a [f32]),
}

impl Pixels<'_> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Pixels::Eight(values) => values.len(),
            Pixels::Sixteen(values) => values.len(),
            Pixels::Resized(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        match self {
            Pixels::Eight(values) => size_of_val(*values),
            Pixels::Sixteen(values) => size_of_val(*values),
            Pixels::Resized(values) => size_of_val(*values),
        }
    }
}

/// A value of 16 bits on the scale from 0 to 255.
pub(crate) fn of_sixteen_bits(value: u16) -> f32 {
    f32::from(value) / 257.0
}

impl Picture {
    /// Of values with 8 bits; `None` unless there are height * width * channels of them and at least
    /// one.
    pub fn new(
        height: usize,
        width: usize,
        channels: usize,
        pixels: impl Into<Vec<u8>>,
    ) -> Option<Picture> {
        Picture::of([height, width, channels], Stored::Eight(pixels.into()))
    }

    /// The same of values with 16 bits.
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

    /// What a step of preprocessing makes of this picture.
    fn changed(&self, [height, width]: [usize; 2], values: Stored) -> Option<Picture> {
        let changed = Picture::of([height, width, self.channels], values)?;
        Some(Picture { original: self.original, applied: self.applied + 1, ..changed })
    }

    /// This picture after `resize` to a size; `None` where `values` are not those of one.
    pub(crate) fn resized(&self, size: [usize; 2], values: Vec<f32>) -> Option<Picture> {
        self.changed(size, Stored::Resized(values))
    }

    /// The part of this picture that begins at a corner; `None` where it is not within the picture.
    pub(crate) fn cropped(&self, corner: [usize; 2], size: [usize; 2]) -> Option<Picture> {
        let ([above, left], [height, width]) = (corner, size);
        if above + height > self.height || left + width > self.width {
            return None;
        }
        let part = Part { planes: 1, lines: self.height, width: self.width, each: self.channels };
        let stored = match self.pixels() {
            Pixels::Eight(all) => Stored::Eight(part.of(all, corner, size)),
            Pixels::Sixteen(all) => Stored::Sixteen(part.of(all, corner, size)),
            Pixels::Resized(all) => {
                let part = Part { planes: self.channels, each: 1, ..part };
                Stored::Resized(part.of(all, corner, size))
            }
        };
        self.changed(size, stored)
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

    /// How many of its input's steps have been applied to this picture already.
    pub(crate) fn applied(&self) -> usize {
        self.applied
    }

    /// Height and width in the file, before a step of preprocessing was applied early.
    pub fn original_size(&self) -> [usize; 2] {
        self.original
    }

    /// The values of the pixels.
    pub fn pixels(&self) -> Pixels<'_> {
        match &*self.values {
            Stored::Eight(values) => Pixels::Eight(values),
            Stored::Sixteen(values) => Pixels::Sixteen(values),
            Stored::Resized(values) => Pixels::Resized(values),
        }
    }

    /// How much memory the values take.
    pub fn bytes(&self) -> usize {
        size_of::<Stored>() + self.pixels().bytes()
    }

    /// What stands where a row has no picture; no step sees it.
    pub fn none() -> Picture {
        let values = Arc::new(Stored::Eight(Vec::new()));
        Picture { height: 0, width: 0, channels: 0, original: [0, 0], applied: 0, values }
    }
}

/// How values lie in memory, for taking a part of them.
#[derive(Clone, Copy)]
struct Part {
    /// How many pictures of single channels lie behind each other.
    planes: usize,
    lines: usize,
    width: usize,
    /// How many values a pixel of a line has.
    each: usize,
}

impl Part {
    /// The values of `height` lines of `width` pixels from a corner on, in their order.
    fn of<T: Copy>(
        self,
        values: &[T],
        [above, left]: [usize; 2],
        [height, width]: [usize; 2],
    ) -> Vec<T> {
        let mut part = Vec::with_capacity(self.planes * height * width * self.each);
        for plane in 0..self.planes {
            for line in above..above + height {
                let first = ((plane * self.lines + line) * self.width + left) * self.each;
                part.extend_from_slice(&values[first..first + width * self.each]);
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
