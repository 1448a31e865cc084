//! What Conv1D and Conv2D share: sums over patches as matrix products, one sample after the other.

use std::ops::Range;

use super::activation::Activation;
use crate::{
    kernel::{
        matmul::{multiply, Add, Matrix},
        windows::{Plane, Windows},
    },
    tensor::*,
};

/// The sizes of a convolution whose windows are known to fit.
#[derive(Clone, Copy)]
pub(super) struct Convolution {
    windows: Windows,
    groups: usize,
    /// The channels that one filter sees.
    inputs: usize,
}

impl Convolution {
    /// `None` where channels and filters cannot be split so that every filter sees `inputs`
    /// channels, or a window stands still.
    pub(super) fn new(windows: Windows, inputs: usize) -> Option<Convolution> {
        let (channels, filters) = (windows.input.channels, windows.output.channels);
        let groups = channels.checked_div(inputs)?;
        let splits = groups * inputs == channels && filters.checked_rem(groups)? == 0;
        let slides = !windows.stride.contains(&0);
        (splits && slides).then_some(Convolution { windows, groups, inputs })
    }

    /// The layer on a batch: `shape` is that of the output.
    pub(super) fn apply<A, S, W, N, Out, E, D, T>(
        self,
        x: Tensor<S, E, D, T>,
        weight: &Tensor<W, E, D>,
        bias: &Tensor<N, E, D>,
        shape: Out,
    ) -> Result<Tensor<Out, E, D, T>, D::Err>
    where
        A: Activation,
        S: Shape,
        W: Shape,
        N: Shape,
        Out: Shape,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let device = x.device().clone();
        let mut sums = device.buffer(shape.num_elements())?;
        let mut patches = device.buffer(self.windows.patches_len(self.inputs))?;
        {
            let (x, weight, bias) = (D::values(&x), D::values(weight), D::values(bias));
            for (image, sums) in self.inputs_of(&x).zip(self.outputs_of_mut(&mut sums)) {
                self.forward(image, &weight, &bias, &mut patches, sums);
            }
        }
        let before = if T::OWNS_TAPE && A::NEEDS_INPUT { sums.clone() } else { Vec::new() };
        self.activate::<A, E>(&mut sums);
        let y = device.try_tensor_from_vec(sums, shape)?;

