//! Windows of convolutions and poolings over single samples of images and sequences.

use std::ops::Range;

use super::{element::simd_dispatch::simd_fn, slide::Sliding, Element};

/// Layout of an image or sequence in a slice.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    /// Number of channels.
    pub channels: usize,
    /// Rows and columns.
    pub sizes: [usize; 2],
    /// Strides of channels, rows and columns.
    strides: [usize; 3],
}

impl Plane {
    /// An image, `[channels, height, width]`.
    pub fn image(channels: usize, height: usize, width: usize) -> Plane {
        let strides = [height * width, width, 1];
        Plane { channels, sizes: [height, width], strides }
    }

    /// A sequence, `[steps, channels]`, as an image with one row.
    pub fn steps(steps: usize, channels: usize) -> Plane {
        Plane { channels, sizes: [1, steps], strides: [1, steps * channels, channels] }
    }

    /// The first `channels` channels. The plane must be channels-first.
    pub(crate) fn with_channels(self, channels: usize) -> Plane {
        Plane { channels, ..self }
    }

    /// Number of positions: rows times columns.
    pub fn positions(&self) -> usize {
        self.sizes[0] * self.sizes[1]
    }

    /// Number of elements of a sample.
    pub fn elements(&self) -> usize {
        self.channels * self.positions()
    }

    /// Whether each channel is contiguous.
    pub fn channels_first(&self) -> bool {
        self.strides[0] == self.positions()
    }

    /// The offset of an element.
    pub fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        channel * self.strides[0] + row * self.strides[1] + column * self.strides[2]
    }

    /// Adds the sum of each channel to `sums`.
    pub fn add_channels<E: Element>(&self, sample: &[E], sums: &mut [E]) {
        if !self.channels_first() {
            for position in sample.chunks_exact(self.channels.max(1)) {
                sums.iter_mut().zip(position).for_each(|(sum, x)| *sum += *x);
            }
            return;
        }
        add_totals(self.positions(), sample, sums);
    }

    /// The offsets of a channel's elements, in row-major order.
    pub fn of_channel(&self, channel: usize) -> impl Iterator<Item = usize> + '_ {
        let [rows, columns] = self.sizes;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| self.at(channel, row, column)))
    }
}

simd_fn! {
    /// Adds the sum of each row of `width` elements to `sums`.
    fn add_totals(width: usize, rows: &'a [E], sums: &'a mut [E]) {
        let rows = rows.chunks_exact(width.max(1));
        rows.zip(sums).for_each(|(row, sum)| *sum += total(row));
    }
}

/// The sum of the elements, as sixteen partial sums.
#[inline(always)]
fn total<E: Element>(numbers: &[E]) -> E {
    let (blocks, rest) = numbers.as_chunks::<16>();
    let mut sums = [E::zero(); 16];
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, x)| *sum += *x);
    }
    sums.into_iter().chain(rest.iter().copied()).sum()
}

/// The windows of a convolution or pooling. Padding counts as zeros for a convolution; a pooling
/// ignores it.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// The input of the windows.
    pub input: Plane,
    /// The output, with one position per window.
    pub output: Plane,
    /// Rows and columns of a window.
    pub kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Padding before the first row and column.
    pub before: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

/// A range of output positions: whole rows, or a part of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The rows of the output.
    pub rows: Range<usize>,
    /// The columns of each row.
    pub columns: Range<usize>,
}

