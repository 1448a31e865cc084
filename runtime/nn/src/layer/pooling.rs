//! The operations of the pooling layers: maximum or mean of a window or of a whole channel.

use multi_input_kernel::{
    parallel::for_each,
    pooled::Tiles,
    windows::{exceeds, Plane, Windows},
};

use super::Mask;
use crate::{operation::*, tensor::Element};

/// The function of the pooled elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Max,
    Mean,
}

/// Pools each window to one element. Of equal maxima the first gets the whole gradient. Padding is
/// not pooled.
#[derive(Clone)]
pub(super) struct Pool {
    pub(super) rule: Rule,
    pub(super) windows: Windows,
}

compiled!(Pool, PoolAll);

/// The position of the maximum of each window.
pub(super) enum Argmax {
    /// Not recorded, because no backward pass follows.
    None,
    /// The index within the sample, as `u32` to halve the memory.
    Indices(Vec<u32>),
    /// The index within the window, for disjoint windows.
    WindowIndices(Vec<u8>),
}

/// The index of a window that holds only padding.
const NO_INDEX: u32 = u32::MAX;

impl Pool {
    /// The numbers of elements of an input sample and of an output sample.
    fn sizes(&self) -> (usize, usize) {
        (self.windows.input.elements().max(1), self.windows.output.elements().max(1))
    }

    /// The cost of a batch of `samples`, in multiplications.
    fn work(&self, samples: usize) -> usize {
        4 * self.windows.work() * samples
    }

    fn max_of_windows<E: Element>(
        &self,
        pass: ForwardPass<'_, E>,
    ) -> Result<Argmax, OperationError> {
        let (inputs, outputs) = self.sizes();
        if u32::try_from(inputs).is_err() {
            return Err(OperationError::Size);
        }
        let x = &pass.inputs[0];
        let mut argmax = vec![NO_INDEX; if pass.records { pass.output.len() } else { 0 }];
        let mut indices = argmax.chunks_exact_mut(outputs);
        let samples = x.chunks_exact(inputs).zip(pass.output.chunks_exact_mut(outputs));
        let samples = samples.map(move |(x, y)| (x, y, indices.next()));
        for_each(self.work(x.len() / inputs), samples, |(x, y, argmax)| match argmax {
            Some(argmax) => self.windows.largest(x, |index, at, number| {
                y[index] = number;
                argmax[index] = at as u32;
            }),
            None => self.windows.largest(x, |index, _, number| y[index] = number),
        });
        Ok(Argmax::Indices(argmax))
    }

    fn max_of_tiles<E: Element>(
        &self,
        tiles: Tiles,
        pass: ForwardPass<'_, E>,
    ) -> Result<Argmax, OperationError> {
        let (inputs, outputs) = self.sizes();
        let x = &pass.inputs[0];
        let mut argmax = pass.workspace.acquire_bytes(pass.output.len())?;
        let samples = pass.output.chunks_exact_mut(outputs).zip(argmax.chunks_exact_mut(outputs));
        for_each(x.len(), x.chunks_exact(inputs).zip(samples), |(x, (y, argmax))| {
            tiles.largest(x, y, argmax);
        });
        if pass.records {
            return Ok(Argmax::WindowIndices(argmax));
        }
        pass.workspace.release_bytes(argmax);
        Ok(Argmax::None)
    }

    /// Adds the gradient of the input samples to `dx`.
    fn add_back<E: Element>(&self, argmax: &Argmax, grad: &[E], dx: &mut [E]) {
        let (inputs, outputs) = self.sizes();
        let samples = dx.len() / inputs;
        let dx = dx.chunks_exact_mut(inputs);
        let rows = grad.chunks_exact(outputs);
        match (argmax, Tiles::new(&self.windows)) {
            (Argmax::Indices(argmax), _) => {
                for (dx, (grad, argmax)) in dx.zip(rows.zip(argmax.chunks_exact(outputs))) {
                    for (grad, &at) in grad.iter().zip(argmax) {
                        if let Some(dx) = dx.get_mut(at as usize) {
                            *dx += *grad;
                        }
                    }
                }
            }
            (Argmax::WindowIndices(argmax), Some(tiles)) => {
                let samples = dx.zip(rows.zip(argmax.chunks_exact(outputs)));
                for_each(grad.len() * 4, samples, |(dx, (grad, argmax))| {
                    tiles.add_back(grad, argmax, dx);
                });
            }
            _ => for_each(self.work(samples), dx.zip(rows), |(dx, grad)| {
                self.windows.shares(|index, at, weight: E| dx[at] += weight * grad[index]);
            }),
        }
    }
}

