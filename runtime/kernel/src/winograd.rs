//! A convolution with kernels of three by three and the largest of its sums under squares of two by
//! two, by Winograd's minimal filtering: the four sums of a square take sixteen multiplications for
//! each channel instead of thirty-six.
//!
//! ```text
//! sums = At [(G g Gt) * (Bt d B)] A        g: a kernel, 3 x 3; d: the image under a square, 4 x 4
//!
//! Bt = 1  0 -1  0      G =  1    0    0      At = 1  1  1  0
//!      0  1  1  0          1/2  1/2  1/2          0  1 -1 -1
//!      0 -1  1  0          1/2 -1/2  1/2
//!      0  1  0 -1           0    0    1
//! ```
//!
//! Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, 2015, F(2x2, 3x3). All
//! squares of a few rows are turned at once, and stay in the cache while every filter meets them.
#![allow(unsafe_code)]

use super::{
    convolution::Convolution,
    element::simd::{Simd, WithSimd},
    element::thread_buffers::with_buffer,
    simd_dispatch::simd_fn,
    windows::{Band, Plane, Windows},
    Element,
};

/// How many products a square is made of, for each channel.
const PRODUCTS: usize = 16;
/// The most channels that a filter may see: with more, the turned squares leave the cache, and a
/// product of matrices is as fast.
const MOST_INPUTS: usize = 8;
/// As many squares as the widest register holds.
const LANES: usize = 16;
/// The most squares that are turned at once: they stay in the nearest cache.
const MOST_SQUARES: usize = 80;
/// How far apart two rows of turned numbers lie: there is room for all lanes after the last square.
/// It is known beforehand, so that no address is computed where they are read.
const STRIDE: usize = (MOST_SQUARES + LANES - 1).next_multiple_of(LANES);

/// A convolution whose sums are pooled in squares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Winograd {
    convolution: Convolution,
    /// The squares of an image.
    squares: Plane,
}

impl Winograd {
    /// `None` where kernels or windows are of other sizes, or a filter sees many channels.
    pub(super) fn new(
        convolution: Convolution,
        squares: Plane,
        pool: [usize; 2],
    ) -> Option<Winograd> {
        let Windows { kernel, stride, dilation, .. } = convolution.windows;
        let fits = kernel == [3, 3]
            && stride == [1, 1]
            && dilation == [1, 1]
            && pool == [2, 2]
            && convolution.inputs <= MOST_INPUTS
            && squares.places() >= LANES;
        fits.then_some(Winograd { convolution, squares })
    }

    /// The largest sum of each square, the bias added, and which of the four it is.
    pub(super) fn forward<E: Element>(
        &self,
        image: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        marks: &mut [u8],
    ) {
        let Convolution { groups, inputs, .. } = self.convolution;
        let (filters, len) = (self.convolution.filters(), PRODUCTS * inputs);
        let kernels = (groups * filters * len).next_multiple_of(LANES);
        with_buffer(kernels + len * STRIDE, |numbers| {
            let (kernels, turned) = numbers.split_at_mut(kernels);
            turn_kernels(inputs, weight, kernels);
            let pieces = (0..groups).flat_map(|group| self.pieces().map(move |p| (group, p)));
            for (group, piece) in pieces {
                self.turn(image, group, &piece, turned);
                let own = group * filters..(group + 1) * filters;
                let places = own.start * self.squares.places()..own.end * self.squares.places();
                E::with_simd(Filters {
                    kernels: &kernels[own.start * len..own.end * len],
                    inputs,
                    turned,
                    biases: bias.get(own).unwrap_or_default(),
                    largest: &mut sums[places.clone()],
                    marks: &mut marks[places],
                    first: self.squares.at(0, piece.rows.start, piece.columns.start),
                    count: piece.places(),
                    apart: self.squares.places(),
                });
            }
        });
    }