impl Band {
    /// Number of positions.
    pub fn positions(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// Consecutive output positions in a row that one kernel element maps into the image.
struct Run {
    /// Their range within the patches.
    patches: Range<usize>,
    /// Offset of the first image element, and distance to the next one.
    first: usize,
    step: usize,
}

impl Windows {
    /// The windows of a convolution.
    pub fn kernel<S: Sliding>(input: Plane, output: Plane, kernel: [usize; 2]) -> Windows {
        let (stride, before, dilation) = (S::STRIDE, S::BEFORE, S::DILATION);
        Windows { input, output, kernel, stride, before, dilation }
    }

    /// The windows of a pooling, without dilation.
    pub fn pool<S: Sliding>(input: Plane, output: Plane, pool: [usize; 2]) -> Windows {
        Windows { dilation: [1, 1], ..Windows::kernel::<S>(input, output, pool) }
    }

    /// Number of elements of all pooling windows.
    pub fn work(&self) -> usize {
        self.output.elements() * self.kernel[0] * self.kernel[1]
    }

    /// Whether a window extends beyond the input.
    pub(crate) fn needs_padding(&self) -> bool {
        let overhangs = |axis: usize| {
            let last = self.output.sizes[axis].saturating_sub(1) * self.stride[axis];
            let reach = last + (self.kernel[axis].saturating_sub(1)) * self.dilation[axis];
            self.before[axis] > 0 || reach >= self.input.sizes[axis]
        };
        overhangs(0) || overhangs(1)
    }

    /// Splits output `rows` and `columns` into bands of about `about` positions: multiples of
    /// `row_multiple` rows, or parts of a row where one row has more.
    pub(crate) fn bands(
        &self,
        [rows, columns]: [usize; 2],
        about: usize,
        row_multiple: usize,
    ) -> impl Iterator<Item = Band> {
        let row_multiple = row_multiple.max(1);
        let height = (about / (columns * row_multiple).max(1)).max(1) * row_multiple;
        let width = if row_multiple == 1 && height == 1 { about.max(1) } else { columns.max(1) };
        (0..rows).step_by(height).flat_map(move |row| {
            (0..columns).step_by(width).map(move |column| Band {
                rows: row..(row + height).min(rows),
                columns: column..(column + width).min(columns),
            })
        })
    }

    /// im2col: writes the matrix `patches`, `[channels * kernel, positions]` with row stride
    /// `stride`. Elements in the padding are not written, so `patches` must contain zeros there.
    pub fn gather<E: Element>(
        &self,
        image: &[E],
        channels: Range<usize>,
        band: &Band,
        (patches, stride): (&mut [E], usize),
    ) {
        self.each_run(channels, band, stride, |run| {
            let patches = &mut patches[run.patches];
            if run.step == 1 {
                patches.copy_from_slice(&image[run.first..run.first + patches.len()]);
            } else {
                let image = image[run.first..].iter().step_by(run.step);
                patches.iter_mut().zip(image).for_each(|(patch, x)| *patch = *x);
            }
        });
    }

    /// col2im: adds every element of `patches` to its element of the image.
    pub fn scatter<E: Element>(
        &self,
        (patches, stride): (&[E], usize),
        channels: Range<usize>,
        band: &Band,
        image: &mut [E],
    ) {
        self.each_run(channels, band, stride, |run| {
            let patches = &patches[run.patches];
            if run.step == 1 {
                let image = &mut image[run.first..run.first + patches.len()];
                image.iter_mut().zip(patches).for_each(|(x, patch)| *x += *patch);
            } else {
                let image = image[run.first..].iter_mut().step_by(run.step);
                image.zip(patches).for_each(|(x, patch)| *x += *patch);
            }
        });
    }

    fn each_run(
        &self,
        channels: Range<usize>,
        band: &Band,
        stride: usize,
        mut each: impl FnMut(Run),
    ) {
        let step = self.stride[1] * self.input.strides[2];
        let both = |a: Range<usize>, b: &Range<usize>| a.start.max(b.start)..a.end.min(b.end);
        let mut patch = 0;
        for channel in channels {
            for down in 0..self.kernel[0] {
                let rows = both(self.valid_outputs(0, down), &band.rows);
                for across in 0..self.kernel[1] {
                    let columns = both(self.valid_outputs(1, across), &band.columns);
                    if !columns.is_empty() {
                        let column = self.input_position(1, across, columns.start);
                        for row in rows.clone() {
                            let start = patch + (row - band.rows.start) * band.columns.len();
                            let first =
                                self.input.at(channel, self.input_position(0, down, row), column);
                            let [from, to] = [columns.start, columns.end]
                                .map(|column| start + column - band.columns.start);
                            each(Run { patches: from..to, first, step });
                        }
                    }
                    patch += stride;
                }
            }
        }
    }

    /// The output positions along an axis at which a kernel element lies within the input.
    fn valid_outputs(&self, axis: usize, number: usize) -> Range<usize> {
        let (offset, stride) = (number * self.dilation[axis], self.stride[axis]);
        let first = self.before[axis].saturating_sub(offset).div_ceil(stride);
        let end = (self.input.sizes[axis] + self.before[axis]).saturating_sub(offset);
        first..end.div_ceil(stride).min(self.output.sizes[axis])
    }

    /// The input position of a kernel element at an output position.
    fn input_position(&self, axis: usize, number: usize, output: usize) -> usize {
        output * self.stride[axis] + number * self.dilation[axis] - self.before[axis]
    }

    /// Max pooling: calls `each` with the offset in the output, the offset of the maximum in the
    /// input, and the maximum of each window: the first of equal elements; NaN counts as larger
    /// than any number.
    pub fn largest<E: Element>(&self, image: &[E], mut each: impl FnMut(usize, usize, E)) {
        let [_, down, across] = self.input.strides;
        self.each_window(|channel, offset, rows, columns| {
            if rows.is_empty() || columns.is_empty() {
                return;
            }
            let mut start = self.input.at(channel, rows.start, columns.start);
            let mut best = (start, image[start]);
            for _ in rows {
                let numbers = image[start..].iter().step_by(across).take(columns.len());
                for (step, x) in numbers.enumerate() {
                    // Branch-free, because the comparison is unpredictable.
                    let larger = exceeds(*x, best.1);
                    best.0 = if larger { start + step * across } else { best.0 };
                    best.1 = if larger { *x } else { best.1 };
                }
                start += down;
            }
            each(offset, best.0, best.1);
        });
    }

    /// Average pooling: calls `each` with the offset in the output, the offset in the input, and
    /// the element's weight in the mean of its window, for every element of every window.
    pub fn mean_weights<E: Element>(&self, mut each: impl FnMut(usize, usize, E)) {
        self.each_window(|channel, offset, rows, columns| {
            let weight = E::of(1.0 / (rows.len() * columns.len()).max(1) as f64);
            for row in rows {
                for column in columns.clone() {
                    each(offset, self.input.at(channel, row, column), weight);
                }
            }
        });
    }

    /// Calls `each` with the channel, the output offset, and the rows and columns of the input
    /// under each window. Pooling windows have no dilation.
    fn each_window(&self, mut each: impl FnMut(usize, usize, Range<usize>, Range<usize>)) {
        let [rows, columns] = self.output.sizes;
        let columns: Vec<_> = (0..columns).map(|column| self.covered(1, column)).collect();
        for channel in 0..self.output.channels {
            for row in 0..rows {
                let covered = self.covered(0, row);
                for (column, covered_columns) in columns.iter().enumerate() {
                    let offset = self.output.at(channel, row, column);
                    each(channel, offset, covered.clone(), covered_columns.clone());
                }
            }
        }
    }

    fn covered(&self, axis: usize, output: usize) -> Range<usize> {
        let (start, before) = (output * self.stride[axis], self.before[axis]);
        let end = (start + self.kernel[axis]).saturating_sub(before).min(self.input.sizes[axis]);
        start.saturating_sub(before).min(end)..end
    }
}

/// Whether `x` replaces the maximum so far. NaN counts as larger than any number.
#[inline(always)]
pub fn exceeds<E: Element>(x: E, largest: E) -> bool {
    x > largest || x.is_nan()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element of every patch by definition, with its offset in the image.
    fn naive(windows: &Windows, mut each: impl FnMut(usize, Option<usize>)) {
        let mut patch = 0;
        for channel in 0..windows.input.channels {
            for kernel in 0..windows.kernel[0] * windows.kernel[1] {
                let number = [kernel / windows.kernel[1], kernel % windows.kernel[1]];
                for position in 0..windows.output.positions() {
                    let columns = windows.output.sizes[1];
                    let position = [position / columns, position % columns];
                    let input_position = [0, 1].map(|axis| {
                        let input_position = position[axis] * windows.stride[axis]
                            + number[axis] * windows.dilation[axis];
                        let input_position = input_position.checked_sub(windows.before[axis])?;
                        (input_position < windows.input.sizes[axis]).then_some(input_position)
                    });
                    let from = input_position[0].zip(input_position[1]);
                    each(patch, from.map(|(row, column)| windows.input.at(channel, row, column)));
                    patch += 1;
                }
            }
        }
    }

    #[test]
    fn patches_are_gathered_and_scattered_as_defined() {
        let planes = [Plane::image(2, 5, 7), Plane::steps(6, 3)];
        for (kernel, stride, before, dilation) in [
            ([1, 1], [1, 1], [0, 0], [1, 1]),
            ([1, 3], [1, 1], [0, 1], [1, 1]),
            ([1, 4], [1, 3], [0, 2], [1, 2]),
            ([3, 2], [2, 1], [1, 0], [1, 3]),
            ([2, 2], [1, 2], [9, 9], [2, 1]),
        ] {
            for input in planes {
                let output = Plane::image(4, 3, 4);
                let windows = Windows { input, output, kernel, stride, before, dilation };
                for about in [1, 3, 4, 8, 100] {
                    check_patches(&windows, about);
                }
            }
        }
    }

    /// Gathers and scatters in bands of about `about` positions.
    fn check_patches(windows: &Windows, about: usize) {
        let channels = windows.input.channels;
        let rows = channels * windows.kernel[0] * windows.kernel[1];
        let (positions, columns) = (windows.output.positions(), windows.output.sizes[1]);
        let image: Vec<f64> = (0..windows.input.elements()).map(|i| i as f64 + 1.0).collect();
        let (mut patches, mut back) = (vec![0.0; rows * positions], vec![0.0; image.len()]);
        for band in windows.bands(windows.output.sizes, about, 1) {
            // A stride larger than the band.
            let stride = band.positions() + 2;
            let mut part = vec![0.0; rows * stride];
            windows.gather(&image, 0..channels, &band, (&mut part, stride));
            let mut numbers = vec![f64::NAN; rows * stride];
            for row in 0..rows {
                let all = band.rows.clone().flat_map(|y| band.columns.clone().map(move |x| (y, x)));
                for (at, (y, x)) in all.enumerate() {
                    let index = row * positions + y * columns + x;
                    patches[index] = part[row * stride + at];
                    numbers[row * stride + at] = index as f64;
                }
            }
            windows.scatter((&numbers, stride), 0..channels, &band, &mut back);
        }
        let mut expected = vec![0.0; image.len()];
        naive(windows, |patch, from| {
            assert_eq!(patches[patch], from.map_or(0.0, |from| image[from]));
            if let Some(from) = from {
                expected[from] += patch as f64;
                assert!(windows.input.positions() > 0);
            }
        });
        let outside = patches.contains(&0.0);
        assert!(windows.needs_padding() || !outside, "{windows:?}");
        assert_eq!(back, expected);
    }

    #[test]
    fn bands_are_whole_groups_of_rows_or_parts_of_one() {
        let windows = Windows::kernel::<crate::slide::Slide>(
            Plane::image(1, 9, 9),
            Plane::image(1, 7, 5),
            [1, 1],
        );
        let cut = |about, row_multiple| {
            let bands = windows.bands([7, 5], about, row_multiple);
            bands.map(|band| (band.rows, band.columns)).collect::<Vec<_>>()
        };
        assert_eq!(cut(17, 1), [(0..3, 0..5), (3..6, 0..5), (6..7, 0..5)]);
        assert_eq!(cut(3, 1)[..3], [(0..1, 0..3), (0..1, 3..5), (1..2, 0..3)]);
        assert_eq!(cut(3, 3), [(0..3, 0..5), (3..6, 0..5), (6..7, 0..5)]);
        assert_eq!(cut(100, 1), [(0..7, 0..5)]);
    }

    #[test]
    fn a_pool_covers_what_lies_inside() {
        let windows = Windows {
            input: Plane::image(1, 3, 4),
            output: Plane::image(1, 2, 3),
            kernel: [2, 3],
            stride: [2, 2],
            before: [1, 1],
            dilation: [1, 1],
        };
        let mut found = Vec::new();
        windows.each_window(|_, offset, rows, columns| found.push((offset, rows, columns)));
        let expected = [
            (0, 0..1, 0..2),
            (1, 0..1, 1..4),
            (2, 0..1, 3..4),
            (3, 1..3, 0..2),
            (4, 1..3, 1..4),
            (5, 1..3, 3..4),
        ];
        assert_eq!(found, expected);
    }
}
