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
    Largest,
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
pub(super) enum Chosen {
    /// Not recorded, because no backward pass follows.
    Nothing,
    /// The index within the sample, as `u32` to halve the memory.
    Places(Vec<u32>),
    /// The index within the window, for disjoint windows.
    Marks(Vec<u8>),
}

/// The index of a window that holds only padding.
const NOTHING: u32 = u32::MAX;

impl Pool {
    /// The numbers of elements of an input sample and of an output sample.
    fn sizes(&self) -> (usize, usize) {
        (self.windows.input.elements().max(1), self.windows.output.elements().max(1))
    }

    /// The cost of a batch of `samples`, in multiplications.
    fn work(&self, samples: usize) -> usize {
        4 * self.windows.work() * samples
    }

    fn largest<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Chosen, OperationError> {
        let (inputs, outputs) = self.sizes();
        if u32::try_from(inputs).is_err() {
            return Err(OperationError::Size);
        }
        let x = &pass.inputs[0];
        let mut chosen = vec![NOTHING; if pass.records { pass.output.len() } else { 0 }];
        let mut places = chosen.chunks_exact_mut(outputs);
        let samples = x.chunks_exact(inputs).zip(pass.output.chunks_exact_mut(outputs));
        let samples = samples.map(move |(x, y)| (x, y, places.next()));
        for_each(self.work(x.len() / inputs), samples, |(x, y, chosen)| match chosen {
            Some(chosen) => self.windows.largest(x, |place, at, number| {
                y[place] = number;
                chosen[place] = at as u32;
            }),
            None => self.windows.largest(x, |place, _, number| y[place] = number),
        });
        Ok(Chosen::Places(chosen))
    }

    fn largest_of_tiles<E: Element>(
        &self,
        tiles: Tiles,
        pass: ForwardPass<'_, E>,
    ) -> Result<Chosen, OperationError> {
        let (inputs, outputs) = self.sizes();
        let x = &pass.inputs[0];
        let mut marks = pass.workspace.acquire_bytes(pass.output.len())?;
        let samples = pass.output.chunks_exact_mut(outputs).zip(marks.chunks_exact_mut(outputs));
        for_each(x.len(), x.chunks_exact(inputs).zip(samples), |(x, (y, marks))| {
            tiles.largest(x, y, marks);
        });
        if pass.records {
            return Ok(Chosen::Marks(marks));
        }
        pass.workspace.release_bytes(marks);
        Ok(Chosen::Nothing)
    }

    /// Adds the gradient of the input samples to `dx`.
    fn add_back<E: Element>(&self, chosen: &Chosen, grad: &[E], dx: &mut [E]) {
        let (inputs, outputs) = self.sizes();
        let samples = dx.len() / inputs;
        let dx = dx.chunks_exact_mut(inputs);
        let rows = grad.chunks_exact(outputs);
        match (chosen, Tiles::new(&self.windows)) {
            (Chosen::Places(chosen), _) => {
                for (dx, (grad, chosen)) in dx.zip(rows.zip(chosen.chunks_exact(outputs))) {
                    for (grad, &at) in grad.iter().zip(chosen) {
                        if let Some(dx) = dx.get_mut(at as usize) {
                            *dx += *grad;
                        }
                    }
                }
            }
            (Chosen::Marks(marks), Some(tiles)) => {
                let samples = dx.zip(rows.zip(marks.chunks_exact(outputs)));
                for_each(grad.len() * 4, samples, |(dx, (grad, marks))| {
                    tiles.add_back(grad, marks, dx);
                });
            }
            _ => for_each(self.work(samples), dx.zip(rows), |(dx, grad)| {
                self.windows.shares(|place, at, share: E| dx[at] += share * grad[place]);
            }),
        }
    }
}

impl Operation for Pool {
    type Saved<E: Element> = Chosen;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Chosen, OperationError> {
        if self.rule == Rule::Largest {
            return match Tiles::new(&self.windows) {
                Some(tiles) => self.largest_of_tiles(tiles, pass),
                None => self.largest(pass),
            };
        }
        let ((inputs, outputs), x) = (self.sizes(), &pass.inputs[0]);
        let samples = x.chunks_exact(inputs).zip(pass.output.chunks_exact_mut(outputs));
        for_each(self.work(x.len() / inputs), samples, |(x, y)| {
            self.windows.shares(|place, at, share: E| y[place] += share * x[at]);
        });
        Ok(Chosen::Nothing)
    }

    fn backward<E: Element>(
        &self,
        chosen: Chosen,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        gradients.edit(0, |dx| self.add_back(&chosen, pass.gradient, dx))?;
        if let Chosen::Marks(marks) = chosen {
            pass.workspace.release_bytes(marks);
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
    fn places(&self, sample: usize, channel: usize) -> impl Iterator<Item = usize> + '_ {
        let counts = self.mask.as_ref().map(|mask| mask.sequence(sample));
        let places = self.plane.of_channel(channel).enumerate();
        let counted = places.filter(move |(step, _)| counts.is_none_or(|counts| counts[*step]));
        counted.map(|(_, place)| place)
    }

    /// Calls `each` with the index and the unmasked elements of every channel of every sample.
    fn channels<E: Element>(&self, x: &[E], mut each: impl FnMut(usize, &[E])) {
        let (channels, mut numbers) = (self.plane.channels, Vec::new());
        for (sample, x) in x.chunks_exact(self.plane.elements().max(1)).enumerate() {
            for channel in 0..channels {
                numbers.clear();
                numbers.extend(self.places(sample, channel).map(|place| x[place]));
                each(sample * channels + channel, &numbers);
            }
        }
    }

    /// The gradients of a channel's elements, from the gradient of the output.
    fn shares<E: Element>(&self, numbers: &[E], grad: E) -> Vec<E> {
        match self.rule {
            Rule::Mean => vec![grad * share(numbers.len()); numbers.len()],
            Rule::Largest => {
                let largest = largest(numbers);
                let equal = E::of(numbers.iter().filter(|x| **x == largest).count().max(1) as f64);
                // The two formulas round differently. Both are kept, so that a training run
                // reproduces earlier runs bit for bit.
                let share = match self.mask {
                    None => grad / equal,
                    Some(_) => grad * (E::one() / equal),
                };
                numbers.iter().map(|x| if *x == largest { share } else { E::zero() }).collect()
            }
        }
    }
}

/// 1 / count.
fn share<E: Element>(count: usize) -> E {
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
                    Rule::Largest => largest(numbers),
                    Rule::Mean => numbers.iter().copied().sum::<E>() * share(numbers.len()),
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
            self.channels(&pass.inputs[0], |place, numbers| {
                let (sample, channel) = (place / channels, place % channels);
                let shares = self.shares(numbers, pass.gradient[place]);
                let dx = &mut dx[sample * len..];
                let places = self.places(sample, channel).zip(shares);
                places.for_each(|(place, share)| dx[place] += share);
            });
        })
    }
}
