//! What Conv1D and Conv2D share, alone or together with a pooling: the passes of a batch, its
//! samples spread over the cores.

use super::{activation::Activation, origin::Origin};
use crate::{
    kernel::{
        convolution::Pass,
        spread::{each, samples_in_shard},
        windows::Plane,
    },
    tensor::*,
};

/// The layer on a batch: `output` is a sample that comes out, `shape` the batch of them.
pub(super) fn run<P, A, S, W, N, Out, E, D, T>(
    pass: P,
    (x, origin): (Tensor<S, E, D, T>, Origin),
    (weight, bias): (&Tensor<W, E, D>, &Tensor<N, E, D>),
    (output, shape): (Plane, Out),
) -> Result<Tensor<Out, E, D, T>, D::Err>
where
    P: Pass,
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
    let batch = Batch { pass, output, samples: shape.num_elements() / output.len().max(1) };
    let mut sums = device.spare(shape.num_elements())?;
    let mut marks = device.marks(batch.samples * pass.output().1)?;
    let keeps_sums = T::OWNS_TAPE && A::FUNCTION.needs_input();
    // While what comes out of a sample is in the cache.
    let at_once = !keeps_sums && !A::FUNCTION.is_across();
    batch.forward(
        &D::values(&x),
        (&D::values(weight), &D::values(bias)),
        &mut sums,
        &mut marks,
        |sums| {
            if at_once {
                A::FUNCTION.forward(sums, output.channels)
            }
        },
    );
    let mut before = Vec::new();
    if keeps_sums {
        before = device.spare(sums.len())?;
        before.copy_from_slice(&sums);
    }
    if !at_once {
        batch.activate::<A, E>(&mut sums);
    }
    let y = device.try_tensor_from_vec(sums, shape)?;

    if !T::OWNS_TAPE {
        device.keep_marks(marks);
        return Ok(y.put_tape(tape));
    }
    let (weight, bias, output) = (weight.clone(), bias.clone(), y.clone());
    tape.add_backward_op(move |gradients| {
        let mut slope = D::take_gradient(gradients, &output)?;
        let mut partial = device.buffer(batch.shards() * batch.partial())?;
        let activated = (&before[..], &*D::values(&output));
        batch.backward_weight::<A, E>(&D::values(&x), activated, &mut slope, &marks, &mut partial);
        device.keep_spare(before);
        D::edit_gradient(gradients, &weight, |dw| batch.add_weights(&partial, dw))?;
        D::edit_gradient(gradients, &bias, |db| batch.add_biases(&partial, db))?;
        device.keep(partial);
        if origin == Origin::Computed {
            let weight = D::values(&weight);
            D::edit_gradient(gradients, &x, |dx| {
                batch.backward_input(&weight, &slope, &marks, dx);
            })?;
        }
        device.keep_marks(marks);
        D::retire_gradient(gradients, &output, slope)
    });
    Ok(y.put_tape(tape))
}

/// Below how many samples the filters of each are spread over the cores, and in how many pieces.
const FEW_SAMPLES: usize = 4;
const PIECES: usize = 2;

/// A pass over so many samples.
#[derive(Clone, Copy)]
struct Batch<P> {
    pass: P,
    output: Plane,
    samples: usize,
}

impl<P: Pass> Batch<P> {
    fn work(&self) -> usize {
        self.samples * self.pass.work()
    }

    /// How many filters a core takes at a time: all of them where there are samples enough.
    fn together(&self) -> usize {
        let filters = self.output.channels;
        let some = if self.samples < FEW_SAMPLES { filters.div_ceil(PIECES) } else { filters };
        self.pass.with_filters(some).map_or(filters, |_| some).max(1)
    }

    /// The sums of all samples, and `finish` on those of each, or of some filters of it.
    fn forward<E: Element>(
        &self,
        x: &[E],
        weights: (&[E], &[E]),
        sums: &mut [E],
        marks: &mut [u8],
        finish: impl Fn(&mut [E]) + Sync,
    ) {
        let together = self.together();
        if together < self.output.channels {
            return self.forward_by_filters(together, x, weights, sums, marks, finish);
        }
        let (output, marked) = self.pass.output();
        let mut marks = marks.chunks_exact_mut(marked.max(1));
        let images = x.chunks_exact(self.pass.input().max(1));
        let samples = images.zip(sums.chunks_exact_mut(output.max(1)));
        let samples = samples.map(move |(image, sums)| (image, sums, marks.next()));
        each(self.work(), samples, |(image, sums, marks)| {
            self.pass.forward(image, weights, sums, marks.unwrap_or_default());
            finish(sums);
        });
    }

