//! Convolutions of single samples as matrix products over patches of the image, band after band of
//! places, so that patches stay in the cache.

use std::ops::Range;

use super::{
    element::simd_dispatch::simd_fn,
    element::thread_buffers::with_buffer,
    matmul::{multiply_into, Add, Matrix},
    windows::{Band, Plane, Windows},
    Element,
};

/// How many numbers the patches of a band have about.
const PATCHES: usize = 1 << 14;

/// The passes of one sample through a convolution and whatever is fused with it.
pub trait Pass: Copy + Send + Sync + 'static {
    /// The numbers of a sample that comes in.
    fn input(&self) -> usize;

    /// The sums of a sample.
    fn output(&self) -> Plane;

    /// How many bytes a sample remembers of its sums.
    fn marks(&self) -> usize;

    /// The same with so many filters alone; `None` where what they give does not lie in one piece.
    fn with_filters(&self, filters: usize) -> Option<Self>;

    /// How many multiplications there are.
    fn work(&self) -> usize;

    /// The sums, of the weights and the bias.
    fn forward<E: Element>(
        &self,
        image: &[E],
        weights: (&[E], &[E]),
        sums: &mut [E],
        argmax: &mut [u8],
    );

    /// How many numbers are added up by [`backward_weight`](Pass::backward_weight).
    fn partial(&self) -> usize;

    /// Adds the gradient by the weights, in an order of its own.
    fn backward_weight<E: Element>(
        &self,
        image: &[E],
        grad: &[E],
        argmax: &[u8],
        partial: &mut [E],
    );

    /// Adds up what all shards have, in the order of the weights.
    fn add_partial<E: Element>(&self, partial: &[E], weight: &mut [E]);

    /// Adds the gradient by the image.
    fn backward_input<E: Element>(&self, weight: &[E], grad: &[E], argmax: &[u8], image: &mut [E]);
}

/// The sizes of a convolution whose windows are known to fit.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// The windows, and what they slide over.
    pub windows: Windows,
    /// Into how many groups channels and filters are split.
    pub groups: usize,
    /// The channels that one filter sees.
    pub inputs: usize,
}

impl Convolution {
    /// `None` where channels and filters cannot be split so that every filter sees `inputs`
    /// channels, or a window stands still.
    pub fn new(windows: Windows, inputs: usize) -> Option<Convolution> {
        let (channels, filters) = (windows.input.channels, windows.output.channels);
        let groups = channels.checked_div(inputs)?;
        let splits = groups * inputs == channels && filters.checked_rem(groups)? == 0;
        let slides = !windows.stride.contains(&0);
        (splits && slides).then_some(Convolution { windows, groups, inputs })
    }

    /// How many weights a filter has.
    pub fn kernel(&self) -> usize {
        self.inputs * self.windows.kernel[0] * self.windows.kernel[1]
    }

    /// How many filters a group has.
    pub fn filters(&self) -> usize {
        self.windows.output.channels / self.groups
    }

    /// The channels that the filters of a group see.
    pub fn channels(&self, group: usize) -> Range<usize> {
        group * self.inputs..(group + 1) * self.inputs
    }

    /// The weights of a group, a row for each filter.
    pub fn weights(&self, group: usize) -> Range<usize> {
        let len = self.filters() * self.kernel();
        group * len..(group + 1) * len
    }

    fn weight<'a, E: Element>(&self, weight: &'a [E], group: usize) -> Matrix<'a, E> {
        Matrix::new(&weight[self.weights(group)], self.filters(), self.kernel())
    }

    /// Bands of the places under so many rows and columns.
    pub(crate) fn bands(
        &self,
        sizes: [usize; 2],
        row_multiple: usize,
    ) -> impl Iterator<Item = Band> {
        self.windows.bands(sizes, (PATCHES / self.kernel().max(1)).max(64), row_multiple)
    }

    /// The patches of a group, a row for each weight of a filter.
    pub(crate) fn with_patches<E: Element>(
        &self,
        image: &[E],
        group: usize,
        band: &Band,
        work: impl FnOnce(Matrix<'_, E>),
    ) {
        let (kernel, positions) = (self.kernel(), band.places());
        let stride = row_stride(positions);
        with_buffer(kernel * stride, |patches| {
            if self.windows.needs_padding() {
                patches.fill(E::zero());
            }
            self.windows.gather(image, self.channels(group), band, (patches, stride));
            work(Matrix::strided(patches, [kernel, positions], [stride, 1]));
        });
    }

    /// Where the sums of a group's band lie in a sample of the output: the first of them, and how
    /// far apart filters and places are.
    fn output_layout(&self, group: usize, band: &Band) -> (usize, [usize; 2]) {
        let output = &self.windows.output;
        let first = output.at(group * self.filters(), band.rows.start, band.columns.start);
        (first, [output.at(1, 0, 0), output.at(0, 0, 1)])
    }

    fn grad<'a, E: Element>(&self, grad: &'a [E], group: usize, band: &Band) -> Matrix<'a, E> {
        let (first, strides) = self.output_layout(group, band);
        Matrix::strided(&grad[first..], [self.filters(), band.places()], strides)
    }
}

