//! A convolution and the largest of its sums under the windows of a pooling, in one pass: the sums
//! themselves never leave the cache.

use super::{
    convolution::{row_stride, Convolution, Pass},
    matmul::{multiply_into, Add, Matrix},
    places::{Places, LANES},
    scratch::scratch,
    wide::wide_fn,
    windows::{Plane, Windows},
    Element,
};

/// A convolution whose windows of pooling lie side by side, inside its output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pooled {
    convolution: Convolution,
    pool: [usize; 2],
    output: Plane,
}

impl Pooled {
    /// `None` where windows overlap, leave gaps or reach over the edge.
    pub(crate) fn new(convolution: Convolution, pool: &Windows) -> Option<Pooled> {
        let inside = |axis: usize| {
            pool.output.sizes[axis] * pool.kernel[axis] <= convolution.windows.output.sizes[axis]
        };
        let fits = pool.stride == pool.kernel
            && pool.before == [0, 0]
            && inside(0)
            && inside(1)
            && pool.kernel[0] * pool.kernel[1] <= 1 << u8::BITS
            && pool.output.channels_first();
        fits.then_some(Pooled { convolution, pool: pool.kernel, output: pool.output })
    }

    /// The rows and columns of the convolution under the windows.
    fn covered(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.output.sizes[axis] * self.pool[axis])
    }

    /// The image of a group around which everything on the way back is read: channels side by
    /// side, zeros where a window reaches outside, and room for the last lanes.
    fn padded(&self) -> [usize; 2] {
        let (windows, covered) = (&self.convolution.windows, self.covered());
        [0, 1].map(|axis| {
            let last = covered[axis].saturating_sub(1) * windows.stride[axis];
            last + windows.kernel[axis].saturating_sub(1) * windows.dilation[axis] + 1
        })
    }

    /// The weights of a filter as runs of numbers that lie side by side in the padded image: the
    /// row and column of the kernel at which each starts, and how many columns it has.
    fn runs(&self) -> impl Iterator<Item = ([usize; 2], usize)> {
        let Windows { kernel: [rows, columns], dilation, .. } = self.convolution.windows;
        let together = if dilation[1] == 1 { columns.max(1) } else { 1 };
        (0..rows).flat_map(move |row| {
            (0..columns).step_by(together).map(move |column| ([row, column], together))
        })
    }

    /// Where the runs lie in the padded image, [`LANES`] by [`LANES`].
    fn offsets(&self) -> Vec<usize> {
        let (inputs, [_, width]) = (self.convolution.inputs, self.padded());
        let dilation = self.convolution.windows.dilation;
        let pieces = self.runs().flat_map(|([row, column], together)| {
            let start = (row * dilation[0] * width + column * dilation[1]) * inputs;
            (0..together * inputs).step_by(LANES).map(move |lane| start + lane)
        });
        pieces.collect()
    }

    /// How many numbers [`offsets`](Pooled::offsets) make for a filter.
    fn lanes(&self) -> usize {
        let pieces =
            |(_, together): (_, usize)| (together * self.convolution.inputs).div_ceil(LANES);
        self.runs().map(pieces).sum::<usize>() * LANES
    }

    /// The padded image of a group.
    fn pad<E: Element>(&self, image: &[E], group: usize, padded: &mut [E]) {
        let (windows, inputs) = (&self.convolution.windows, self.convolution.inputs);
        let [rows, columns] = self.padded();
        let reach = |axis: usize, size: usize| {
            let before = windows.before[axis];
            before.min(size)..(windows.input.sizes[axis] + before).min(size)
        };
        padded.fill(E::zero());
        for row in reach(0, rows) {
            for (input, channel) in self.convolution.channels(group).enumerate() {
                let across = reach(1, columns);
                let first = windows.input.at(channel, row - windows.before[0], 0);
                let from = &image[first + across.start - windows.before[1]..];
                let into = &mut padded[(row * columns + across.start) * inputs + input..];
                let into = into.iter_mut().step_by(inputs);
                into.zip(from).take(across.len()).for_each(|(into, from)| *into = *from);
            }
        }
    }

    /// A sample's slopes by all sums of the convolution.
    fn unpool<E: Element>(&self, slope: &[E], marks: &[u8], dense: &mut [E]) {
        let (sums, [down, across]) = (&self.convolution.windows.output, self.pool);
        dense.fill(E::zero());
        let [rows, columns] = self.output.sizes;
        for channel in 0..self.output.channels {
            for row in 0..rows {
                let first = self.output.at(channel, row, 0);
                let places = first..first + columns;
                for (column, (slope, mark)) in
                    slope[places.clone()].iter().zip(&marks[places]).enumerate()
                {
                    let (below, beside) = (*mark as usize / across, *mark as usize % across);
                    dense[sums.at(channel, row * down + below, column * across + beside)] = *slope;
                }
            }
        }
    }
}

impl Pass for Pooled {
    fn input(&self) -> usize {
        self.convolution.input()
    }

    fn output(&self) -> (usize, usize) {
        (self.output.len(), self.output.len())
    }

    fn work(&self) -> usize {
        self.convolution.work()
    }

