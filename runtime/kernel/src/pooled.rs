//! A convolution fused with max pooling: the output of the convolution stays in the cache.

use super::{
    convolution::{row_stride, Convolution, Pass},
    element::simd_dispatch::simd_fn,
    element::thread_buffers::with_buffer,
    im2col::{Argmax, Im2col, PooledGrads, MAX_COPY},
    matmul::{multiply_into, Add, Matrix},
    windows::{exceeds, Plane, Windows},
    winograd::Winograd,
    Element,
};

/// Number of patch elements per block of the backward pass: they fit into the L1 cache.
const PATCHES: usize = 1 << 12;

/// Number of windows per vectorized block, for every register width.
const LANES: usize = 16;

/// Pooling windows that tile their input: stride = window size, without padding.
#[derive(Clone, Copy, Debug)]
pub struct Tiles {
    input: Plane,
    output: Plane,
    pool: [usize; 2],
}

impl Tiles {
    /// `None` where windows overlap, leave gaps or need padding, or have more than 256 elements, so
    /// that a byte cannot hold the argmax.
    pub fn new(windows: &Windows) -> Option<Tiles> {
        let Windows { input, output, kernel: pool, .. } = *windows;
        let inside = |axis: usize| output.sizes[axis] * pool[axis] <= input.sizes[axis];
        let fits = windows.stride == pool
            && windows.before == [0, 0]
            && inside(0)
            && inside(1)
            && pool[0] * pool[1] <= 1 << u8::BITS
            && input.channels_first()
            && output.channels_first();
        fits.then_some(Tiles { input, output, pool })
    }

    /// The size of the input that the windows cover.
    fn covered(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.output.sizes[axis] * self.pool[axis])
    }

    /// The maximum of each window of a sample, and its index within the window.
    pub fn largest<E: Element>(&self, image: &[E], largest: &mut [E], argmax: &mut [u8]) {
        let ([_, width], [_, columns]) = (self.input.sizes, self.output.sizes);
        let windows = self.output.positions().max(1);
        let outputs = largest.chunks_exact_mut(windows).zip(argmax.chunks_exact_mut(windows));
        let channels = image.chunks_exact(self.input.positions().max(1)).zip(outputs);
        for (image, (largest, argmax)) in channels {
            pool(self.pool, [width, columns], image, E::zero(), largest, argmax);
        }
    }

    /// Adds the gradient of each window to the gradient of its maximum.
    pub fn add_back<E: Element>(&self, grad: &[E], argmax: &[u8], image: &mut [E]) {
        let ([down, across], [_, width]) = (self.pool, self.input.sizes);
        let [rows, columns] = self.output.sizes;
        for channel in 0..self.output.channels {
            for row in 0..rows {
                let first = self.output.at(channel, row, 0);
                let image = &mut image[self.input.at(channel, row * down, 0)..];
                let grads = grad[first..first + columns].iter();
                let windows = grads.zip(&argmax[first..first + columns]).enumerate();
                for (column, (grad, index)) in windows {
                    let (window_row, window_column) = match across {
                        2 => (usize::from(*index) / 2, usize::from(*index) % 2),
                        _ => (usize::from(*index) / across, usize::from(*index) % across),
                    };
                    image[window_row * width + column * across + window_column] += *grad;
                }
            }
        }
    }
}

/// A convolution followed by max pooling.
#[derive(Clone, Copy, Debug)]
pub struct Pooled {
    convolution: Convolution,
    tiles: Tiles,
}

impl Pooled {
    /// `None` where the pooling windows are not [`Tiles`].
    pub fn new(convolution: Convolution, pool: &Windows) -> Option<Pooled> {
        Some(Pooled { convolution, tiles: Tiles::new(pool)? })
    }

    /// The size of the padded input, as far as windows read it.
    fn padded(&self) -> [usize; 2] {
        let (windows, covered) = (&self.convolution.windows, self.tiles.covered());
        [0, 1].map(|axis| {
            let last = covered[axis].saturating_sub(1) * windows.stride[axis];
            last + windows.kernel[axis].saturating_sub(1) * windows.dilation[axis] + 1
        })
    }

    /// Copies the channels of a group into `padded`, with zeros as padding.
    fn pad<E: Element>(&self, image: &[E], group: usize, padded: &mut [E]) {
        let windows = &self.convolution.windows;
        let [rows, columns] = self.padded();
        let span = |axis: usize, size: usize| {
            let before = windows.before[axis];
            before.min(size)..(windows.input.sizes[axis] + before).min(size)
        };
        let across = span(1, columns);
        padded.fill(E::zero());
        for (input, channel) in self.convolution.channels(group).enumerate() {
            for row in span(0, rows) {
                let first = windows.input.at(channel, row - windows.before[0], 0);
                let from = &image[first + across.start - windows.before[1]..][..across.len()];
                padded[(input * rows + row) * columns..][across.clone()].copy_from_slice(from);
            }
        }
    }