    /// The squares that are turned at once, which lie side by side: whole rows, or parts of one. All
    /// pieces are of one size, so the last ones may be met twice.
    fn pieces(&self) -> impl Iterator<Item = Band> {
        let [rows, columns] = self.squares.sizes.map(|size| size.max(1));
        let across = columns.div_ceil(columns.div_ceil(MOST_SQUARES));
        // At least so many rows that they fill a register.
        let down = (MOST_SQUARES / columns).max(LANES.div_ceil(columns)).min(rows);
        let starts = move |size: usize, together: usize| {
            (0..size).step_by(together).map(move |start| start.min(size - together))
        };
        starts(rows, down).flat_map(move |row| {
            starts(columns, across)
                .map(move |column| Band { rows: row..row + down, columns: column..column + across })
        })
    }

    /// Bt d B of the squares of a group's channels: for each of its numbers and each channel, those
    /// of all squares side by side.
    fn turn<E: Element>(&self, image: &[E], group: usize, squares: &Band, turned: &mut [E]) {
        let Convolution { windows, inputs, .. } = self.convolution;
        let columns = squares.columns.len();
        let half = (columns + 1 + LANES).next_multiple_of(LANES);
        let ([height, width], [above, left]) = (windows.input.sizes, windows.before);
        // How many columns of the image are left of the piece, and how many zeros come first in it.
        let passed = (2 * squares.columns.start).saturating_sub(left).min(width);
        let zeros = left.saturating_sub(2 * squares.columns.start);
        with_buffer((2 * squares.rows.len() + 2) * 2 * half, |halves| {
            // What lies outside the image lies at the same places for every channel.
            halves.fill(E::zero());
            for (input, channel) in self.convolution.channels(group).enumerate() {
                let rows = (2 * squares.rows.start..).map(|row| row.checked_sub(above));
                for (halves, row) in halves.chunks_exact_mut(2 * half).zip(rows) {
                    if let Some(row) = row.filter(|row| *row < height) {
                        let row = &image[windows.input.at(channel, row, 0)..][passed..width];
                        split(row, zeros, halves);
                    }
                }
                for row in 0..squares.rows.len() {
                    E::with_simd(Turn {
                        halves: &halves[row * 4 * half..][..8 * half],
                        columns,
                        turned: &mut turned[input * STRIDE + row * columns..],
                        stride: inputs * STRIDE,
                    });
                }
            }
        });
    }
}

simd_fn! {
    /// A row of which `zeros` stand before it: those at even places, then those at odd ones.
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

/// Bt d B of a row of squares, for one channel.
struct Turn<'a, E> {
    /// Four rows of the image, each its even columns and then its odd ones.
    halves: &'a [E],
    columns: usize,
    /// The sixteen numbers, `stride` apart.
    turned: &'a mut [E],
    stride: usize,
}

impl<E: Element> WithSimd<E> for Turn<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Simd<Number = E>>(self) {
        let Turn { halves, columns, turned, stride } = self;
        let half = halves.len() / 8;
        let registers = columns.div_ceil(R::COUNT) * R::COUNT;
        assert!(registers < half, "there is a number after the last register");
        assert!((PRODUCTS - 1) * stride + registers <= turned.len(), "every number has a place");
        for column in (0..columns).step_by(R::COUNT) {
            // Bt of even and odd columns, and of those after them. No closures here or below: the
            // processor's instructions would not be inlined into them.
            let mut sides = [[R::zero(); 4]; 4];
            for (side, places) in [0, half, 1, half + 1].into_iter().enumerate() {
                let first = halves.as_ptr().add(places + column);
                let mut rows = [R::zero(); 4];
                for (row, numbers) in rows.iter_mut().enumerate() {
                    *numbers = R::load(first.add(2 * row * half));
                }
                let [zero, one, two, three] = rows;
                sides[side] =
                    [zero.subtract(two), one.add(two), two.subtract(one), one.subtract(three)];
            }
            let [even, odd, next_even, next_odd] = sides;
            for down in 0..4 {
                let turned = turned.as_mut_ptr().add(4 * down * stride + column);
                even[down].subtract(next_even[down]).store(turned);
                odd[down].add(next_even[down]).store(turned.add(stride));
                next_even[down].subtract(odd[down]).store(turned.add(2 * stride));
                odd[down].subtract(next_odd[down]).store(turned.add(3 * stride));
            }
        }
    }
}

