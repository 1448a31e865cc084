//! `Masking`: masks the steps whose features all equal one value.

use dfdx::nn::{tensor_collection::ScalarOptions, BuildOnDevice};

use super::{CreateMask, Mask};
use crate::{missing, tensor::*};

/// Masks the steps of `[steps, features]` whose features all equal `value`, and sets them to zero.
/// Other steps are unchanged. A NaN equals no value.
///
/// The comparison takes the input of the layer: after `standardize` the padding no longer has its
/// original value.
///
/// `keras.layers.Masking(mask_value=value)`.
///
/// ```
/// use dfdx::{nn::Module, prelude::*};
/// use multi_input::layer::{CreateMask, Masking};
///
/// let layer = Masking::new(-1.0);
/// let x = Cpu::default().tensor([[[1.0f32, -1.0], [-1.0, -1.0]]]);
/// assert_eq!(CreateMask::create_mask(&layer, &x).unwrap().counts(), [true, false]);
/// assert_eq!(layer.forward(x).array(), [[[1.0, -1.0], [0.0, 0.0]]]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Masking {
    /// The value of padded steps.
    pub value: f64,
}

impl Masking {
    /// A layer that masks steps of `value`.
    pub fn new(value: f64) -> Self {
        Masking { value }
    }

    /// Sets the value of padded steps.
    pub fn set_value(&mut self, value: f64) {
        self.value = value;
    }
}

impl NonMutableModule for Masking {}

impl<E: Dtype, D: Device<E>> BuildOnDevice<D, E> for Masking {
    type Built = Masking;
}

impl<E: Dtype, D: Device<E>> TensorCollection<E, D> for Masking {
    type To<E2: Dtype, D2: Device<E2>> = Masking;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            <Self as TensorCollection<E, D>>::scalar(
                "value",
                |s| &s.value,
                |s| &mut s.value,
                ScalarOptions::from_default(0.0),
            ),
            Masking::new,
        )
    }
}

impl<B: Dim, L: Dim, F: Dim, E: Element, D: Backend<E>, T> CreateMask<Tensor<(B, L, F), E, D, T>>
    for Masking
{
    type Error = D::Err;

    fn create_mask(&self, x: &Tensor<(B, L, F), E, D, T>) -> Result<Mask, D::Err> {
        if !D::is_contiguous(x) {
            return Err(D::size_error());
        }
        let (_, steps, features) = *x.shape();
        let counts = differs_from(&D::values(x), features.size(), E::of(self.value));
        Ok(Mask::new(steps.size(), counts))
    }
}

impl<B: Dim, L: Dim, F: Dim, E: Element, D: Backend<E>, T: Tape<E, D>>
    Module<Tensor<(B, L, F), E, D, T>> for Masking
{
    type Output = Tensor<(B, L, F), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, L, F), E, D, T>) -> Result<Self::Output, D::Err> {
        let x = x.try_contiguous()?;
        let mask = self.create_mask(&x)?;
        missing::select_rows(x, mask.shared())
    }
}

/// Whether each row of `width` elements has an element other than `padding`.
fn differs_from<E: Element>(numbers: &[E], width: usize, padding: E) -> Vec<bool> {
    let rows = numbers.chunks_exact(width.max(1));
    rows.map(|row| row.iter().any(|x| *x != padding)).collect()
}

#[cfg(test)]
mod tests {
    use dfdx::{
        tensor::{AsArray, Cpu, TensorFrom},
        tensor_ops::{Backward, SumTo},
    };

    use super::*;
    use crate::check_gradients::{check_gradients, Traced};

    #[test]
    fn padding_becomes_zeros_and_gets_no_gradient() {
        let x = Cpu::default().tensor([[[2.0, 2.0], [2.0, f64::NAN]], [[2.0, 3.0], [2.0, 2.0]]]);
        let layer = Masking::new(2.0);
        let mask = CreateMask::create_mask(&layer, &x).unwrap();
        assert_eq!(mask.counts(), [false, true, true, false]);
        let y = layer.forward(x.clone().put_tape(Traced::default()));
        assert_eq!((y.array()[0][0], y.array()[1]), ([0.0; 2], [[2.0, 3.0], [0.0; 2]]));
        let gradient = y.sum().backward().get(&x).array();
        assert_eq!(gradient, [[[0.0; 2], [1.0; 2]], [[1.0; 2], [0.0; 2]]]);
    }

    #[test]
    fn gradients_are_right() {
        let x = Cpu::default().tensor([[[0.3, -0.2, 0.1], [0.5, 0.4, 0.9], [0.2, 0.1, -0.3]]]);
        check_gradients(&x, |x, tape| Masking::new(7.0).forward(x.clone().put_tape(tape)));
    }
}