    /// The patches of the padded channels of a group under a row of windows, in the order of a
    /// filter's weights.
    fn patches(&self) -> Im2col {
        let (Convolution { windows, inputs, .. }, [rows, width]) =
            (self.convolution, self.padded());
        let ([down, across], [high, wide]) = (self.tiles.pool, windows.kernel);
        let windows_at_once = if windows.dilation[1] == 1 { wide } else { 1 };
        let runs = (0..inputs * high).flat_map(|row| {
            let first = (row / high * rows + row % high * windows.dilation[0]) * width;
            (0..wide)
                .step_by(windows_at_once.max(1))
                .map(move |column| first + column * windows.dilation[1])
        });
        let offsets = (0..down * across).map(|position| {
            position / across * windows.stride[0] * width + position % across * windows.stride[1]
        });
        Im2col::new(runs, windows_at_once, offsets.collect(), across * windows.stride[1])
    }
}

impl Pass for Pooled {
    fn input(&self) -> usize {
        self.convolution.input()
    }

    fn output(&self) -> Plane {
        self.tiles.output
    }

    fn argmax_len(&self) -> usize {
        self.tiles.output.elements()
    }

    fn with_filters(&self, filters: usize) -> Option<Pooled> {
        let tiles = Tiles {
            input: self.tiles.input.with_channels(filters),
            output: self.tiles.output.with_channels(filters),
            ..self.tiles
        };
        Some(Pooled { convolution: self.convolution.with_filters(filters)?, tiles })
    }

    fn work(&self) -> usize {
        self.convolution.work()
    }

    fn forward<E: Element>(
        &self,
        image: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        argmax: &mut [u8],
    ) {
        let Pooled { convolution, tiles } = self;
        if let Some(winograd) = Winograd::new(*convolution, tiles.output, tiles.pool) {
            return winograd.forward(image, (weight, bias), sums, argmax);
        }
        let [down, _] = tiles.pool;
        let (filters, kernel) = (convolution.filters(), convolution.kernel());
        for band in convolution.bands(self.tiles.covered(), down) {
            let (stride, columns) = (row_stride(band.positions()), self.tiles.output.sizes[1]);
            with_buffer(filters * stride, |tile| {
                for group in 0..convolution.groups {
                    convolution.with_patches(image, group, &band, |patches| {
                        let weight = &weight[convolution.weights(group)];
                        let weight = Matrix::new(weight, filters, kernel);
                        multiply_into(weight, patches, tile, [stride, 1], Add::Replace);
                    });
                    for (filter, tile) in tile.chunks_exact(stride.max(1)).enumerate() {
                        let channel = group * filters + filter;
                        let first = self.tiles.output.at(channel, band.rows.start / down, 0);
                        let len = band.rows.len() / down * columns;
                        let (sums, argmax) =
                            (&mut sums[first..first + len], &mut argmax[first..first + len]);
                        let bias = bias.get(channel).copied().unwrap_or_else(E::zero);
                        let sizes = [self.tiles.covered()[1], columns];
                        pool(self.tiles.pool, sizes, tile, bias, sums, argmax);
                    }
                }
            });
        }
    }

    fn partial(&self) -> usize {
        self.tiles.output.channels * self.patches().lanes()
    }

    fn backward_weight<E: Element>(
        &self,
        image: &[E],
        grad: &[E],
        argmax: &[u8],
        partial: &mut [E],
    ) {
        let Convolution { windows: Windows { stride, .. }, groups, inputs } = self.convolution;
        let (patches, filters) = (self.patches(), self.convolution.filters());
        let ([rows, width], Tiles { output, pool: [down, across], .. }) =
            (self.padded(), self.tiles);
        let columns = output.sizes[1];
        let windows_at_once = (PATCHES / patches.window().max(1)).max(8).min(columns).max(1);
        // The last copy of the last patch may read beyond it.
        let len = inputs * rows * width + MAX_COPY;
        with_buffer(len + windows_at_once * patches.window(), |buffer| {
            let (padded, buffer) = buffer.split_at_mut(len);
            for group in 0..groups {
                let range = group * filters * output.positions()
                    ..(group + 1) * filters * output.positions();
                let (grads, argmax) = (&grad[range.clone()], Argmax::new(&argmax[range]));
                let sums = filters * patches.lanes();
                let sums = &mut partial[group * sums..(group + 1) * sums];
                self.pad(image, group, padded);
                for position in (0..output.sizes[0]).flat_map(|row| {
                    (0..columns).step_by(windows_at_once).map(move |column| [row, column])
                }) {
                    let [row, column] = position;
                    let count = windows_at_once.min(columns - column);
                    let windows = &mut buffer[..count * patches.window()];
                    let corner = row * down * stride[0] * width + column * across * stride[1];
                    patches.gather(&padded[corner..], windows);
                    let first = row * columns + column;
                    let pooled = PooledGrads {
                        grads,
                        argmax,
                        first,
                        windows_per_filter: output.positions(),
                    };
                    patches.add(windows, pooled, sums);
                }
            }
        });
    }