    fn forward<E: Element>(
        &self,
        image: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        marks: &mut [u8],
    ) {
        let (convolution, [down, _]) = (&self.convolution, self.pool);
        let (filters, kernel) = (convolution.filters(), convolution.kernel());
        for band in convolution.bands(self.covered(), down) {
            let (stride, columns) = (row_stride(band.places()), self.output.sizes[1]);
            scratch(filters * stride, |tile| {
                for group in 0..convolution.groups {
                    convolution.with_patches(image, group, &band, |patches| {
                        let weight = &weight[convolution.weights(group)];
                        let weight = Matrix::new(weight, filters, kernel);
                        multiply_into(weight, patches, tile, [stride, 1], Add::Replace);
                    });
                    for (filter, tile) in tile.chunks_exact(stride.max(1)).enumerate() {
                        let channel = group * filters + filter;
                        let first = self.output.at(channel, band.rows.start / down, 0);
                        let len = band.rows.len() / down * columns;
                        let (sums, marks) =
                            (&mut sums[first..first + len], &mut marks[first..first + len]);
                        let bias = bias.get(channel).copied().unwrap_or_else(E::zero);
                        pool(self.pool, columns, tile, bias, sums, marks);
                    }
                }
            });
        }
    }

    fn partial(&self) -> usize {
        self.output.channels * self.lanes()
    }

    fn backward_weight<E: Element>(
        &self,
        image: &[E],
        slope: &[E],
        marks: &[u8],
        partial: &mut [E],
    ) {
        let Convolution { windows, groups, inputs, .. } = self.convolution;
        let ([rows, width], filters, lanes) =
            (self.padded(), self.convolution.filters(), self.lanes());
        let (offsets, [down, across]) = (self.offsets(), self.pool);
        // How far the places under a window are from its first one.
        let within: [usize; 1 << u8::BITS] = std::array::from_fn(|mark| {
            let mark = mark.min((down * across).saturating_sub(1));
            let (below, beside) = (mark / across.max(1), mark % across.max(1));
            (below * windows.stride[0] * width + beside * windows.stride[1]) * inputs
        });
        let steps =
            [down * windows.stride[0] * width * inputs, across * windows.stride[1] * inputs];
        scratch(rows * width * inputs + LANES, |padded| {
            for group in 0..groups {
                self.pad(image, group, padded);
                for filter in group * filters..(group + 1) * filters {
                    let places = filter * self.output.places()..(filter + 1) * self.output.places();
                    let places = Places {
                        slopes: &slope[places.clone()],
                        marks: &marks[places],
                        columns: self.output.sizes[1],
                        steps,
                        within: &within,
                    };
                    let sums = &mut partial[filter * lanes..][..lanes];
                    E::add_places(&places, padded, &offsets, sums);
                }
            }
        });
    }

    fn add_partial<E: Element>(&self, partial: &[E], weight: &mut [E]) {
        let (inputs, [rows, columns]) = (self.convolution.inputs, self.convolution.windows.kernel);
        let filters = partial.chunks_exact(self.lanes().max(1));
        for (sums, weight) in filters.zip(weight.chunks_exact_mut(self.convolution.kernel().max(1)))
        {
            let mut start = 0;
            for ([row, column], together) in self.runs() {
                for (lane, sum) in sums[start..][..together * inputs].iter().enumerate() {
                    let (beside, input) = (lane / inputs, lane % inputs);
                    weight[(input * rows + row) * columns + column + beside] += *sum;
                }
                start += (together * inputs).next_multiple_of(LANES);
            }
        }
    }

    fn backward_input<E: Element>(&self, weight: &[E], slope: &[E], marks: &[u8], image: &mut [E]) {
        scratch(self.convolution.windows.output.len(), |dense| {
            self.unpool(slope, marks, dense);
            self.convolution.backward_input(weight, dense, &[], image);
        });
    }
}

wide_fn! {
    /// The largest of the sums and the bias under each window, and which one it is: the first of
    /// equal ones, and a NaN before anything else.
    fn pool(
        windows: [usize; 2],
        columns: usize,
        tile: &'a [E],
        bias: E,
        largest: &'a mut [E],
        marks: &'a mut [u8],
    ) {
        let ([down, across], columns) = (windows, columns.max(1));
        let rows = largest.chunks_exact_mut(columns).zip(marks.chunks_exact_mut(columns));
        for ((largest, marks), tile) in rows.zip(tile.chunks_exact((down * columns * across).max(1))) {
            largest.fill(E::neg_infinity());
            marks.fill(0);
            for (below, row) in tile.chunks_exact((columns * across).max(1)).enumerate() {
                let first = (below * across) as u8;
                match across {
                    1 => pool_row::<E, 1>(row, bias, first, largest, marks),
                    2 => pool_row::<E, 2>(row, bias, first, largest, marks),
                    3 => pool_row::<E, 3>(row, bias, first, largest, marks),
                    4 => pool_row::<E, 4>(row, bias, first, largest, marks),
                    _ => {
                        let windows = row.chunks_exact(across).zip(largest.iter_mut());
                        for ((window, largest), mark) in windows.zip(marks.iter_mut()) {
                            for (beside, sum) in window.iter().enumerate() {
                                compare(*sum + bias, first + beside as u8, largest, mark);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The same for a row of windows of a width that is known, which the compiler can widen.
#[inline(always)]
fn pool_row<E: Element, const ACROSS: usize>(
    row: &[E],
    bias: E,
    first: u8,
    largest: &mut [E],
    marks: &mut [u8],
) {
    let (windows, _) = row.as_chunks::<ACROSS>();
    for ((window, largest), mark) in windows.iter().zip(largest).zip(marks) {
        for (beside, sum) in window.iter().enumerate() {
            compare(*sum + bias, first + beside as u8, largest, mark);
        }
    }
}

/// Without a branch, since which one is larger cannot be foreseen.
#[inline(always)]
fn compare<E: Element>(x: E, mark: u8, largest: &mut E, chosen: &mut u8) {
    let larger = x > *largest || x.is_nan();
    *largest = if larger { x } else { *largest };
    *chosen = if larger { mark } else { *chosen };
}
