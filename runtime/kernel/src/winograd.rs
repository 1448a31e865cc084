//! 3x3 convolution fused with 2x2 max pooling, by Winograd's minimal filtering: the four outputs of
//! a pooling window take 16 multiplications per channel instead of 36.
//!
//! ```text
//! outputs = At [(G g Gt) * (Bt d B)] A     g: a kernel, 3 x 3; d: the input of a tile, 4 x 4
//!
//! Bt = 1  0 -1  0      G =  1    0    0      At = 1  1  1  0
//!      0  1  1  0          1/2  1/2  1/2          0  1 -1 -1
//!      0 -1  1  0          1/2 -1/2  1/2
//!      0  1  0 -1           0    0    1
//! ```
//!
//! Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, 2015, F(2x2, 3x3). A tile
//! is a pooling window of 2x2 outputs. The tiles of a few rows are transformed at once and stay in
//! the cache while all filters are applied to them.
#![allow(unsafe_code)]

use super::{
    convolution::Convolution,
    element::simd::{Simd, WithSimd},
    element::thread_buffers::with_buffer,
    simd_dispatch::simd_fn,
    windows::{Band, Plane, Windows},
    Element,
};

/// Number of products of a tile per channel.
const PRODUCTS: usize = 16;
/// Maximum of input channels per filter: with more, the transformed tiles exceed the cache, and a
/// matrix product is as fast.
const MAX_INPUTS: usize = 8;
/// Number of tiles in the widest register.
const LANES: usize = 16;
/// Maximum of tiles that are transformed at once: they fit into the L1 cache.
const MAX_TILES: usize = 80;
/// Row stride of transformed tiles, with padding for a register after the last tile. It is a
/// constant, so that no address is computed at a load.
const STRIDE: usize = (MAX_TILES + LANES - 1).next_multiple_of(LANES);

/// A convolution followed by 2x2 max pooling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Winograd {
    convolution: Convolution,
    /// The output of the pooling, one element per tile.
    tiles: Plane,
}

impl Winograd {
    /// `None` for other sizes of kernel or window, and for many input channels.
    pub(super) fn new(
        convolution: Convolution,
        tiles: Plane,
        pool: [usize; 2],
    ) -> Option<Winograd> {
        let Windows { kernel, stride, dilation, .. } = convolution.windows;
        let fits = kernel == [3, 3]
            && stride == [1, 1]
            && dilation == [1, 1]
            && pool == [2, 2]
            && convolution.inputs <= MAX_INPUTS
            && tiles.positions() >= LANES;
        fits.then_some(Winograd { convolution, tiles })
    }

    /// The maximum of each tile with the bias added, and its index within the tile.
    pub(super) fn forward<E: Element>(
        &self,
        image: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        argmax: &mut [u8],
    ) {
        let Convolution { groups, inputs, .. } = self.convolution;
        let (filters, len) = (self.convolution.filters(), PRODUCTS * inputs);
        let kernels = (groups * filters * len).next_multiple_of(LANES);
        with_buffer(kernels + len * STRIDE, |numbers| {
            let (kernels, transformed) = numbers.split_at_mut(kernels);
            transform_kernels(inputs, weight, kernels);
            let tile_blocks =
                (0..groups).flat_map(|group| self.tile_blocks().map(move |p| (group, p)));
            for (group, block) in tile_blocks {
                self.transform_input(image, group, &block, transformed);
                let group_filters = group * filters..(group + 1) * filters;
                let range = group_filters.start * self.tiles.positions()
                    ..group_filters.end * self.tiles.positions();
                E::with_simd(Filters {
                    kernels: &kernels[group_filters.start * len..group_filters.end * len],
                    inputs,
                    transformed,
                    biases: bias.get(group_filters).unwrap_or_default(),
                    largest: &mut sums[range.clone()],
                    argmax: &mut argmax[range],
                    first: self.tiles.at(0, block.rows.start, block.columns.start),
                    count: block.positions(),
                    tiles_per_filter: self.tiles.positions(),
                });
            }
        });
    }

    /// Blocks of adjacent tiles that are transformed at once: whole rows, or parts of one. All
    /// blocks have the same size, so the last ones may overlap the previous ones.
    fn tile_blocks(&self) -> impl Iterator<Item = Band> {
        let [rows, columns] = self.tiles.sizes.map(|size| size.max(1));
        let across = columns.div_ceil(columns.div_ceil(MAX_TILES));
        // At least as many rows as fill a register.
        let down = (MAX_TILES / columns).max(LANES.div_ceil(columns)).min(rows);
        let starts = move |size: usize, block: usize| {
            (0..size).step_by(block).map(move |start| start.min(size - block))
        };
        starts(rows, down).flat_map(move |row| {
            starts(columns, across)
                .map(move |column| Band { rows: row..row + down, columns: column..column + across })
        })
    }

