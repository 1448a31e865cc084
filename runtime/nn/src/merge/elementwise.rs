//! The common parts of the elementwise merges.

use std::{borrow::Cow, rc::Rc};

use multi_input_kernel::operation::AnyOperation;

use super::{Layout, Planned};
use crate::{operation::*, tensor::Element};

/// An elementwise merge. All slices have the length of the output, to which the operands have been
/// broadcast.
pub(super) trait Rule: Clone + 'static {
    fn forward<E: Element>(&self, operands: &[&[E]], output: &mut [E]);

    /// Adds to the gradient of the operand at `position`.
    fn backward<E: Element>(
        &self,
        operands: &[&[E]],
        position: usize,
        grad: &[E],
        gradient: &mut [E],
    );
}

/// A rule, and the broadcast of each operand.
#[derive(Clone)]
pub(super) struct Elementwise<R> {
    rule: R,
    broadcasts: Vec<Broadcast>,
}

impl<R: Rule> Elementwise<R> {
    /// The operation for operands of an output of the given sizes.
    pub(super) fn plan(rule: R, layouts: &[&Layout], sizes: &[usize]) -> Planned
    where
        Self: AnyOperation,
    {
        let (batch, dims) = sizes.split_first()?;
        let broadcast = |layout: &&Layout| match layout.batch == *batch {
            true => Broadcast::new(&layout.dims, dims),
            false => None,
        };
        let broadcasts = layouts.iter().map(broadcast).collect::<Option<_>>()?;
        Some(Box::new(Elementwise { rule, broadcasts }))
    }

    /// The operands, broadcast to the output.
    fn broadcast_inputs<'a, E: Element>(&self, inputs: &'a [Cow<'_, [E]>]) -> Vec<Cow<'a, [E]>> {
        self.broadcasts
            .iter()
            .zip(inputs)
            .map(|(broadcast, input)| broadcast.apply(input))
            .collect()
    }
}

impl<R: Rule> Operation for Elementwise<R> {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        self.rule.forward(&slices(&self.broadcast_inputs(pass.inputs)), pass.output);
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let (operands, grad) = (self.broadcast_inputs(pass.inputs), &*pass.gradient);
        let operands = slices(&operands);
        for (position, broadcast) in self.broadcasts.iter().enumerate() {
            gradients.edit(position, |gradient| {
                broadcast.sum_to_input(grad.len(), gradient, |gradient| {
                    self.rule.backward(&operands, position, grad, gradient);
                });
            })?;
        }
        Ok(())
    }
}

fn slices<'a, E: Element>(values: &'a [Cow<'_, [E]>]) -> Vec<&'a [E]> {
    values.iter().map(AsRef::as_ref).collect()
}

/// The broadcast of a sample to the sizes of the output.
#[derive(Clone)]
enum Broadcast {
    /// The sizes are equal, which is the usual case and needs no copy.
    None,
    /// For each element of an output sample the index of its source, in a sample of `len` elements.
    Repeat { sources: Rc<[usize]>, len: usize },
}

impl Broadcast {
    /// `None` where sizes are neither equal nor 1.
    fn new(from: &[usize], to: &[usize]) -> Option<Broadcast> {
        if from == to {
            return Some(Broadcast::None);
        }
        let ahead = to.len().checked_sub(from.len())?;
        let mut sources = vec![0];
        let mut len = 1;
        // From the last axis to the first: every axis repeats the indices of the later axes.
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
        Some(Broadcast::Repeat { sources: sources.into(), len })
    }

    fn apply<'a, E: Element>(&self, values: &'a [E]) -> Cow<'a, [E]> {
        match self {
            Broadcast::None => Cow::Borrowed(values),
            Broadcast::Repeat { sources, len } => values
                .chunks_exact((*len).max(1))
                .flat_map(|sample| sources.iter().map(|source| sample[*source]))
                .collect(),
        }
    }

    /// Calls `add` with a gradient of the broadcast size, `len_broadcast` elements, and sums the
    /// elements with the same source.
    fn sum_to_input<E: Element>(
        &self,
        len_broadcast: usize,
        gradient: &mut [E],
        add: impl FnOnce(&mut [E]),
    ) {
        let Broadcast::Repeat { sources, len } = self else {
            return add(gradient);
        };
        let mut all = vec![E::zero(); len_broadcast];
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

    fn broadcast(from: &[usize], to: &[usize], values: &[f64]) -> Option<Vec<f64>> {
        Some(Broadcast::new(from, to)?.apply(values).into_owned())
    }

    #[test]
    fn sizes_of_one_are_repeated() {
        assert_eq!(broadcast(&[2], &[2], &[1.0, 2.0]).unwrap(), [1.0, 2.0]);
        assert_eq!(broadcast(&[1], &[3], &[1.0, 2.0]).unwrap(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(broadcast(&[2], &[2, 2], &[1.0, 2.0]).unwrap(), [1.0, 2.0, 1.0, 2.0]);
        assert_eq!(broadcast(&[2, 1], &[2, 2], &[1.0, 2.0]).unwrap(), [1.0, 1.0, 2.0, 2.0]);
        let middle = broadcast(&[2, 1, 2], &[2, 2, 2], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(middle, [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    }

    #[test]
    fn other_sizes_do_not_fit() {
        assert!(broadcast(&[2], &[3], &[]).is_none());
        assert!(broadcast(&[2, 2], &[2], &[]).is_none());
    }
}
