//! Activation functions: alone in a branch, or fused into a layer that takes one.

use crate::kernel::Element;

/// A function applied to a layer's output, with its derivative.
///
/// Both work in place on whole buffers; `width` is the length of a row, which only
/// [`Softmax`] looks at.
pub trait Activation: Default + Clone + std::fmt::Debug + 'static {
    /// Whether the derivative is computed from the input rather than from the output alone.
    const NEEDS_INPUT: bool = false;

    /// Replaces every input by its output.
    fn forward<E: Element>(values: &mut [E], width: usize);

    /// Replaces `gradient`, by the output, by that of the input. `input` is empty unless
    /// [`NEEDS_INPUT`](Activation::NEEDS_INPUT).
    fn backward<E: Element>(input: &[E], output: &[E], gradient: &mut [E], width: usize);
}

/// The identity. `keras.activations.linear`, `torch.nn.Identity`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linear;

impl Activation for Linear {
    fn forward<E: Element>(_: &mut [E], _: usize) {}
    fn backward<E: Element>(_: &[E], _: &[E], _: &mut [E], _: usize) {}
}

/// max(x, 0). `keras.activations.relu`, `torch.nn.ReLU`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relu;

impl Activation for Relu {
    fn forward<E: Element>(values: &mut [E], _: usize) {
        for value in values {
            *value = value.max(E::zero());
        }
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        for (gradient, output) in gradient.iter_mut().zip(output) {
            if *output <= E::zero() {
                *gradient = E::zero();
            }
        }
    }
}