    /// Bt d B of a group's tiles: `[16, channels, tiles]`.
    fn transform_input<E: Element>(
        &self,
        image: &[E],
        group: usize,
        tiles: &Band,
        transformed: &mut [E],
    ) {
        let Convolution { windows, inputs, .. } = self.convolution;
        let columns = tiles.columns.len();
        let half = (columns + 1 + LANES).next_multiple_of(LANES);
        let ([height, width], [above, left]) = (windows.input.sizes, windows.before);
        // Number of image columns left of the block, and number of padding columns in the block.
        let passed = (2 * tiles.columns.start).saturating_sub(left).min(width);
        let zeros = left.saturating_sub(2 * tiles.columns.start);
        with_buffer((2 * tiles.rows.len() + 2) * 2 * half, |halves| {
            // The padding is the same for every channel.
            halves.fill(E::zero());
            for (input, channel) in self.convolution.channels(group).enumerate() {
                let rows = (2 * tiles.rows.start..).map(|row| row.checked_sub(above));
                for (halves, row) in halves.chunks_exact_mut(2 * half).zip(rows) {
                    if let Some(row) = row.filter(|row| *row < height) {
                        let row = &image[windows.input.at(channel, row, 0)..][passed..width];
                        split(row, zeros, halves);
                    }
                }
                for row in 0..tiles.rows.len() {
                    E::with_simd(InputTransform {
                        halves: &halves[row * 4 * half..][..8 * half],
                        columns,
                        transformed: &mut transformed[input * STRIDE + row * columns..],
                        stride: inputs * STRIDE,
                    });
                }
            }
        });
    }
}

simd_fn! {
    /// Splits a row, after `zeros` columns of padding, into even and odd columns.
    fn split(row: &'a [E], zeros: usize, halves: &'a mut [E]) {
        let (even, odd) = halves.split_at_mut(halves.len() / 2);
        let (first, second) = match zeros % 2 {
            0 => (&mut even[zeros / 2..], &mut odd[zeros / 2..]),
            _ => (&mut odd[zeros / 2..], &mut even[zeros / 2 + 1..]),
        };
        let (pairs, last) = row.as_chunks::<2>();
        for ((first, second), pair) in first.iter_mut().zip(second).zip(pairs) {
            (*first, *second) = (pair[0], pair[1]);
        }
        if let (Some(first), [last]) = (first.get_mut(pairs.len()), last) {
            *first = *last;
        }
    }
}

/// Bt d B of a row of tiles, for one channel.
struct InputTransform<'a, E> {
    /// Four rows of the image, each with its even columns before its odd ones.
    halves: &'a [E],
    columns: usize,
    /// The 16 elements, `stride` apart.
    transformed: &'a mut [E],
    stride: usize,
}

impl<E: Element> WithSimd<E> for InputTransform<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Simd<Number = E>>(self) {
        let InputTransform { halves, columns, transformed, stride } = self;
        let half = halves.len() / 8;
        let registers = columns.div_ceil(R::LANES) * R::LANES;
        assert!(registers < half, "there is a number after the last register");
        assert!(
            (PRODUCTS - 1) * stride + registers <= transformed.len(),
            "every number has a place"
        );
        for column in (0..columns).step_by(R::LANES) {
            // Bt of even and odd columns and of the next ones. No closures here and below:
            // intrinsics are not inlined into closures.
            let mut row_transforms = [[R::zero(); 4]; 4];
            for (row_transform, range) in [0, half, 1, half + 1].into_iter().enumerate() {
                let first = halves.as_ptr().add(range + column);
                let mut rows = [R::zero(); 4];
                for (row, numbers) in rows.iter_mut().enumerate() {
                    *numbers = R::load(first.add(2 * row * half));
                }
                let [zero, one, two, three] = rows;
                row_transforms[row_transform] =
                    [zero.sub(two), one.add(two), two.sub(one), one.sub(three)];
            }
            let [even, odd, next_even, next_odd] = row_transforms;
            for down in 0..4 {
                let transformed = transformed.as_mut_ptr().add(4 * down * stride + column);
                even[down].sub(next_even[down]).store(transformed);
                odd[down].add(next_even[down]).store(transformed.add(stride));
                next_even[down].sub(odd[down]).store(transformed.add(2 * stride));
                odd[down].sub(next_odd[down]).store(transformed.add(3 * stride));
            }
        }
    }
}