/// How far apart the rows of a matrix of so many columns should lie: whole registers, but not so
/// that all rows fall into the same few lines of the cache.
pub(crate) fn row_stride(columns: usize) -> usize {
    let stride = columns.next_multiple_of(16);
    if stride.is_multiple_of(256) {
        stride + 16
    } else {
        stride
    }
}

impl Pass for Convolution {
    fn input(&self) -> usize {
        self.windows.input.elements()
    }

    fn output(&self) -> Plane {
        self.windows.output
    }

    fn marks(&self) -> usize {
        0
    }

    fn with_filters(&self, filters: usize) -> Option<Convolution> {
        let contiguous = self.groups == 1 && self.windows.output.channels_first();
        let output = self.windows.output.with_channels(filters);
        let windows = Windows { output, ..self.windows };
        contiguous.then_some(Convolution { windows, ..*self })
    }

    fn work(&self) -> usize {
        self.windows.output.elements() * self.kernel()
    }

    fn forward<E: Element>(
        &self,
        image: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        _: &mut [u8],
    ) {
        let output = self.windows.output;
        for band in self.bands(output.sizes, 1) {
            for group in 0..self.groups {
                let (first, strides) = self.output_layout(group, &band);
                self.with_patches(image, group, &band, |patches| {
                    let (weight, sums) = (self.weight(weight, group), &mut sums[first..]);
                    multiply_into(weight, patches, sums, strides, Add::Replace);
                });
            }
        }
        match output.channels_first() {
            true => add_to_rows(output.places(), bias, sums),
            false => add_to_columns(bias, sums),
        }
    }

    fn partial(&self) -> usize {
        self.windows.output.channels * self.kernel()
    }

    fn backward_weight<E: Element>(&self, image: &[E], grad: &[E], _: &[u8], partial: &mut [E]) {
        for band in self.bands(self.windows.output.sizes, 1) {
            for group in 0..self.groups {
                let grad = self.grad(grad, group, &band);
                let partial = &mut partial[self.weights(group)];
                self.with_patches(image, group, &band, |patches| {
                    let strides = [self.kernel(), 1];
                    multiply_into(grad, patches.transposed(), partial, strides, Add::ToOutput);
                });
            }
        }
    }

    fn add_partial<E: Element>(&self, partial: &[E], weight: &mut [E]) {
        weight.iter_mut().zip(partial).for_each(|(sum, term)| *sum += *term);
    }

    fn backward_input<E: Element>(&self, weight: &[E], grad: &[E], _: &[u8], image: &mut [E]) {
        for band in self.bands(self.windows.output.sizes, 1) {
            let stride = row_stride(band.places());
            with_buffer(self.kernel() * stride, |patches| {
                for group in 0..self.groups {
                    let weight = self.weight(weight, group).transposed();
                    let grad = self.grad(grad, group, &band);
                    multiply_into(weight, grad, patches, [stride, 1], Add::Replace);
                    let channels = self.channels(group);
                    self.windows.scatter((patches, stride), channels, &band, image);
                }
            });
        }
    }
}

simd_fn! {
    /// Adds a bias to each row of so many places.
    fn add_to_rows(positions: usize, bias: &'a [E], sums: &'a mut [E]) {
        for (row, bias) in sums.chunks_exact_mut(positions.max(1)).zip(bias) {
            row.iter_mut().for_each(|sum| *sum += *bias);
        }
    }
}

simd_fn! {
    /// Adds a bias to each column.
    fn add_to_columns(bias: &'a [E], sums: &'a mut [E]) {
        for row in sums.chunks_exact_mut(bias.len().max(1)) {
            row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += *bias);
        }
    }
}