    /// The same with the filters of a sample spread over the cores.
    fn forward_by_filters<E: Element>(
        &self,
        together: usize,
        x: &[E],
        (weight, bias): (&[E], &[E]),
        sums: &mut [E],
        marks: &mut [u8],
        finish: impl Fn(&mut [E]) + Sync,
    ) {
        let (filters, (output, marked)) = (self.output.channels, self.pass.output());
        let (by_filter, marks_by_filter) = (output / filters, marked / filters);
        let mut marks = marks.chunks_exact_mut(marked.max(1));
        let samples =
            x.chunks_exact(self.pass.input().max(1)).zip(sums.chunks_exact_mut(output.max(1)));
        let pieces = samples.flat_map(|(image, sums)| {
            let marks = marks.next().unwrap_or_default();
            let mut marks = marks.chunks_mut((together * marks_by_filter).max(1));
            let pieces = sums.chunks_mut((together * by_filter).max(1)).enumerate();
            pieces.map(move |(piece, sums)| (image, piece * together, sums, marks.next()))
        });
        let pieces: Vec<_> = pieces.collect();
        each(self.work(), pieces.into_iter(), |(image, first, sums, marks)| {
            let own = first..filters.min(first + together);
            let Some(pass) = self.pass.with_filters(own.len()) else { return };
            let kernel = weight.len() / filters;
            let weight = &weight[own.start * kernel..own.end * kernel];
            let bias = bias.get(own).unwrap_or_default();
            pass.forward(image, (weight, bias), sums, marks.unwrap_or_default());
            finish(sums);
        });
    }

    /// How many samples add up their gradients by the weights together.
    fn in_shard(&self) -> usize {
        samples_in_shard(self.samples, self.partial())
    }

    fn shards(&self) -> usize {
        self.samples.div_ceil(self.in_shard())
    }

    /// The numbers of a shard: the gradients by the weights and after them those by the biases.
    fn partial(&self) -> usize {
        self.pass.partial() + self.output.channels
    }

    /// Turns the slopes by what came out into those by the sums, `activated` with their activation,
    /// and adds up the gradients by the weights.
    fn backward_weight<A: Activation, E: Element>(
        &self,
        x: &[E],
        activated: (&[E], &[E]),
        slope: &mut [E],
        marks: &[u8],
        partial: &mut [E],
    ) {
        let ((output, marked), together) = (self.pass.output(), self.in_shard());
        let shards = partial
            .chunks_exact_mut(self.partial().max(1))
            .zip(x.chunks(self.pass.input().max(1) * together))
            .zip(slope.chunks_mut(output.max(1) * together))
            .enumerate();
        each(self.work(), shards, |(shard, ((partial, x), slope))| {
            let (weights, biases) = partial.split_at_mut(self.pass.partial());
            let images = x.chunks_exact(self.pass.input().max(1));
            let samples = images.zip(slope.chunks_exact_mut(output.max(1)));
            for ((image, slope), sample) in samples.zip(shard * together..) {
                self.activate_backward::<A, E>(sample, activated, slope);
                let marks = &marks[sample * marked..][..marked];
                self.pass.backward_weight(image, slope, marks, weights);
                self.output.add_channels(slope, biases);
            }
        });
    }

    fn add_weights<E: Element>(&self, partial: &[E], dw: &mut [E]) {
        for shard in partial.chunks_exact(self.partial().max(1)) {
            self.pass.add_partial(&shard[..self.pass.partial()], dw);
        }
    }

    /// There are as many numbers in `db` as channels, or none.
    fn add_biases<E: Element>(&self, partial: &[E], db: &mut [E]) {
        for shard in partial.chunks_exact(self.partial().max(1)) {
            let sums = &shard[self.pass.partial()..];
            db.iter_mut().zip(sums).for_each(|(db, sum)| *db += *sum);
        }
    }

    fn backward_input<E: Element>(&self, weight: &[E], slope: &[E], marks: &[u8], dx: &mut [E]) {
        let (output, marked) = self.pass.output();
        let images = dx.chunks_exact_mut(self.pass.input().max(1));
        let samples = images.zip(slope.chunks_exact(output.max(1))).enumerate();
        each(self.work(), samples, |(sample, (image, slope))| {
            let marks = &marks[sample * marked..][..marked];
            self.pass.backward_input(weight, slope, marks, image);
        });
    }

    /// Whether rows of filters must be made for an activation that looks at all of a place.
    fn turns<A: Activation>(&self) -> bool {
        A::FUNCTION.is_across() && self.output.channels_first()
    }

    fn activate<A: Activation, E: Element>(&self, values: &mut [E]) {
        let Plane { channels, .. } = self.output;
        each(
            values.len() * A::FUNCTION.cost(),
            values.chunks_exact_mut(self.output.len().max(1)),
            |sample| {
                if !self.turns::<A>() {
                    return A::FUNCTION.forward(sample, channels);
                }
                let mut by_place = transposed(sample, channels);
                A::FUNCTION.forward(&mut by_place, channels);
                transpose(&by_place, self.output.places(), sample);
            },
        );
    }

    /// The slopes of one sample by the sums, given those by what came out.
    fn activate_backward<A: Activation, E: Element>(
        &self,
        sample: usize,
        (input, output): (&[E], &[E]),
        slope: &mut [E],
    ) {
        let Plane { channels, .. } = self.output;
        let own = sample * slope.len()..(sample + 1) * slope.len();
        let (input, output) = (input.get(own.clone()).unwrap_or_default(), &output[own]);
        if !self.turns::<A>() {
            return A::FUNCTION.backward(input, output, slope, channels);
        }
        let mut by_place = transposed(slope, channels);
        let input = transposed(input, channels);
        A::FUNCTION.backward(&input, &transposed(output, channels), &mut by_place, channels);
        transpose(&by_place, self.output.places(), slope);
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