/// G g Gt of every kernel: `[filters, 16, channels]`.
fn transform_kernels<E: Element>(inputs: usize, weight: &[E], kernels: &mut [E]) {
    let half = E::of(0.5);
    let row_transform = |[a, b, c]: [E; 3]| [a, half * (a + b + c), half * (a - b + c), c];
    let filters = weight.chunks_exact(9 * inputs).zip(kernels.chunks_exact_mut(PRODUCTS * inputs));
    for (weight, kernel) in filters {
        for (input, weight) in weight.as_chunks::<9>().0.iter().enumerate() {
            let columns: [[E; 4]; 3] = std::array::from_fn(|column| {
                row_transform([0, 3, 6].map(|row| weight[row + column]))
            });
            for row in 0..4 {
                for (column, x) in
                    row_transform(columns.map(|column| column[row])).into_iter().enumerate()
                {
                    kernel[(4 * row + column) * inputs + input] = x;
                }
            }
        }
    }
}

/// Applies filters to the transformed tiles.
struct Filters<'a, E> {
    /// Transformed kernels, `[filters, 16, channels]`.
    kernels: &'a [E],
    inputs: usize,
    /// Transformed tiles, `[16, channels, tiles]` with row stride [`STRIDE`].
    transformed: &'a [E],
    /// One per filter, or empty.
    biases: &'a [E],
    /// All tiles of every filter.
    largest: &'a mut [E],
    argmax: &'a mut [u8],
    /// Index of the first transformed tile, their number, and the number of tiles per filter.
    first: usize,
    count: usize,
    tiles_per_filter: usize,
}

impl<E: Element> WithSimd<E> for Filters<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Simd<Number = E>>(mut self) {
        let (rows, filters) =
            (PRODUCTS * self.inputs, self.largest.len() / self.tiles_per_filter.max(1));
        assert!(self.inputs > 0 && self.count >= LANES);
        assert!(
            (rows - 1) * STRIDE + self.count <= self.transformed.len(),
            "the squares are there"
        );
        assert!(self.first + self.count <= self.tiles_per_filter, "every square has a place");
        assert!(
            filters * self.tiles_per_filter == self.largest.len()
                && filters * rows == self.kernels.len()
        );
        assert_eq!(self.argmax.len(), self.largest.len(), "every square has a mark");
        match self.inputs {
            1 => self.filters::<R, 1>(filters),
            3 => self.filters::<R, 3>(filters),
            4 => self.filters::<R, 4>(filters),
            _ => self.filters::<R, 0>(filters),
        }
    }
}

