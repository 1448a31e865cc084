//! The operation of Conv1D and Conv2D, alone or fused with a pooling, with the samples of a batch
//! in parallel.

use multi_input_kernel::{
    convolution::{Convolution, Pass},
    parallel::{for_each, samples_in_shard},
    pooled::Pooled,
    windows::{Plane, Windows},
};

use super::{activation::Function, origin::Origin};
use crate::{operation::*, tensor::*};

/// Records a convolution of `x`.
pub(super) fn run<S: Shape, Out: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    layer: &dyn AnyOperation,
    x: Tensor<S, E, D, T>,
    [weight, bias]: [&dyn Operand<E, D>; 2],
    shape: Out,
) -> Result<Tensor<Out, E, D, T>, D::Err> {
    let (x, tape) = x.split_tape();
    record(layer, &[&x, weight, bias], shape, x.device(), tape)
}

/// A batch of fewer samples splits the filters of each sample into this number of pieces, which run
/// in parallel.
const FEW_SAMPLES: usize = 4;
const FILTER_SPLITS: usize = 2;

/// A convolution of a batch, and the activation. The inputs are x, the weight and the bias, which
/// may be empty.
#[derive(Clone)]
pub(super) struct ConvOperation<P> {
    pub(super) pass: P,
    pub(super) function: Function,
    pub(super) samples: usize,
    pub(super) origin: Origin,
}

impl ConvOperation<Convolution> {
    /// This layer fused with a max pooling after it. `None` unless the windows of the pooling are
    /// disjoint and inside the output and the activation is monotonically increasing.
    pub(super) fn pooled(&self, pool: &Windows) -> Option<ConvOperation<Pooled>> {
        let ConvOperation { pass, function, samples, origin } = *self;
        let pass = Pooled::new(pass, pool).filter(|_| function.is_increasing())?;
        Some(ConvOperation { pass, function, samples, origin })
    }
}

compiled!(ConvOperation<Convolution>, ConvOperation<Pooled>);

/// The buffers of the forward pass that the backward pass needs.
pub(super) struct Saved<E> {
    /// The pre-activations, where the derivative of the activation needs them; else empty.
    sums: Vec<E>,
    /// The argmax of each pooling window, in a fused layer; else empty.
    argmax: Vec<u8>,
}

impl<P: Pass> Operation for ConvOperation<P> {
    type Saved<E: Element> = Saved<E>;

    const OVERWRITES: bool = true;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Saved<E>, OperationError> {
        let ForwardPass { inputs, output, workspace, records } = pass;
        let [x, weight, bias] = inputs else { return Err(OperationError::Size) };
        let mut argmax = workspace.acquire_bytes(self.samples * self.pass.marks())?;
        let keeps_sums = records && self.function.needs_input();
        // The activation follows each sample while its output is in the cache.
        let at_once = !keeps_sums && !self.function.is_row_wise();
        self.forward_samples(x, (weight, bias), output, &mut argmax, |sums| {
            if at_once {
                self.function.forward(sums, self.channels())
            }
        });
        let mut sums = Vec::new();
        if keeps_sums {
            sums = workspace.acquire_uninitialised(output.len())?;
            sums.copy_from_slice(output);
        }
        if !at_once {
            self.activate(output);
        }
        if !records {
            workspace.release_bytes(std::mem::take(&mut argmax));
        }
        Ok(Saved { sums, argmax })
    }

    fn backward<E: Element>(
        &self,
        Saved { sums, argmax }: Saved<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let BackwardPass { inputs, output, gradient, workspace } = pass;
        let [x, weight, _] = inputs else { return Err(OperationError::Size) };
        let mut partial = workspace.acquire_zeroed(self.shards() * self.partial())?;
        self.backward_weight(x, (&sums, output), gradient, &argmax, &mut partial);
        workspace.release_uninitialised(sums);
        gradients.edit(1, |dw| self.add_weights(&partial, dw))?;
        gradients.edit(2, |db| self.add_biases(&partial, db))?;
        workspace.release(partial);
        if self.origin == Origin::Computed {
            gradients.edit(0, |dx| self.backward_input(weight, gradient, &argmax, dx))?;
        }
        workspace.release_bytes(argmax);
        Ok(())
    }
}