/// G g Gt of every kernel: for each filter its sixteen numbers, and for each of them its channels.
fn turn_kernels<E: Element>(inputs: usize, weight: &[E], kernels: &mut [E]) {
    let half = E::of(0.5);
    let side = |[a, b, c]: [E; 3]| [a, half * (a + b + c), half * (a - b + c), c];
    let filters = weight.chunks_exact(9 * inputs).zip(kernels.chunks_exact_mut(PRODUCTS * inputs));
    for (weight, kernel) in filters {
        for (input, weight) in weight.as_chunks::<9>().0.iter().enumerate() {
            let columns: [[E; 4]; 3] =
                std::array::from_fn(|column| side([0, 3, 6].map(|row| weight[row + column])));
            for row in 0..4 {
                for (column, x) in side(columns.map(|column| column[row])).into_iter().enumerate() {
                    kernel[(4 * row + column) * inputs + input] = x;
                }
            }
        }
    }
}

/// What filters make of the turned squares.
struct Filters<'a, E> {
    /// Their turned kernels, channel by channel for each number.
    kernels: &'a [E],
    inputs: usize,
    /// The turned squares, in rows [`STRIDE`] apart in the same order.
    turned: &'a [E],
    /// One for each filter, or none.
    biases: &'a [E],
    /// All squares of every filter.
    largest: &'a mut [E],
    marks: &'a mut [u8],
    /// Which of them are the turned ones, and how many a filter has in all.
    first: usize,
    count: usize,
    apart: usize,
}

impl<E: Element> WithSimd<E> for Filters<'_, E> {
    #[inline(always)]
    unsafe fn run<R: Simd<Number = E>>(mut self) {
        let (rows, filters) = (PRODUCTS * self.inputs, self.largest.len() / self.apart.max(1));
        assert!(self.inputs > 0 && self.count >= LANES);
        assert!((rows - 1) * STRIDE + self.count <= self.turned.len(), "the squares are there");
        assert!(self.first + self.count <= self.apart, "every square has a place");
        assert!(filters * self.apart == self.largest.len() && filters * rows == self.kernels.len());
        assert_eq!(self.marks.len(), self.largest.len(), "every square has a mark");
        match self.inputs {
            1 => self.filters::<R, 1>(filters),
            3 => self.filters::<R, 3>(filters),
            4 => self.filters::<R, 4>(filters),
            _ => self.filters::<R, 0>(filters),
        }
    }
}

