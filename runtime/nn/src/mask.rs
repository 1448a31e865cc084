//! `Mask`: which steps of a sequence count, and which are padding.

use std::sync::Arc;

use crate::{missing, tensor::*};

/// Which steps of each sequence of a batch count. It goes beside the tensor of the sequences, and no
/// gradient flows to it.
///
/// `Embedding(categories, width, mask)` and `Masking` create one. A layer that
/// treats each step by itself, as `Dense`, need not know it. Layers that look at
/// several steps leave the masked ones out: they are [`MaskedModule`]s.
///
/// Keras's `mask` arguments and `_keras_mask`; in PyTorch packed sequences and, negated,
/// `key_padding_mask`.
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
    /// For each sequence, for each step.
    counts: Arc<[bool]>,
}

impl Mask {
    /// A mask of sequences of `steps` steps; `counts` is true for each step that counts, sequence by
    /// sequence.
    pub fn new(steps: usize, counts: Vec<bool>) -> Mask {
        Mask { steps, counts: counts.into() }
    }

    /// Every step of every sequence counts.
    pub fn all(batch: usize, steps: usize) -> Mask {
        Mask::new(steps, vec![true; batch * steps])
    }

    /// A step counts where it counts in one of the masks. A mask of one step is one of each of the
    /// `steps`.
    pub fn any(masks: &[&Mask], steps: usize) -> Mask {
        let Some((first, rest)) = masks.split_first() else { return Mask::new(steps, Vec::new()) };
        let mut counts = first.stretched(steps).counts.to_vec();
        for mask in rest {
            let other = mask.stretched(steps);
            counts.iter_mut().zip(&*other.counts).for_each(|(any, counts)| *any |= *counts);
        }
        Mask::new(steps, counts)
    }

    /// The steps of the first mask, then those of the second and so on, for each sequence.
    pub fn joined(masks: &[&Mask]) -> Mask {
        let steps = masks.iter().map(|mask| mask.steps).sum();
        let batch = masks.iter().map(|mask| mask.batch()).min().unwrap_or(0);
        let of_sequence = |sequence| masks.iter().flat_map(move |mask| mask.sequence(sequence));
        Mask::new(steps, (0..batch).flat_map(of_sequence).copied().collect())
    }

    /// The same, but that all steps of absent rows count.
    pub fn with_absent<B: Dim, E: Element, D: Backend<E>>(
        &self,
        present: &Tensor<(B, Const<1>), E, D>,
    ) -> Result<Mask, D::Err> {
        Ok(self.where_absent(&missing::flags(present, self.batch())?, true))
    }

    /// The same, but that no step of absent rows counts.
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

    /// The same with the last step first.
    #[must_use]
    pub fn reversed(&self) -> Mask {
        let sequences = (0..self.batch()).flat_map(|sequence| self.sequence(sequence).iter().rev());
        Mask::new(self.steps, sequences.copied().collect())
    }

    /// For each sequence, for each step, whether it counts.
    pub fn counts(&self) -> &[bool] {
        &self.counts
    }

    /// The same, shared.
    pub(crate) fn shared(&self) -> Arc<[bool]> {
        Arc::clone(&self.counts)
    }

    /// Category 0 is padding.
    pub(crate) fn of_categories(categories: &[usize], steps: usize) -> Mask {
        Mask::new(steps, categories.iter().map(|category| *category != 0).collect())
    }

    /// The number of sequences.
    pub fn batch(&self) -> usize {
        self.counts.len() / self.steps.max(1)
    }

    /// Whether it speaks of so many sequences of so many steps.
    pub(crate) fn covers(&self, batch: usize, steps: usize) -> bool {
        self.steps == steps && self.counts.len() == batch * steps
    }

    /// Whether each step of a sequence counts.
    pub(crate) fn sequence(&self, sequence: usize) -> &[bool] {
        &self.counts[sequence * self.steps..][..self.steps]
    }

    /// One step becomes `steps`; a mask of more stays as it is.
    pub(crate) fn stretched(&self, steps: usize) -> Mask {
        if self.steps != 1 {
            return self.clone();
        }
        let counts = self.counts.iter().flat_map(|counts| std::iter::repeat_n(*counts, steps));
        Mask::new(steps, counts.collect())
    }
}

/// A layer that leaves masked steps out.
pub trait MaskedModule<Input>: Module<Input> {
    /// As `try_forward`, without the steps that do not count. A mask of other sizes is an error.
    fn try_forward_masked(&self, x: Input, mask: &Mask) -> Result<Self::Output, Self::Error>;
}

/// A layer that leaves masked steps out and does something else in training.
pub trait MaskedModuleMut<Input>: ModuleMut<Input> {
    /// As `try_forward_mut`, without the steps that do not count. A mask of other sizes is an error.
    fn try_forward_mut_masked(
        &mut self,
        x: Input,
        mask: &Mask,
    ) -> Result<Self::Output, Self::Error>;
}

/// The four ways to call a layer that reads masks, by two of its methods, `infer(&self, x, mask)` and
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

/// What becomes of the mask where a layer that reads it gives every step.
pub trait ReadsMask {
    /// The mask of what comes out.
    fn mask_after(&self, mask: Mask) -> Mask {
        mask
    }
}

/// A layer that finds out which steps count.
pub trait CreateMask<Input> {
    /// The error of the device.
    type Error;

    /// The mask of what comes out, from what flows in.
    fn create_mask(&self, x: &Input) -> Result<Mask, Self::Error>;
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
