//! `Mask`: the padded steps of sequences.

use std::sync::Arc;

use crate::{missing, tensor::*};

/// A mask of the padded steps of each sequence of a batch. It accompanies the tensor of the
/// sequences and has no gradient.
///
/// `Embedding(categories, width, mask)` and `Masking` create a mask, and an input of lists that
/// `pad` has padded has one. A layer that treats each step
/// separately, such as `Dense`, does not need it. Layers that combine several steps leave the
/// masked ones out: they are [`MaskedModule`]s.
///
/// `mask` arguments and `_keras_mask` in Keras; packed sequences and, negated, `key_padding_mask`
/// in PyTorch.
///
/// ```
/// use dfdx::prelude::*;
/// use multi_input::layer::{GlobalAveragePool1D, Mask, MaskedModule};
///
/// let x = Cpu::default().tensor([[[1.0f32], [3.0], [100.0]]]);
/// let mask = Mask::new(3, vec![true, true, false]);
/// assert_eq!(GlobalAveragePool1D.try_forward_masked(x, &mask).unwrap().array(), [[2.0]]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    steps: usize,
    /// True for unmasked steps, `[batch, steps]`.
    counts: Arc<[bool]>,
}

impl Mask {
    /// A mask of sequences of `steps` steps; `counts` is true for each unmasked step, sequence by
    /// sequence.
    pub fn new(steps: usize, counts: Vec<bool>) -> Mask {
        Mask { steps, counts: counts.into() }
    }

    /// A mask in which no step is masked.
    pub fn all(batch: usize, steps: usize) -> Mask {
        Mask::new(steps, vec![true; batch * steps])
    }

    /// The union of masks: a step is unmasked where one of the masks has it unmasked. A mask of one
    /// step is broadcast to `steps` steps.
    pub fn any(masks: &[&Mask], steps: usize) -> Mask {
        let Some((first, rest)) = masks.split_first() else { return Mask::new(steps, Vec::new()) };
        let mut counts = first.broadcast(steps).counts.to_vec();
        for mask in rest {
            let other = mask.broadcast(steps);
            counts.iter_mut().zip(&*other.counts).for_each(|(any, counts)| *any |= *counts);
        }
        Mask::new(steps, counts)
    }

    /// The intersection with a mask of as many steps: a step is unmasked where both have it
    /// unmasked.
    #[must_use]
    pub fn and(&self, other: &Mask) -> Mask {
        let both = self.counts.iter().zip(&*other.counts).map(|(own, other)| *own && *other);
        Mask::new(self.steps, both.collect())
    }

    /// A mask of lists of these lengths, padded to `steps` steps behind or before their values.
    pub fn of_lengths(
        lengths: impl ExactSizeIterator<Item = usize>,
        steps: usize,
        padded_before: bool,
    ) -> Mask {
        let mut counts = Vec::with_capacity(lengths.len() * steps);
        for length in lengths {
            let values = match padded_before {
                true => steps.saturating_sub(length)..steps,
                false => 0..length,
            };
            counts.extend((0..steps).map(|step| values.contains(&step)));
        }
        Mask::new(steps, counts)
    }

    /// The concatenation of masks along the steps, for each sequence.
    pub fn joined(masks: &[&Mask]) -> Mask {
        let steps = masks.iter().map(|mask| mask.steps).sum();
        let batch = masks.iter().map(|mask| mask.batch()).min().unwrap_or(0);
        let of_sequence = |sequence| masks.iter().flat_map(move |mask| mask.sequence(sequence));
        Mask::new(steps, (0..batch).flat_map(of_sequence).copied().collect())
    }

    /// This mask with all steps of absent rows unmasked.
    pub fn with_absent<B: Dim, E: Element, D: Backend<E>>(
        &self,
        present: &Tensor<(B, Const<1>), E, D>,
    ) -> Result<Mask, D::Err> {
        Ok(self.where_absent(&missing::flags(present, self.batch())?, true))
    }

    /// This mask with all steps of absent rows masked.
    pub fn without_absent<B: Dim, E: Element, D: Backend<E>>(
        &self,
        present: &Tensor<(B, Const<1>), E, D>,
    ) -> Result<Mask, D::Err> {
        Ok(self.where_absent(&missing::flags(present, self.batch())?, false))
    }

    fn where_absent(&self, present: &[bool], absent: bool) -> Mask {
        let counts =
            self.counts.iter().enumerate().map(|(step, counts)| match present[step / self.steps] {
                true => *counts,
                false => absent,
            });
        Mask::new(self.steps, counts.collect())
    }

    /// This mask in reverse order of the steps.
    #[must_use]
    pub fn reversed(&self) -> Mask {
        let sequences = (0..self.batch()).flat_map(|sequence| self.sequence(sequence).iter().rev());
        Mask::new(self.steps, sequences.copied().collect())
    }

    /// True for unmasked steps, `[batch, steps]`.
    pub fn counts(&self) -> &[bool] {
        &self.counts
    }

    /// [`counts`](Mask::counts) as a shared slice.
    pub(crate) fn shared(&self) -> Arc<[bool]> {
        Arc::clone(&self.counts)
    }

    /// A mask of category 0, which is padding.
    pub(crate) fn of_categories(categories: &[usize], steps: usize) -> Mask {
        Mask::new(steps, categories.iter().map(|category| *category != 0).collect())
    }

    /// The number of sequences.
    pub fn batch(&self) -> usize {
        self.counts.len() / self.steps.max(1)
    }

    /// Whether this is a mask of `batch` sequences of `steps` steps.
    pub(crate) fn covers(&self, batch: usize, steps: usize) -> bool {
        self.steps == steps && self.counts.len() == batch * steps
    }