        if T::OWNS_TAPE {
            let (weight, bias, output) = (weight.clone(), bias.clone(), y.clone());
            tape.add_backward_op(move |gradients| {
                let mut slope = D::take_gradient(gradients, &output)?;
                self.activate_backward::<A, E>(&before, &D::values(&output), &mut slope);
                let x_values = D::values(&x);
                D::edit_gradient(gradients, &weight, |dw| {
                    for (image, slope) in self.inputs_of(&x_values).zip(self.outputs_of(&slope)) {
                        self.backward_weight(image, slope, &mut patches, dw);
                    }
                })?;
                D::edit_gradient(gradients, &bias, |db| {
                    for slope in self.outputs_of(&slope) {
                        self.backward_bias(slope, db);
                    }
                })?;
                let weight = D::values(&weight);
                D::edit_gradient(gradients, &x, |dx| {
                    let images = dx.chunks_exact_mut(self.windows.input.len().max(1));
                    for (image, slope) in images.zip(self.outputs_of(&slope)) {
                        self.backward_input(&weight, slope, &mut patches, image);
                    }
                })?;
                D::restore_gradient(gradients, &output, slope)
            });
        }
        Ok(y.put_tape(tape))
    }

    fn inputs_of<'a, E>(&self, x: &'a [E]) -> impl Iterator<Item = &'a [E]> {
        x.chunks_exact(self.windows.input.len().max(1))
    }

    fn outputs_of<'a, E>(&self, y: &'a [E]) -> impl Iterator<Item = &'a [E]> {
        y.chunks_exact(self.windows.output.len().max(1))
    }

    fn outputs_of_mut<'a, E>(&self, y: &'a mut [E]) -> impl Iterator<Item = &'a mut [E]> {
        y.chunks_exact_mut(self.windows.output.len().max(1))
    }

    /// One sample; `sums` holds zeros.
    fn forward<E: Element>(
        &self,
        image: &[E],
        weight: &[E],
        bias: &[E],
        patches: &mut [E],
        sums: &mut [E],
    ) {
        let places = self.windows.output.places();
        let by_filter = |sums: &mut [E], patches: &mut [E]| {
            for (row, bias) in sums.chunks_exact_mut(places.max(1)).zip(bias) {
                row.fill(*bias);
            }
            for group in 0..self.groups {
                self.windows.gather(image, self.channels(group), patches);
                let sums = &mut sums[self.filters(group, places)];
                let patches = self.patches(patches);
                multiply(self.weight(weight, group), patches, sums, Add::ToOutput);
            }
        };
        match self.windows.output.channels_first() {
            true => by_filter(sums, patches),
            false => {
                let mut filters = sums.to_vec();
                by_filter(&mut filters, patches);
                transpose(&filters, self.windows.output.channels, sums);
            }
        }
    }

    fn backward_weight<E: Element>(
        &self,
        image: &[E],
        slope: &[E],
        patches: &mut [E],
        dw: &mut [E],
    ) {
        let slope = self.by_filter(slope);
        for group in 0..self.groups {
            self.windows.gather(image, self.channels(group), patches);
            let dw = &mut dw[self.filters(group, self.kernel())];
            let patches = self.patches(patches).transposed();
            multiply(self.slope(&slope, group), patches, dw, Add::ToOutput);
        }
    }

    /// There are as many numbers in `db` as filters, or none.
    fn backward_bias<E: Element>(&self, slope: &[E], db: &mut [E]) {
        let slope = self.by_filter(slope);
        for (db, row) in db.iter_mut().zip(slope.chunks_exact(self.windows.output.places().max(1)))
        {
            *db += row.iter().copied().sum::<E>();
        }
    }

    fn backward_input<E: Element>(
        &self,
        weight: &[E],
        slope: &[E],
        patches: &mut [E],
        image: &mut [E],
    ) {
        let slope = self.by_filter(slope);
        for group in 0..self.groups {
            let weight = self.weight(weight, group).transposed();
            multiply(weight, self.slope(&slope, group), patches, Add::Replace);
            self.windows.scatter(patches, self.channels(group), image);
        }
    }

    /// How many weights a filter has.
    fn kernel(&self) -> usize {
        self.inputs * self.windows.kernel[0] * self.windows.kernel[1]
    }

    fn channels(&self, group: usize) -> Range<usize> {
        group * self.inputs..(group + 1) * self.inputs
    }

    /// The rows of a group's filters, each of `width`.
    fn filters(&self, group: usize, width: usize) -> Range<usize> {
        let len = self.windows.output.channels / self.groups * width;
        group * len..(group + 1) * len
    }

    fn weight<'a, E: Element>(&self, weight: &'a [E], group: usize) -> Matrix<'a, E> {
        let filters = self.windows.output.channels / self.groups;
        Matrix::new(&weight[self.filters(group, self.kernel())], filters, self.kernel())
    }

    fn slope<'a, E: Element>(&self, slope: &'a [E], group: usize) -> Matrix<'a, E> {
        let places = self.windows.output.places();
        let filters = self.windows.output.channels / self.groups;
        Matrix::new(&slope[self.filters(group, places)], filters, places)
    }

    fn patches<'a, E: Element>(&self, patches: &'a [E]) -> Matrix<'a, E> {
        Matrix::new(patches, self.kernel(), self.windows.output.places())
    }

    /// A sample of the output with a row for each filter.
    fn by_filter<'a, E: Element>(&self, sample: &'a [E]) -> std::borrow::Cow<'a, [E]> {
        match self.windows.output.channels_first() {
            true => sample.into(),
            false => transposed(sample, self.windows.output.places()).into(),
        }
    }

    /// Whether rows of filters must be made for an activation that looks at all of a place.
    fn turns<A: Activation>(&self) -> bool {
        A::ACROSS && self.windows.output.channels_first()
    }

    fn activate<A: Activation, E: Element>(&self, values: &mut [E]) {
        let Plane { channels, .. } = self.windows.output;
        if !self.turns::<A>() {
            return A::forward(values, channels);
        }
        for sample in self.outputs_of_mut(values) {
            let mut by_place = transposed(sample, channels);
            A::forward(&mut by_place, channels);
            transpose(&by_place, self.windows.output.places(), sample);
        }
    }

    fn activate_backward<A: Activation, E: Element>(
        &self,
        input: &[E],
        output: &[E],
        slope: &mut [E],
    ) {
        let Plane { channels, .. } = self.windows.output;
        if !self.turns::<A>() {
            return A::backward(input, output, slope, channels);
        }
        let mut inputs = self.outputs_of(input);
        for (output, slope) in self.outputs_of(output).zip(self.outputs_of_mut(slope)) {
            let mut by_place = transposed(slope, channels);
            let input = inputs.next().map_or_else(Vec::new, |input| transposed(input, channels));
            A::backward(&input, &transposed(output, channels), &mut by_place, channels);
            transpose(&by_place, self.windows.output.places(), slope);
        }
    }
}

/// A matrix of `rows` rows with rows and columns exchanged.
fn transposed<E: Element>(matrix: &[E], rows: usize) -> Vec<E> {
    let mut output = matrix.to_vec();
    transpose(matrix, rows, &mut output);
    output
}

fn transpose<E: Element>(matrix: &[E], rows: usize, output: &mut [E]) {
    let columns = matrix.len() / rows.max(1);
    for (row, values) in matrix.chunks_exact(columns.max(1)).enumerate() {
        let column = output[row..].iter_mut().step_by(rows.max(1));
        column.zip(values).for_each(|(output, value)| *output = *value);
    }
}