impl<P: Pass> ConvOperation<P> {
    fn channels(&self) -> usize {
        self.pass.output().channels
    }

    fn work(&self) -> usize {
        self.samples * self.pass.work()
    }

    /// The number of filters of a task: all filters where the batch has enough samples.
    fn filters_per_task(&self) -> usize {
        let filters = self.channels();
        let some =
            if self.samples < FEW_SAMPLES { filters.div_ceil(FILTER_SPLITS) } else { filters };
        self.pass.with_filters(some).map_or(filters, |_| some).max(1)
    }

    /// Computes the pre-activations of all samples and calls `finish` on those of each sample, or
    /// of some of its filters.
    fn forward_samples<E: Element>(
        &self,
        x: &[E],
        weights: (&[E], &[E]),
        sums: &mut [E],
        argmax: &mut [u8],
        finish: impl Fn(&mut [E]) + Sync,
    ) {
        let filters_per_task = self.filters_per_task();
        if filters_per_task < self.channels() {
            return self.forward_filters(filters_per_task, x, weights, sums, argmax, finish);
        }
        let output = self.pass.output().elements();
        let mut argmax = argmax.chunks_exact_mut(self.pass.marks().max(1));
        let images = x.chunks_exact(self.pass.input().max(1));
        let samples = images.zip(sums.chunks_exact_mut(output.max(1)));
        let samples = samples.map(move |(image, sums)| (image, sums, argmax.next()));
        for_each(self.work(), samples, |(image, sums, argmax)| {
            self.pass.forward(image, weights, sums, argmax.unwrap_or_default());
            finish(sums);
        });
    }

    /// [`forward_samples`](ConvOperation::forward_samples) with the filters of each sample in
    /// parallel.
    fn forward_filters<E: Element>(
        &self,
        filters_per_task: usize,
        x: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        argmax: &mut [u8],
        finish: impl Fn(&mut [E]) + Sync,
    ) {
        let filters = self.channels();
        let (output, argmax_len) = (self.pass.output().elements(), self.pass.marks());
        let (by_filter, argmax_by_filter) = (output / filters, argmax_len / filters);
        let mut argmax = argmax.chunks_exact_mut(argmax_len.max(1));
        let samples =
            x.chunks_exact(self.pass.input().max(1)).zip(sums.chunks_exact_mut(output.max(1)));
        let tasks = samples.flat_map(|(image, sums)| {
            let argmax = argmax.next().unwrap_or_default();
            let mut argmax = argmax.chunks_mut((filters_per_task * argmax_by_filter).max(1));
            let tasks = sums.chunks_mut((filters_per_task * by_filter).max(1)).enumerate();
            tasks.map(move |(task, sums)| (image, task * filters_per_task, sums, argmax.next()))
        });
        let tasks: Vec<_> = tasks.collect();
        for_each(self.work(), tasks.into_iter(), |(image, first, sums, argmax)| {
            let own = first..filters.min(first + filters_per_task);
            let Some(pass) = self.pass.with_filters(own.len()) else { return };
            let kernel = weight.len() / filters;
            let weight = &weight[own.start * kernel..own.end * kernel];
            let bias = bias.get(own).unwrap_or_default();
            pass.forward(image, (weight, bias), sums, argmax.unwrap_or_default());
            finish(sums);
        });
    }

    /// The number of samples whose weight gradients are summed in one buffer.
    fn samples_per_shard(&self) -> usize {
        samples_in_shard(self.samples, self.partial())
    }

    fn shards(&self) -> usize {
        self.samples.div_ceil(self.samples_per_shard())
    }

    /// The number of elements of a shard's gradients: those of the weight, then those of the bias.
    fn partial(&self) -> usize {
        self.pass.partial() + self.channels()
    }