impl<E: Element> Filters<'_, E> {
    /// Applies all filters, for `INPUTS` channels, or for any number of channels if `INPUTS` is 0.
    ///
    /// # Safety
    /// The processor supports the register, and the sizes satisfy the assertions of
    /// [`run`](WithSimd::run).
    #[inline(always)]
    unsafe fn filters<R: Simd<Number = E>, const INPUTS: usize>(&mut self, filters: usize) {
        let count = self.count;
        for filter in 0..filters {
            // Two registers share the loads of the kernel. The last block may overlap the previous
            // one.
            if count < 2 * R::LANES {
                for tile in (0..count).step_by(R::LANES) {
                    self.tiles::<R, INPUTS, 1>(filter, tile.min(count - R::LANES));
                }
                continue;
            }
            for tile in (0..count).step_by(2 * R::LANES) {
                self.tiles::<R, INPUTS, 2>(filter, tile.min(count - 2 * R::LANES));
            }
        }
    }

    /// Computes `N` registers of tiles, starting at `tile`.
    ///
    /// # Safety
    /// As [`filters`](Filters::filters), and the tiles are in bounds.
    #[inline(always)]
    unsafe fn tiles<R: Simd<Number = E>, const INPUTS: usize, const N: usize>(
        &mut self,
        filter: usize,
        tile: usize,
    ) {
        // The four outputs are accumulated row by row, so that they fit into the registers.
        let mut upper = self.row_transform::<R, INPUTS, N>(0, filter, tile);
        let mut lower = self.row_transform::<R, INPUTS, N>(1, filter, tile);
        for n in 0..N {
            upper[n] = [upper[n][0].add(lower[n][0]), upper[n][1].add(lower[n][1])];
        }
        let two = self.row_transform::<R, INPUTS, N>(2, filter, tile);
        for n in 0..N {
            upper[n] = [upper[n][0].add(two[n][0]), upper[n][1].add(two[n][1])];
            lower[n] = [lower[n][0].sub(two[n][0]), lower[n][1].sub(two[n][1])];
        }
        let three = self.row_transform::<R, INPUTS, N>(3, filter, tile);
        let bias = R::splat(self.biases.get(filter).copied().unwrap_or_else(E::zero));
        for n in 0..N {
            let [first, second] = upper[n];
            let third = lower[n][0].sub(three[n][0]);
            let fourth = lower[n][1].sub(three[n][1]);
            let (largest, is_second) = first.max(second);
            let (largest, is_third) = largest.max(third);
            let (largest, is_fourth) = largest.max(fourth);
            let first = filter * self.tiles_per_filter + self.first + tile + n * R::LANES;
            largest.add(bias).store(self.largest.as_mut_ptr().add(first));
            let argmax = &mut self.argmax[first..first + R::LANES];
            write_argmax([is_fourth | is_second & !is_third, is_fourth | is_third], argmax);
        }
    }

    /// A row of the 4x4 products, multiplied by A: two elements.
    ///
    /// # Safety
    /// As [`tiles`](Filters::tiles).
    #[inline(always)]
    unsafe fn row_transform<R: Simd<Number = E>, const INPUTS: usize, const N: usize>(
        &self,
        row: usize,
        filter: usize,
        tile: usize,
    ) -> [[R; 2]; N] {
        let zero = self.product::<R, INPUTS, N>(4 * row, filter, tile);
        let one = self.product::<R, INPUTS, N>(4 * row + 1, filter, tile);
        let two = self.product::<R, INPUTS, N>(4 * row + 2, filter, tile);
        let three = self.product::<R, INPUTS, N>(4 * row + 3, filter, tile);
        let mut row_transform = [[R::zero(); 2]; N];
        for n in 0..N {
            row_transform[n][0] = zero[n].add(one[n]).add(two[n]);
            row_transform[n][1] = one[n].sub(two[n]).sub(three[n]);
        }
        row_transform
    }

    /// One of the 16 products, summed over the channels.
    ///
    /// # Safety
    /// As [`tiles`](Filters::tiles).
    #[inline(always)]
    unsafe fn product<R: Simd<Number = E>, const INPUTS: usize, const N: usize>(
        &self,
        number: usize,
        filter: usize,
        tile: usize,
    ) -> [R; N] {
        let inputs = if INPUTS == 0 { self.inputs } else { INPUTS };
        let kernel = self.kernels.as_ptr().add(filter * PRODUCTS * inputs);
        let mut sums = [R::zero(); N];
        for input in 0..inputs {
            let row = number * inputs + input;
            let weight = R::splat(*kernel.add(row));
            for (n, sum) in sums.iter_mut().enumerate() {
                let transformed = self.transformed.as_ptr().add(row * STRIDE + tile + n * R::LANES);
                *sum = match input {
                    0 => weight.mul(R::load(transformed)),
                    _ => sum.mul_add(weight, R::load(transformed)),
                };
            }
        }
        sums
    }
}