impl<E: Element> Filters<'_, E> {
    /// All filters, for so many channels, or for any number where that is 0.
    ///
    /// # Safety
    /// The processor has the register, and the sizes are as [`run`](WithSimd::run) asks.
    #[inline(always)]
    unsafe fn filters<R: Simd<Number = E>, const INPUTS: usize>(&mut self, filters: usize) {
        let count = self.count;
        for filter in 0..filters {
            // Two registers share what is read of the kernel. The last ones may be met twice.
            if count < 2 * R::COUNT {
                for square in (0..count).step_by(R::COUNT) {
                    self.squares::<R, INPUTS, 1>(filter, square.min(count - R::COUNT));
                }
                continue;
            }
            for square in (0..count).step_by(2 * R::COUNT) {
                self.squares::<R, INPUTS, 2>(filter, square.min(count - 2 * R::COUNT));
            }
        }
    }

    /// `N` registers of squares from one on.
    ///
    /// # Safety
    /// As above, and there are so many squares.
    #[inline(always)]
    unsafe fn squares<R: Simd<Number = E>, const INPUTS: usize, const N: usize>(
        &mut self,
        filter: usize,
        square: usize,
    ) {
        // What is known of the four sums is brought forward row by row, or it would not fit into
        // the registers.
        let mut upper = self.side::<R, INPUTS, N>(0, filter, square);
        let mut lower = self.side::<R, INPUTS, N>(1, filter, square);
        for n in 0..N {
            upper[n] = [upper[n][0].add(lower[n][0]), upper[n][1].add(lower[n][1])];
        }
        let two = self.side::<R, INPUTS, N>(2, filter, square);
        for n in 0..N {
            upper[n] = [upper[n][0].add(two[n][0]), upper[n][1].add(two[n][1])];
            lower[n] = [lower[n][0].subtract(two[n][0]), lower[n][1].subtract(two[n][1])];
        }
        let three = self.side::<R, INPUTS, N>(3, filter, square);
        let bias = R::of(self.biases.get(filter).copied().unwrap_or_else(E::zero));
        for n in 0..N {
            let [first, second] = upper[n];
            let third = lower[n][0].subtract(three[n][0]);
            let fourth = lower[n][1].subtract(three[n][1]);
            let (largest, is_second) = first.larger(second);
            let (largest, is_third) = largest.larger(third);
            let (largest, is_fourth) = largest.larger(fourth);
            let first = filter * self.apart + self.first + square + n * R::COUNT;
            largest.add(bias).store(self.largest.as_mut_ptr().add(first));
            let marks = &mut self.marks[first..first + R::COUNT];
            write_marks([is_fourth | is_second & !is_third, is_fourth | is_third], marks);
        }
    }

    /// A row of the products, and of them the two numbers that At makes of its four columns.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn side<R: Simd<Number = E>, const INPUTS: usize, const N: usize>(
        &self,
        row: usize,
        filter: usize,
        square: usize,
    ) -> [[R; 2]; N] {
        let zero = self.product::<R, INPUTS, N>(4 * row, filter, square);
        let one = self.product::<R, INPUTS, N>(4 * row + 1, filter, square);
        let two = self.product::<R, INPUTS, N>(4 * row + 2, filter, square);
        let three = self.product::<R, INPUTS, N>(4 * row + 3, filter, square);
        let mut side = [[R::zero(); 2]; N];
        for n in 0..N {
            side[n][0] = zero[n].add(one[n]).add(two[n]);
            side[n][1] = one[n].subtract(two[n]).subtract(three[n]);
        }
        side
    }

    /// One of the sixteen products, summed over the channels.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn product<R: Simd<Number = E>, const INPUTS: usize, const N: usize>(
        &self,
        number: usize,
        filter: usize,
        square: usize,
    ) -> [R; N] {
        let inputs = if INPUTS == 0 { self.inputs } else { INPUTS };
        let kernel = self.kernels.as_ptr().add(filter * PRODUCTS * inputs);
        let mut sums = [R::zero(); N];
        for input in 0..inputs {
            let row = number * inputs + input;
            let weight = R::of(*kernel.add(row));
            for (n, sum) in sums.iter_mut().enumerate() {
                let turned = self.turned.as_ptr().add(row * STRIDE + square + n * R::COUNT);
                *sum = match input {
                    0 => weight.multiply(R::load(turned)),
                    _ => sum.plus_fused(weight, R::load(turned)),
                };
            }
        }
        sums
    }
}

