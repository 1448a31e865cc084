//! `resize`: every picture in one size.

use super::stage::{FixedStep, Refusal};
use crate::{data::Values, definition::Step};

/// Pictures of any size become `height` rows of `width` pixels, channels first, with values from 0
/// to 255; the sides may be stretched by different factors.
///
/// A new pixel's centre lies somewhere among the old ones' centres. `bilinear` weighs the four
/// around it by their distance, `nearest` takes the one it falls into; neither looks further, so
/// that fine patterns of a picture that becomes much smaller may flicker.
///
/// `keras.layers.Resizing(height, width, interpolation)`;
/// `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`.
#[derive(Clone, Copy, Debug)]
pub struct Resize;

impl FixedStep for Resize {
    fn apply(step: &Step, values: Values) -> Result<Values, Refusal> {
        let (height, width) = (step.output.dim(1).get(), step.output.dim(2).get());
        let bilinear = step.argument("interpolation").word_or("bilinear") == "bilinear";
        let mut resized = Vec::with_capacity(values.len() * step.output.elements().get());
        let mut push = |source: &Source<'_>| {
            let rows = places(source.height, height, bilinear);
            let columns = places(source.width, width, bilinear);
            source.resize(&rows, &columns, &mut resized);
        };
        match &values {
            Values::Pictures(pictures) => {
                for picture in pictures {
                    let channels = picture.channels();
                    let at = |index: usize| f32::from(picture.pixels()[index]);
                    push(&Source {
                        height: picture.height(),
                        width: picture.width(),
                        channels,
                        strides: [1, picture.width() * channels, channels],
                        at: &at,
                    });
                }
            }
            Values::Numbers(numbers) => {
                let [channels, height, width] = [0, 1, 2].map(|axis| step.input.dim(axis).get());
                for image in numbers.chunks_exact((channels * height * width).max(1)) {
                    let at = |index: usize| image[index];
                    let strides = [height * width, width, 1];
                    push(&Source { height, width, channels, strides, at: &at });
                }
            }
            _ => {}
        }
        Ok(Values::Numbers(resized))
    }
}

/// A picture to read from, however it lies in memory.
struct Source<'a> {
    height: usize,
    width: usize,
    channels: usize,
    /// From one channel, row and pixel to the next.
    strides: [usize; 3],
    at: &'a dyn Fn(usize) -> f32,
}

/// Where a new row or pixel lies among the old ones: between two of them, and how far from the
/// first to the second.
struct Place {
    from: usize,
    to: usize,
    share: f32,
}

/// The places of `new` rows among `old` ones.
fn places(old: usize, new: usize, bilinear: bool) -> Vec<Place> {
    let scale = old as f32 / new as f32;
    let last = old.saturating_sub(1);
    let place = |index: usize| {
        if !bilinear {
            let nearest = ((index as f32 + 0.5) * scale).floor() as usize;
            return Place { from: nearest.min(last), to: nearest.min(last), share: 0.0 };
        }
        let centre = (index as f32 + 0.5) * scale - 0.5;
        let before = centre.floor();
        Place {
            from: (before.max(0.0) as usize).min(last),
            to: (centre.ceil().max(0.0) as usize).min(last),
            share: centre - before,
        }
    };
    (0..new).map(place).collect()
}

impl Source<'_> {
    fn resize(&self, rows: &[Place], columns: &[Place], into: &mut Vec<f32>) {
        let [channel_stride, row_stride, pixel_stride] = self.strides;
        for channel in 0..self.channels {
            let start = channel * channel_stride;
            for row in rows {
                let (above, below) = (start + row.from * row_stride, start + row.to * row_stride);
                for column in columns {
                    let (left, right) = (column.from * pixel_stride, column.to * pixel_stride);
                    let along = |line: usize| {
                        let (left, right) = ((self.at)(line + left), (self.at)(line + right));
                        left + (right - left) * column.share
                    };
                    let (above, below) = (along(above), along(below));
                    into.push(above + (below - above) * row.share);
                }
            }
        }
    }
}