impl Operation for Pool {
    type Saved<E: Element> = Argmax;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Argmax, OperationError> {
        if self.rule == Rule::Max {
            return match Tiles::new(&self.windows) {
                Some(tiles) => self.max_of_tiles(tiles, pass),
                None => self.max_of_windows(pass),
            };
        }
        let ((inputs, outputs), x) = (self.sizes(), &pass.inputs[0]);
        let samples = x.chunks_exact(inputs).zip(pass.output.chunks_exact_mut(outputs));
        for_each(self.work(x.len() / inputs), samples, |(x, y)| {
            self.windows.shares(|index, at, weight: E| y[index] += weight * x[at]);
        });
        Ok(Argmax::None)
    }

    fn backward<E: Element>(
        &self,
        argmax: Argmax,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        gradients.edit(0, |dx| self.add_back(&argmax, pass.gradient, dx))?;
        if let Argmax::WindowIndices(argmax) = argmax {
            pass.workspace.release_bytes(argmax);
        }
        Ok(())
    }
}

/// Pools each channel to one element. Equal maxima share the gradient.
#[derive(Clone)]
pub(super) struct PoolAll {
    pub(super) rule: Rule,
    pub(super) plane: Plane,
    /// The unmasked steps. The output of a channel without an unmasked step is 0.
    pub(super) mask: Option<Mask>,
}

impl PoolAll {
    /// The indices of a channel's unmasked elements within a sample.
    fn indices(&self, sample: usize, channel: usize) -> impl Iterator<Item = usize> + '_ {
        let counts = self.mask.as_ref().map(|mask| mask.sequence(sample));
        let indices = self.plane.of_channel(channel).enumerate();
        let counted = indices.filter(move |(step, _)| counts.is_none_or(|counts| counts[*step]));
        counted.map(|(_, index)| index)
    }

    /// Calls `each` with the index and the unmasked elements of every channel of every sample.
    fn channels<E: Element>(&self, x: &[E], mut each: impl FnMut(usize, &[E])) {
        let (channels, mut numbers) = (self.plane.channels, Vec::new());
        for (sample, x) in x.chunks_exact(self.plane.elements().max(1)).enumerate() {
            for channel in 0..channels {
                numbers.clear();
                numbers.extend(self.indices(sample, channel).map(|index| x[index]));
                each(sample * channels + channel, &numbers);
            }
        }
    }

    /// The gradients of a channel's elements, from the gradient of the output.
    fn input_grads<E: Element>(&self, numbers: &[E], grad: E) -> Vec<E> {
        match self.rule {
            Rule::Mean => vec![grad * reciprocal(numbers.len()); numbers.len()],
            Rule::Max => {
                let largest = largest(numbers);
                let ties = E::of(numbers.iter().filter(|x| **x == largest).count().max(1) as f64);
                // The two formulas round differently. Both are kept, so that a training run
                // reproduces earlier runs bit for bit.
                let weight = match self.mask {
                    None => grad / ties,
                    Some(_) => grad * (E::one() / ties),
                };
                numbers.iter().map(|x| if *x == largest { weight } else { E::zero() }).collect()
            }
        }
    }
}

/// 1 / count.
fn reciprocal<E: Element>(count: usize) -> E {
    E::of(1.0 / count.max(1) as f64)
}

fn largest<E: Element>(numbers: &[E]) -> E {
    let larger = |a: E, b: E| if exceeds(b, a) { b } else { a };
    numbers.iter().copied().reduce(larger).unwrap_or_else(E::zero)
}

impl Operation for PoolAll {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        self.channels(&pass.inputs[0], |channel, numbers| {
            if !numbers.is_empty() {
                pass.output[channel] = match self.rule {
                    Rule::Max => largest(numbers),
                    Rule::Mean => numbers.iter().copied().sum::<E>() * reciprocal(numbers.len()),
                };
            }
        });
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let (channels, len) = (self.plane.channels, self.plane.elements());
        gradients.edit(0, |dx| {
            self.channels(&pass.inputs[0], |index, numbers| {
                let (sample, channel) = (index / channels, index % channels);
                let input_grads = self.input_grads(numbers, pass.gradient[index]);
                let dx = &mut dx[sample * len..];
                let indices = self.indices(sample, channel).zip(input_grads);
                indices.for_each(|(index, weight)| dx[index] += weight);
            });
        })
    }
}
