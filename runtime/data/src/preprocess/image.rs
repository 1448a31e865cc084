//! Access to images as pixels or numbers, and geometric transformations.

use crate::{of_sixteen_bits, schema::Step, Picture, Pixels, Values};

/// An image in any memory layout.
pub(super) struct Source<'a> {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// Strides of channels, rows and columns.
    strides: [usize; 3],
    pixels: Pixels<'a>,
}

impl<'a> Source<'a> {
    pub(super) fn of(picture: &'a Picture) -> Source<'a> {
        let [height, width, channels] = [picture.height(), picture.width(), picture.channels()];
        let pixels = picture.pixels();
        let strides = match pixels {
            Pixels::Eight(_) | Pixels::Sixteen(_) => [1, width * channels, channels],
            Pixels::Resized(_) => [height * width, width, 1],
        };
        Source { height, width, channels, strides, pixels }
    }

    /// The value of a channel at a pixel.
    pub(super) fn at(&self, channel: usize, row: usize, column: usize) -> f32 {
        let [by_channel, by_row, by_pixel] = self.strides;
        let index = channel * by_channel + row * by_row + column * by_pixel;
        match self.pixels {
            Pixels::Eight(values) => f32::from(values[index]),
            Pixels::Sixteen(values) => of_sixteen_bits(values[index]),
            Pixels::Resized(values) => values[index],
        }
    }
}

/// The input images of a step.
pub(super) fn sources<'a>(step: &Step, values: &'a Values) -> Vec<Source<'a>> {
    match values {
        Values::Pictures(pictures) => pictures.iter().map(Source::of).collect(),
        Values::Numbers(numbers) => {
            let [channels, height, width] = [0, 1, 2].map(|axis| step.input.dim(axis).get());
            let source = |image: &'a [f32]| Source {
                height,
                width,
                channels,
                strides: [height * width, width, 1],
                pixels: Pixels::Resized(image),
            };
            numbers.chunks_exact((channels * height * width).max(1)).map(source).collect()
        }
        _ => Vec::new(),
    }
}

/// Channels, height and width of the input images of a step.
pub(super) fn shape(step: &Step) -> [usize; 3] {
    [0, 1, 2].map(|axis| step.input.dim(axis).get())
}

/// Appends the crop `[height, width]` whose corner is `[above, left]`, channels first.
pub(super) fn crop(
    source: &Source<'_>,
    [above, left]: [usize; 2],
    [height, width]: [usize; 2],
    output: &mut Vec<f32>,
) {
    for channel in 0..source.channels {
        for row in above..above + height {
            output.extend((left..left + width).map(|column| source.at(channel, row, column)));
        }
    }
}

/// A rotation about the centre with a scale: maps output pixels to source positions.
pub(super) struct Affinity {
    pub(super) sine: f64,
    pub(super) cosine: f64,
    pub(super) scale: f64,
}

/// Transforms each image by `affinity(row)`, with bilinear interpolation; the size stays. Positions
/// outside are reflected (`fill_mode="reflect"` in Keras).
pub(super) fn moved(step: &Step, values: &Values, affinity: impl Fn(usize) -> Affinity) -> Values {
    let mut moved = Vec::with_capacity(values.len());
    for (row, source) in sources(step, values).iter().enumerate() {
        let Affinity { sine, cosine, scale } = affinity(row);
        let middle = [(source.height - 1) as f64 / 2.0, (source.width - 1) as f64 / 2.0];
        for channel in 0..source.channels {
            for y in 0..source.height {
                for x in 0..source.width {
                    let (y, x) = (y as f64 - middle[0], x as f64 - middle[1]);
                    let from_y = middle[0] + scale * (cosine * y - sine * x);
                    let from_x = middle[1] + scale * (sine * y + cosine * x);
                    moved.push(interpolate(source, channel, from_y, from_x));
                }
            }
        }
    }
    Values::Numbers(moved)
}

/// Bilinear interpolation at a position between pixels.
fn interpolate(source: &Source<'_>, channel: usize, y: f64, x: f64) -> f32 {
    let (above, left) = (y.floor(), x.floor());
    let (down, right) = ((y - above) as f32, (x - left) as f32);
    let at = |dy: f64, dx: f64| {
        let row = reflect(above + dy, source.height);
        source.at(channel, row, reflect(left + dx, source.width))
    };
    let interpolate_row = |dy: f64| {
        let first = at(dy, 0.0);
        first + (at(dy, 1.0) - first) * right
    };
    let first = interpolate_row(0.0);
    first + (interpolate_row(1.0) - first) * down
}

/// Reflects a position outside of `0..size`: `d c b a | a b c d | d c b a`.
fn reflect(position: f64, size: usize) -> usize {
    let period = 2 * size as i64;
    let position = (position as i64).rem_euclid(period);
    position.min(period - 1 - position) as usize
}