/// Writes two-bit numbers, given as masks of their low and high bits, as bytes.
#[inline(always)]
fn write_argmax(bits: [u16; 2], argmax: &mut [u8]) {
    // Multiplication copies the bits at a distance of 7 bits; the mask keeps the lowest bit of each
    // byte.
    let bytes = |bits: u16| {
        let last = u64::from(bits >> 7 & 1) << 56;
        last | u64::from(bits & 0x7f).wrapping_mul(0x0002_0408_1020_4081) & 0x0001_0101_0101_0101
    };
    for (eight, argmax) in argmax.chunks_mut(8).enumerate() {
        let [low, high] = [bytes(bits[0] >> (8 * eight)), bytes(bits[1] >> (8 * eight))];
        let bytes = (low | high << 1).to_le_bytes();
        argmax.copy_from_slice(&bytes[..argmax.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pooled::Pooled, simd_dispatch::portable};

    fn numbers<E: Element>(len: usize, scale: f64) -> Vec<E> {
        (0..len).map(|i| E::of((i as f64 * scale).sin())).collect()
    }

    /// Compares `Pooled` with sums in double precision.
    fn check<E: Element>(groups: usize, inputs: usize, before: usize, [rows, columns]: [usize; 2]) {
        let (filters, channels) = (2 * groups, groups * inputs);
        let image = Plane::image(channels, rows, columns);
        let sizes = [rows, columns].map(|size| size + 2 * before - 2);
        let sums = Plane::image(filters, sizes[0], sizes[1]);
        let tiles = Plane::image(filters, sizes[0] / 2, sizes[1] / 2);
        let windows = Windows {
            input: image,
            output: sums,
            kernel: [3, 3],
            stride: [1, 1],
            before: [before; 2],
            dilation: [1, 1],
        };
        let convolution = Convolution::new(windows, inputs).unwrap();
        assert!(Winograd::new(convolution, tiles, [2, 2]).is_some());
        let pool = Windows {
            input: sums,
            output: tiles,
            kernel: [2, 2],
            stride: [2, 2],
            before: [0, 0],
            dilation: [1, 1],
        };
        let pooled = Pooled::new(convolution, &pool).unwrap();
        let (x, weight) =
            (numbers::<E>(image.elements(), 0.37), numbers(filters * inputs * 9, 0.71));
        let bias = numbers::<E>(filters, 1.3);
        let run = || {
            let (mut largest, mut argmax) =
                (vec![E::zero(); tiles.elements()], vec![9; tiles.elements()]);
            use crate::convolution::Pass;
            pooled.forward(&x, (&weight, &bias), &mut largest, &mut argmax);
            (largest, argmax)
        };
        let sum = |filter: usize, row: usize, column: usize| {
            let mut sum = bias[filter].as_f64();
            for (input, down, across) in (0..inputs * 9).map(|k| (k / 9, k / 3 % 3, k % 3)) {
                let position = [row + down, column + across].map(|index| index.checked_sub(before));
                let [Some(row), Some(column)] = position else { continue };
                if row < rows && column < columns {
                    let channel = filter / 2 * inputs + input;
                    let weight = weight[(filter * inputs + input) * 9 + down * 3 + across];
                    sum += weight.as_f64() * x[image.at(channel, row, column)].as_f64();
                }
            }
            sum
        };
        for (largest, argmax) in [run(), portable(run)] {
            let epsilon = 40.0 * E::epsilon().as_f64();
            for index in 0..tiles.elements() {
                let (filter, tile) = (index / tiles.positions(), index % tiles.positions());
                let (row, column) = (tile / tiles.sizes[1], tile % tiles.sizes[1]);
                let four = [0, 1, 2, 3]
                    .map(|index| sum(filter, 2 * row + index / 2, 2 * column + index % 2));
                let expected = four.into_iter().fold(f64::NEG_INFINITY, f64::max);
                let found = largest[index].as_f64();
                assert!((found - expected).abs() < epsilon, "{found} is not {expected}");
                let at_argmax = four[usize::from(argmax[index])];
                assert!((at_argmax - expected).abs() < epsilon, "{at_argmax} is not {expected}");
            }
        }
    }

    #[test]
    fn the_largest_sums_are_those_of_the_convolution() {
        // One register and several; with and without padding; odd and even sizes.
        let sizes = [(0, [10, 10]), (1, [9, 15]), (0, [6, 66]), (1, [33, 4]), (1, [5, 170])];
        for (before, sizes) in sizes {
            check::<f32>(1, 3, before, sizes);
            check::<f64>(1, 3, before, sizes);
        }
        // Other numbers of channels, and groups.
        for inputs in [1, 2, 4, 8] {
            check::<f32>(1, inputs, 1, [12, 13]);
            check::<f64>(2, inputs, 0, [12, 13]);
        }
    }

    #[test]
    fn other_sizes_are_left_to_products_of_matrices() {
        let windows = |kernel: usize, stride: usize, dilation: usize| Windows {
            input: Plane::image(3, 20, 20),
            output: Plane::image(4, 10, 10),
            kernel: [kernel; 2],
            stride: [stride; 2],
            before: [0; 2],
            dilation: [dilation; 2],
        };
        let new = |windows, inputs, tiles, pool| {
            Winograd::new(Convolution { windows, groups: 1, inputs }, tiles, pool)
        };
        let tiles = Plane::image(4, 5, 5);
        assert!(new(windows(3, 1, 1), 3, tiles, [2, 2]).is_some());
        for windows in [windows(5, 1, 1), windows(3, 2, 1), windows(3, 1, 2)] {
            assert!(new(windows, 3, tiles, [2, 2]).is_none());
        }
        assert!(new(windows(3, 1, 1), 9, tiles, [2, 2]).is_none());
        assert!(new(windows(3, 1, 1), 3, tiles, [2, 3]).is_none());
        assert!(new(windows(3, 1, 1), 3, Plane::image(4, 5, 3), [2, 2]).is_none());
    }
}
