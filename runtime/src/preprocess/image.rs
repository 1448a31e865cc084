//! Pictures to read from, whether they are pixels or numbers.

use crate::{data::Values, definition::Step};

/// A picture, however it lies in memory.
pub(super) struct Source<'a> {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// From one channel, row and pixel to the next.
    strides: [usize; 3],
    pixels: Pixels<'a>,
}

enum Pixels<'a> {
    Bytes(&'a [u8]),
    Numbers(&'a [f32]),
}

impl Source<'_> {
    /// The value of a channel at a place.
    pub(super) fn at(&self, channel: usize, row: usize, column: usize) -> f32 {
        let [by_channel, by_row, by_pixel] = self.strides;
        let index = channel * by_channel + row * by_row + column * by_pixel;
        match self.pixels {
            Pixels::Bytes(bytes) => f32::from(bytes[index]),
            Pixels::Numbers(numbers) => numbers[index],
        }
    }
}

/// The pictures that come into a step.
pub(super) fn sources<'a>(step: &Step, values: &'a Values) -> Vec<Source<'a>> {
    match values {
        Values::Pictures(pictures) => {
            let source = |picture: &'a crate::data::Picture| Source {
                height: picture.height(),
                width: picture.width(),
                channels: picture.channels(),
                strides: [1, picture.width() * picture.channels(), picture.channels()],
                pixels: Pixels::Bytes(picture.pixels()),
            };
            pictures.iter().map(source).collect()
        }
        Values::Numbers(numbers) => {
            let [channels, height, width] = [0, 1, 2].map(|axis| step.input.dim(axis).get());
            let source = |image: &'a [f32]| Source {
                height,
                width,
                channels,
                strides: [height * width, width, 1],
                pixels: Pixels::Numbers(image),
            };
            numbers.chunks_exact((channels * height * width).max(1)).map(source).collect()
        }
        _ => Vec::new(),
    }
}