    /// True for the unmasked steps of one sequence, `[steps]`.
    pub(crate) fn sequence(&self, sequence: usize) -> &[bool] {
        &self.counts[sequence * self.steps..][..self.steps]
    }

    /// Broadcasts a mask of one step to `steps` steps; other masks are returned unchanged.
    pub(crate) fn broadcast(&self, steps: usize) -> Mask {
        if self.steps != 1 {
            return self.clone();
        }
        let counts = self.counts.iter().flat_map(|counts| std::iter::repeat_n(*counts, steps));
        Mask::new(steps, counts.collect())
    }
}

/// A batch of lists of unequal length, padded to one length: the values, and the mask of the
/// padding.
#[derive(Clone, Debug)]
pub struct Padded<X> {
    /// The values, `[batch, steps]` or `[batch, steps, features]`.
    pub values: X,
    /// The mask of the padding.
    pub mask: Mask,
}

/// A layer that leaves out masked steps.
pub trait MaskedModule<Input>: Module<Input> {
    /// `try_forward` without the masked steps. A mask of other sizes is an error.
    fn try_forward_masked(&self, x: Input, mask: &Mask) -> Result<Self::Output, Self::Error>;
}

/// A layer that leaves out masked steps and whose training differs from its inference.
pub trait MaskedModuleMut<Input>: ModuleMut<Input> {
    /// `try_forward_mut` without the masked steps. A mask of other sizes is an error.
    fn try_forward_mut_masked(
        &mut self,
        x: Input,
        mask: &Mask,
    ) -> Result<Self::Output, Self::Error>;
}

/// Implements the four traits of a layer with a mask by its methods `infer(&self, x, mask)` and
/// `train(&mut self, x, mask)`, whose mask is an `Option`.
macro_rules! masked_modules {
    (impl[$($generics:tt)*] $layer:ty, $x:ty => $y:ty, where [$($bounds:tt)*]) => {
        impl<$($generics)*> Module<$x> for $layer where $($bounds)* {
            type Output = $y;
            type Error = D::Err;

            fn try_forward(&self, x: $x) -> Result<$y, D::Err> {
                self.infer(x, None)
            }
        }

        impl<$($generics)*> ModuleMut<$x> for $layer where $($bounds)* {
            type Output = $y;
            type Error = D::Err;

            fn try_forward_mut(&mut self, x: $x) -> Result<$y, D::Err> {
                self.train(x, None)
            }
        }

        impl<$($generics)*> $crate::mask::MaskedModule<$x> for $layer where $($bounds)* {
            fn try_forward_masked(
                &self,
                x: $x,
                mask: &$crate::mask::Mask,
            ) -> Result<$y, D::Err> {
                self.infer(x, Some(mask))
            }
        }

        impl<$($generics)*> $crate::mask::MaskedModuleMut<$x> for $layer where $($bounds)* {
            fn try_forward_mut_masked(
                &mut self,
                x: $x,
                mask: &$crate::mask::Mask,
            ) -> Result<$y, D::Err> {
                self.train(x, Some(mask))
            }
        }
    };
}
pub(crate) use masked_modules;

/// The output mask of a layer that applies a mask and returns all steps. `compute_mask` in Keras.
pub trait ReadsMask {
    /// The mask of the output for the mask of the input.
    fn mask_after(&self, mask: Mask) -> Mask {
        mask
    }
}

/// A layer that creates a mask.
pub trait CreateMask<Input> {
    /// The error of the device.
    type Error;

    /// The mask of the output for the input `x`.
    fn create_mask(&self, x: &Input) -> Result<Mask, Self::Error>;

    /// The mask of the output for an input with the mask `given`. By default a step is unmasked
    /// where both masks have it unmasked.
    fn narrow_mask(&self, x: &Input, given: Mask) -> Result<Mask, Self::Error> {
        Ok(given.and(&self.create_mask(x)?))
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{Cpu, TensorFrom};

    use super::*;

    fn mask(counts: [bool; 4]) -> Mask {
        Mask::new(2, counts.to_vec())
    }

    #[test]
    fn masks_are_joined_step_by_step_and_one_after_the_other() {
        let (a, b) = (mask([true, false, false, false]), mask([false, false, true, false]));
        assert_eq!(Mask::any(&[&a, &b], 2), mask([true, false, true, false]));
        let one = Mask::new(1, vec![false, true]);
        assert_eq!(Mask::any(&[&a, &one], 2), mask([true, false, true, true]));
        let both = Mask::joined(&[&a, &one]);
        assert_eq!(both, Mask::new(3, vec![true, false, false, false, false, true]));
        assert_eq!(a.reversed(), mask([false, true, false, false]));
        assert_eq!(Mask::all(1, 3), Mask::new(3, vec![true; 3]));
        assert_eq!(a.and(&mask([true, true, true, false])), a);
        let of = |before| Mask::of_lengths([1, 0, 2].into_iter(), 2, before);
        assert_eq!(of(false), Mask::new(2, vec![true, false, false, false, true, true]));
        assert_eq!(of(true), Mask::new(2, vec![false, true, false, false, true, true]));
    }

    #[test]
    fn absent_rows_count_as_a_whole_or_not_at_all() {
        let present = Cpu::default().tensor([[1.0f64], [0.0]]);
        let given = mask([true, false, true, false]);
        assert_eq!(given.with_absent(&present).unwrap(), mask([true, false, true, true]));
        assert_eq!(given.without_absent(&present).unwrap(), mask([true, false, false, false]));
        let present = Cpu::default().tensor([[1.0f64]]);
        assert!(given.with_absent(&present).is_err());
    }
}