    fn add_partial<E: Element>(&self, partial: &[E], weight: &mut [E]) {
        let filters = partial.chunks_exact(self.patches().lanes().max(1));
        for (sums, weight) in filters.zip(weight.chunks_exact_mut(self.convolution.kernel().max(1)))
        {
            weight.iter_mut().zip(sums).for_each(|(weight, sum)| *weight += *sum);
        }
    }

    fn backward_input<E: Element>(&self, weight: &[E], grad: &[E], argmax: &[u8], image: &mut [E]) {
        with_buffer(self.convolution.windows.output.elements(), |dense| {
            dense.fill(E::zero());
            self.tiles.add_back(grad, argmax, dense);
            self.convolution.backward_input(weight, dense, &[], image);
        });
    }
}

simd_fn! {
    /// Adds the bias to the rows of a tile and computes the maximum and argmax of each window: the
    /// first of equal elements; NaN counts as larger than any number. `sizes` are the length of a
    /// row and its number of windows.
    fn pool(
        windows: [usize; 2],
        sizes: [usize; 2],
        tile: &'a [E],
        bias: E,
        largest: &'a mut [E],
        argmax: &'a mut [u8],
    ) {
        let ([down, across], [width, columns]) = (windows, sizes);
        let windows_per_row = columns.max(1);
        let rows = largest.chunks_exact_mut(windows_per_row).zip(argmax.chunks_exact_mut(windows_per_row));
        for ((largest, argmax), tile) in rows.zip(tile.chunks_exact((down * width).max(1))) {
            let halves = tile.split_at(tile.len() / 2);
            match windows {
                [2, 2] => pool_square::<E, 2>(halves, bias, largest, argmax),
                [2, 3] => pool_square::<E, 3>(halves, bias, largest, argmax),
                [2, 1] => pool_square::<E, 1>(halves, bias, largest, argmax),
                _ => {
                    largest.fill(E::neg_infinity());
                    argmax.fill(0);
                    for (row, numbers) in tile.chunks_exact(width.max(1)).enumerate() {
                        let windows = numbers.chunks_exact(across.max(1)).zip(largest.iter_mut());
                        for ((window, largest), argmax) in windows.zip(argmax.iter_mut()) {
                            for (column, sum) in window.iter().enumerate() {
                                let index = (row * across + column) as u8;
                                let best = (*largest, *argmax);
                                (*largest, *argmax) = larger(best, *sum + bias, index);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// [`pool`] for two rows and a constant width, which the compiler vectorizes.
#[inline(always)]
#[allow(clippy::needless_range_loop)] // With iterators the loop is not vectorized.
fn pool_square<E: Element, const ACROSS: usize>(
    (top, bottom): (&[E], &[E]),
    bias: E,
    largest: &mut [E],
    argmax: &mut [u8],
) {
    let (top, bottom) = (top.as_chunks::<ACROSS>().0, bottom.as_chunks::<ACROSS>().0);
    let (top, bottom) = (&top[..largest.len()], &bottom[..largest.len()]);
    let vectorized = top.len() / LANES * LANES;
    // The last block overlaps the previous one, so that it fills whole registers; its results are
    // the same.
    let remainder = match vectorized {
        0 => 0..top.len(),
        _ if vectorized == top.len() => 0..0,
        _ => top.len() - LANES..top.len(),
    };
    for part in [0..vectorized, remainder] {
        let outputs = largest[part.clone()].iter_mut().zip(&mut argmax[part.clone()]);
        let windows = top[part.clone()].iter().zip(&bottom[part]);
        for ((top, bottom), (largest, argmax)) in windows.zip(outputs) {
            let mut best = (E::neg_infinity(), 0);
            for index in 0..ACROSS {
                best = larger(best, top[index] + bias, index as u8);
            }
            for index in 0..ACROSS {
                best = larger(best, bottom[index] + bias, (ACROSS + index) as u8);
            }
            (*largest, *argmax) = best;
        }
    }
}

/// Branch-free, because the comparison is unpredictable.
#[inline(always)]
fn larger<E: Element>((largest, argmax): (E, u8), x: E, index: u8) -> (E, u8) {
    let larger = exceeds(x, largest);
    (if larger { x } else { largest }, if larger { index } else { argmax })
}
