//! Convolutions of single samples as matrix products over im2col patches, in bands of output
//! positions whose patches stay in the cache.

use std::ops::Range;

use super::{
    element::simd_dispatch::simd_fn,
    element::thread_buffers::with_buffer,
    matmul::{multiply_into, Add, Matrix},
    windows::{Band, Plane, Windows},
    Element,
};

/// Approximate number of elements of a band's patches.
const PATCHES: usize = 1 << 14;

/// Forward and backward pass of a convolution for one sample, with the operations that are fused
/// with it.
pub trait Pass: Copy + Send + Sync + 'static {
    /// Number of elements of an input sample.
    fn input(&self) -> usize;

    /// Layout of an output sample.
    fn output(&self) -> Plane;

    /// Number of bytes that a sample saves: the argmax of each pooling window, or none.
    fn argmax_len(&self) -> usize;

    /// The same pass with `filters` filters only; `None` where the output of these filters is not
    /// contiguous.
    fn with_filters(&self, filters: usize) -> Option<Self>;

    /// Number of multiplications per sample.
    fn work(&self) -> usize;

    /// Computes the output from weight and bias, and the argmax of the pooling windows.
    fn forward<E: Element>(
        &self,
        image: &[E],
        weights: (&[E], &[E]),
        sums: &mut [E],
        argmax: &mut [u8],
    );

    /// Length of the buffer for [`backward_weight`](Pass::backward_weight).
    fn partial(&self) -> usize;

    /// Adds the gradient of the weight to `partial`, whose layout is private to the pass.
    fn backward_weight<E: Element>(
        &self,
        image: &[E],
        grad: &[E],
        argmax: &[u8],
        partial: &mut [E],
    );

    /// Adds the `partial` of a shard to the gradient of the weight.
    fn add_partial<E: Element>(&self, partial: &[E], weight: &mut [E]);

    /// Adds to the gradient of the input.
    fn backward_input<E: Element>(&self, weight: &[E], grad: &[E], argmax: &[u8], image: &mut [E]);
}

/// A convolution with groups, with validated sizes.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Kernel windows over the input.
    pub windows: Windows,
    /// Number of groups of channels and filters.
    pub groups: usize,
    /// Number of input channels per filter.
    pub inputs: usize,
}

impl Convolution {
    /// `None` where channels and filters cannot be split into groups of `inputs` channels, or a
    /// stride is 0.
    pub fn new(windows: Windows, inputs: usize) -> Option<Convolution> {
        let (channels, filters) = (windows.input.channels, windows.output.channels);
        let groups = channels.checked_div(inputs)?;
        let splits = groups * inputs == channels && filters.checked_rem(groups)? == 0;
        let slides = !windows.stride.contains(&0);
        (splits && slides).then_some(Convolution { windows, groups, inputs })
    }

    /// Number of weights per filter.
    pub fn kernel(&self) -> usize {
        self.inputs * self.windows.kernel[0] * self.windows.kernel[1]
    }

    /// Number of filters per group.
    pub fn filters(&self) -> usize {
        self.windows.output.channels / self.groups
    }

    /// The input channels of a group.
    pub fn channels(&self, group: usize) -> Range<usize> {
        group * self.inputs..(group + 1) * self.inputs
    }

    /// The range of a group's weights, `[filters, kernel]`.
    pub fn weights(&self, group: usize) -> Range<usize> {
        let len = self.filters() * self.kernel();
        group * len..(group + 1) * len
    }

    fn weight<'a, E: Element>(&self, weight: &'a [E], group: usize) -> Matrix<'a, E> {
        Matrix::new(&weight[self.weights(group)], self.filters(), self.kernel())
    }

    /// Splits the given numbers of output rows and columns into bands.
    pub(crate) fn bands(
        &self,
        sizes: [usize; 2],
        row_multiple: usize,
    ) -> impl Iterator<Item = Band> {
        self.windows.bands(sizes, (PATCHES / self.kernel().max(1)).max(64), row_multiple)
    }

    /// Calls `work` with the patches of a group, `[kernel, positions]`.
    pub(crate) fn with_patches<E: Element>(
        &self,
        image: &[E],
        group: usize,
        band: &Band,
        work: impl FnOnce(Matrix<'_, E>),
    ) {
        let (kernel, positions) = (self.kernel(), band.positions());
        let stride = row_stride(positions);
        with_buffer(kernel * stride, |patches| {
            if self.windows.needs_padding() {
                patches.fill(E::zero());
            }
            self.windows.gather(image, self.channels(group), band, (patches, stride));
            work(Matrix::strided(patches, [kernel, positions], [stride, 1]));
        });
    }

    /// Layout of a group's band within an output sample: offset of the first element, and the
    /// strides of filters and positions.
    fn output_layout(&self, group: usize, band: &Band) -> (usize, [usize; 2]) {
        let output = &self.windows.output;
        let first = output.at(group * self.filters(), band.rows.start, band.columns.start);
        (first, [output.at(1, 0, 0), output.at(0, 0, 1)])
    }

    fn grad<'a, E: Element>(&self, grad: &'a [E], group: usize, band: &Band) -> Matrix<'a, E> {
        let (first, strides) = self.output_layout(group, band);
        Matrix::strided(&grad[first..], [self.filters(), band.positions()], strides)
    }
}

/// Row stride for a matrix with `columns` columns: a multiple of the register width, but not of
/// 256, so that the rows do not fall into the same cache sets.
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

    fn argmax_len(&self) -> usize {
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
            true => add_to_rows(output.positions(), bias, sums),
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
            let stride = row_stride(band.positions());
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
    /// Adds `bias[i]` to row `i` of `positions` elements.
    fn add_to_rows(positions: usize, bias: &'a [E], sums: &'a mut [E]) {
        for (row, bias) in sums.chunks_exact_mut(positions.max(1)).zip(bias) {
            row.iter_mut().for_each(|sum| *sum += *bias);
        }
    }
}

simd_fn! {
    /// Adds `bias[j]` to column `j`.
    fn add_to_columns(bias: &'a [E], sums: &'a mut [E]) {
        for row in sums.chunks_exact_mut(bias.len().max(1)) {
            row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += *bias);
        }
    }
}