/// Numbers below four, a byte each, of their lower and their higher bits.
#[inline(always)]
fn write_marks(bits: [u16; 2], marks: &mut [u8]) {
    // Copies of the bits, each shifted by one more, of which a byte keeps the lowest.
    let bytes = |bits: u16| {
        let last = u64::from(bits >> 7 & 1) << 56;
        last | u64::from(bits & 0x7f).wrapping_mul(0x0002_0408_1020_4081) & 0x0001_0101_0101_0101
    };
    for (eight, marks) in marks.chunks_mut(8).enumerate() {
        let [low, high] = [bytes(bits[0] >> (8 * eight)), bytes(bits[1] >> (8 * eight))];
        let bytes = (low | high << 1).to_le_bytes();
        marks.copy_from_slice(&bytes[..marks.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pooled::Pooled, simd_dispatch::portable};

    fn numbers<E: Element>(len: usize, scale: f64) -> Vec<E> {
        (0..len).map(|i| E::of((i as f64 * scale).sin())).collect()
    }

    /// What `Pooled` gives, beside the sums one by one in double precision.
    fn check<E: Element>(groups: usize, inputs: usize, before: usize, [rows, columns]: [usize; 2]) {
        let (filters, channels) = (2 * groups, groups * inputs);
        let image = Plane::image(channels, rows, columns);
        let sizes = [rows, columns].map(|size| size + 2 * before - 2);
        let sums = Plane::image(filters, sizes[0], sizes[1]);
        let squares = Plane::image(filters, sizes[0] / 2, sizes[1] / 2);
        let windows = Windows {
            input: image,
            output: sums,
            kernel: [3, 3],
            stride: [1, 1],
            before: [before; 2],
            dilation: [1, 1],
        };
        let convolution = Convolution::new(windows, inputs).unwrap();
        assert!(Winograd::new(convolution, squares, [2, 2]).is_some());
        let pool = Windows {
            input: sums,
            output: squares,
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
            let (mut largest, mut marks) =
                (vec![E::zero(); squares.elements()], vec![9; squares.elements()]);
            use crate::convolution::Pass;
            pooled.forward(&x, (&weight, &bias), &mut largest, &mut marks);
            (largest, marks)
        };
        let sum = |filter: usize, row: usize, column: usize| {
            let mut sum = bias[filter].as_f64();
            for (input, down, across) in (0..inputs * 9).map(|k| (k / 9, k / 3 % 3, k % 3)) {
                let place = [row + down, column + across].map(|place| place.checked_sub(before));
                let [Some(row), Some(column)] = place else { continue };
                if row < rows && column < columns {
                    let channel = filter / 2 * inputs + input;
                    let weight = weight[(filter * inputs + input) * 9 + down * 3 + across];
                    sum += weight.as_f64() * x[image.at(channel, row, column)].as_f64();
                }
            }
            sum
        };
        for (largest, marks) in [run(), portable(run)] {
            let epsilon = 40.0 * E::epsilon().as_f64();
            for place in 0..squares.elements() {
                let (filter, square) = (place / squares.places(), place % squares.places());
                let (row, column) = (square / squares.sizes[1], square % squares.sizes[1]);
                let four = [0, 1, 2, 3]
                    .map(|which| sum(filter, 2 * row + which / 2, 2 * column + which % 2));
                let expected = four.into_iter().fold(f64::NEG_INFINITY, f64::max);
                let found = largest[place].as_f64();
                assert!((found - expected).abs() < epsilon, "{found} is not {expected}");
                let marked = four[usize::from(marks[place])];
                assert!((marked - expected).abs() < epsilon, "{marked} is not {expected}");
            }
        }
    }

    #[test]
    fn the_largest_sums_are_those_of_the_convolution() {
        // One register and several, with and without zeros around, of odd sizes and even ones.
        let sizes = [(0, [10, 10]), (1, [9, 15]), (0, [6, 66]), (1, [33, 4]), (1, [5, 170])];
        for (before, sizes) in sizes {
            check::<f32>(1, 3, before, sizes);
            check::<f64>(1, 3, before, sizes);
        }
        // Other numbers of channels, and groups of them.
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
        let new = |windows, inputs, squares, pool| {
            Winograd::new(Convolution { windows, groups: 1, inputs }, squares, pool)
        };
        let squares = Plane::image(4, 5, 5);
        assert!(new(windows(3, 1, 1), 3, squares, [2, 2]).is_some());
        for windows in [windows(5, 1, 1), windows(3, 2, 1), windows(3, 1, 2)] {
            assert!(new(windows, 3, squares, [2, 2]).is_none());
        }
        assert!(new(windows(3, 1, 1), 9, squares, [2, 2]).is_none());
        assert!(new(windows(3, 1, 1), 3, squares, [2, 3]).is_none());
        assert!(new(windows(3, 1, 1), 3, Plane::image(4, 5, 3), [2, 2]).is_none());
    }
}