    /// Replaces the gradients of the output by those of the pre-activations, and sums the weight
    /// gradients of each shard in `partial`. `activated` has the pre-activations and the outputs.
    fn backward_weight<E: Element>(
        &self,
        x: &[E],
        activated: (&[E], &[E]),
        grad: &mut [E],
        argmax: &[u8],
        partial: &mut [E],
    ) {
        let (output, argmax_len) = (self.pass.output().elements(), self.pass.marks());
        let samples_per_shard = self.samples_per_shard();
        let shards = partial
            .chunks_exact_mut(self.partial().max(1))
            .zip(x.chunks(self.pass.input().max(1) * samples_per_shard))
            .zip(grad.chunks_mut(output.max(1) * samples_per_shard))
            .enumerate();
        for_each(self.work(), shards, |(shard, ((partial, x), grad))| {
            let (weights, biases) = partial.split_at_mut(self.pass.partial());
            let images = x.chunks_exact(self.pass.input().max(1));
            let samples = images.zip(grad.chunks_exact_mut(output.max(1)));
            for ((image, grad), sample) in samples.zip(shard * samples_per_shard..) {
                self.activate_backward(sample, activated, grad);
                let argmax = &argmax[sample * argmax_len..][..argmax_len];
                self.pass.backward_weight(image, grad, argmax, weights);
                self.pass.output().add_channels(grad, biases);
            }
        });
    }

    fn add_weights<E: Element>(&self, partial: &[E], dw: &mut [E]) {
        for shard in partial.chunks_exact(self.partial().max(1)) {
            self.pass.add_partial(&shard[..self.pass.partial()], dw);
        }
    }

    /// `db` has one element for each channel, or none.
    fn add_biases<E: Element>(&self, partial: &[E], db: &mut [E]) {
        for shard in partial.chunks_exact(self.partial().max(1)) {
            let sums = &shard[self.pass.partial()..];
            db.iter_mut().zip(sums).for_each(|(db, sum)| *db += *sum);
        }
    }

    fn backward_input<E: Element>(&self, weight: &[E], grad: &[E], argmax: &[u8], dx: &mut [E]) {
        let (output, argmax_len) = (self.pass.output().elements(), self.pass.marks());
        let images = dx.chunks_exact_mut(self.pass.input().max(1));
        let samples = images.zip(grad.chunks_exact(output.max(1))).enumerate();
        for_each(self.work(), samples, |(sample, (image, grad))| {
            let argmax = &argmax[sample * argmax_len..][..argmax_len];
            self.pass.backward_input(weight, grad, argmax, image);
        });
    }

    /// Whether the activation needs the channels of a pixel side by side, and they are not.
    fn needs_transpose(&self) -> bool {
        self.function.is_row_wise() && self.pass.output().channels_first()
    }

    fn activate<E: Element>(&self, values: &mut [E]) {
        let Plane { channels, .. } = self.pass.output();
        for_each(
            values.len() * self.function.cost(),
            values.chunks_exact_mut(self.pass.output().elements().max(1)),
            |sample| {
                if !self.needs_transpose() {
                    return self.function.forward(sample, channels);
                }
                let mut channels_last = transposed(sample, channels);
                self.function.forward(&mut channels_last, channels);
                transpose(&channels_last, self.pass.output().places(), sample);
            },
        );
    }

    /// Replaces the gradient of one sample's output by that of its pre-activations.
    fn activate_backward<E: Element>(
        &self,
        sample: usize,
        (input, output): (&[E], &[E]),
        grad: &mut [E],
    ) {
        let Plane { channels, .. } = self.pass.output();
        let own = sample * grad.len()..(sample + 1) * grad.len();
        let (input, output) = (input.get(own.clone()).unwrap_or_default(), &output[own]);
        if !self.needs_transpose() {
            return self.function.backward(input, output, grad, channels);
        }
        let mut channels_last = transposed(grad, channels);
        let input = transposed(input, channels);
        self.function.backward(&input, &transposed(output, channels), &mut channels_last, channels);
        transpose(&channels_last, self.pass.output().places(), grad);
    }
}

/// The transpose of a matrix of `rows` rows.
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
