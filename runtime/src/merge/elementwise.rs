//! What the merges that work number by number have in common.

use std::borrow::Cow;

use super::{finish, Part};
use crate::tensor::*;

/// A merge that works number by number. All slices are equally long: operands of other shapes have
/// been stretched.
pub(super) trait Rule<E>: 'static {
    fn forward(&self, operands: &[&[E]], output: &mut [E]);

    /// Adds to the gradient of the operand at `position`.
    fn backward(&self, operands: &[&[E]], position: usize, slope: &[E], gradient: &mut [E]);
}

/// Merges by `rule`.
pub(super) fn merge<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    rule: impl Rule<E>,
    parts: Vec<Part<E, D>>,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    let operands = Operands::new(parts, shape.concrete().as_ref())?;
    let device = operands.device()?.clone();
    let mut output = device.buffer(shape.num_elements())?;
    rule.forward(&slices(&operands.values()), &mut output);
    finish(&device, output, shape, tape, move |slope, gradients| {
        operands.backward(&rule, slope, gradients)
    })
}

/// The parts, each with how it is stretched.
struct Operands<E: Element, D: Backend<E>> {
    parts: Vec<(Part<E, D>, Stretch)>,
}

impl<E: Element, D: Backend<E>> Operands<E, D> {
    /// The parts of an output of the given sizes, or an error where one does not fit.
    fn new(parts: Vec<Part<E, D>>, sizes: &[usize]) -> Result<Self, D::Err> {
        let stretched = parts.into_iter().map(|part| {
            let (batch, dims) = sizes.split_first().ok_or_else(D::size_error)?;
            if part.batch() != *batch {
                return Err(D::size_error());
            }
            let stretch = Stretch::new(part.dims(), dims).ok_or_else(D::size_error)?;
            Ok((part, stretch))
        });
        Ok(Operands { parts: stretched.collect::<Result<_, _>>()? })
    }

    /// The device, or an error where there is no operand.
    fn device(&self) -> Result<&D, D::Err> {
        self.parts.first().map(|(part, _)| part.device()).ok_or_else(D::size_error)
    }

    fn values(&self) -> Vec<Cow<'_, [E]>> {
        self.parts.iter().map(|(part, stretch)| stretch.apply(part.values())).collect()
    }

    fn backward(
        &self,
        rule: &impl Rule<E>,
        slope: &[E],
        gradients: &mut Gradients<E, D>,
    ) -> Result<(), D::Err> {
        let values = self.values();
        for (position, (part, stretch)) in self.parts.iter().enumerate() {
            part.edit_gradient(gradients, |gradient| {
                stretch.gather(slope.len(), gradient, |gradient| {
                    rule.backward(&slices(&values), position, slope, gradient);
                });
            })?;
        }
        Ok(())
    }
}

fn slices<'a, E: Element>(values: &'a [Cow<'_, [E]>]) -> Vec<&'a [E]> {
    values.iter().map(AsRef::as_ref).collect()
}

/// How a sample is stretched to the output's sizes.
enum Stretch {
    /// It has them already, which is the usual case and costs nothing.
    None,
    /// For each number of the output's sample the one that it repeats, of `len` numbers.
    Repeat { sources: Vec<usize>, len: usize },
}

impl Stretch {
    /// `None` where sizes are neither equal nor 1.
    fn new(from: &[usize], to: &[usize]) -> Option<Stretch> {
        if from == to {
            return Some(Stretch::None);
        }
        let ahead = to.len().checked_sub(from.len())?;
        let mut sources = vec![0];
        let mut len = 1;
        // From the last axis to the first: every axis repeats what the later ones gave.
        for axis in (0..to.len()).rev() {
            let size = if axis < ahead { 1 } else { from[axis - ahead] };
            if size != to[axis] && size != 1 {
                return None;
            }
            let step = if size == 1 { 0 } else { len };
            let repeat = |index| sources.iter().map(move |source| source + index * step);
            sources = (0..to[axis]).flat_map(repeat).collect();
            len *= size;
        }
        Some(Stretch::Repeat { sources, len })
    }

    fn apply<'a, E: Element>(&self, values: Cow<'a, [E]>) -> Cow<'a, [E]> {
        match self {
            Stretch::None => values,
            Stretch::Repeat { sources, len } => values
                .chunks_exact((*len).max(1))
                .flat_map(|sample| sources.iter().map(|source| sample[*source]))
                .collect(),
        }
    }

    /// Lets `add` add to a gradient of the stretched size, `stretched` numbers, and sums what
    /// repeats the same number.
    fn gather<E: Element>(&self, stretched: usize, gradient: &mut [E], add: impl FnOnce(&mut [E])) {
        let Stretch::Repeat { sources, len } = self else {
            return add(gradient);
        };
        let mut all = vec![E::zero(); stretched];
        add(&mut all);
        let samples = all.chunks_exact(sources.len().max(1));
        for (gradient, sample) in gradient.chunks_exact_mut((*len).max(1)).zip(samples) {
            for (source, change) in sources.iter().zip(sample) {
                gradient[*source] += *change;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretched(from: &[usize], to: &[usize], values: &[f64]) -> Option<Vec<f64>> {
        Some(Stretch::new(from, to)?.apply(Cow::Borrowed(values)).into_owned())
    }

    #[test]
    fn sizes_of_one_are_repeated() {
        assert_eq!(stretched(&[2], &[2], &[1.0, 2.0]).unwrap(), [1.0, 2.0]);
        assert_eq!(stretched(&[1], &[3], &[1.0, 2.0]).unwrap(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(stretched(&[2], &[2, 2], &[1.0, 2.0]).unwrap(), [1.0, 2.0, 1.0, 2.0]);
        assert_eq!(stretched(&[2, 1], &[2, 2], &[1.0, 2.0]).unwrap(), [1.0, 1.0, 2.0, 2.0]);
        let middle = stretched(&[2, 1, 2], &[2, 2, 2], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(middle, [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    }

    #[test]
    fn other_sizes_do_not_fit() {
        assert!(stretched(&[2], &[3], &[]).is_none());
        assert!(stretched(&[2, 2], &[2], &[]).is_none());
    }
}
