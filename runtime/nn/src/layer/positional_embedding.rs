//! `PositionalEmbedding`: adds a learned vector to each step of a sequence.

use super::{declare::layer, initialize::uniform};
use crate::{operation::*, tensor::*};

layer! {
    /// y = x + weight for sequences of `L` steps of `M` numbers, `[L, M]`. The weight makes the
    /// steps distinguishable for the layers that follow.
    ///
    /// The weight is initialised from U(-0.05, 0.05).
    ///
    /// `keras.layers.Embedding(L, M)(keras.ops.arange(L))` added to the sequence;
    /// `torch.nn.Embedding(L, M)` likewise, which has another initialisation.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::PositionalEmbedding;
    ///
    /// let device = Cpu::default();
    /// let layer: PositionalEmbedding<2, 3, f32, Cpu> = BuildModule::build(&device);
    /// let x: Tensor<Rank3<1, 2, 3>, f32, _> = device.zeros();
    /// assert_eq!(layer.forward(x).array(), [layer.weight.array()]);
    /// ```
    #[doc(alias = "Embedding")]
    #[doc(alias = "PositionEmbedding")]
    #[doc(alias = "PositionalEncoding")]
    #[doc(alias = "PositionEncoding")]
    #[doc(alias = "LearnedPositionalEmbedding")]
    pub struct PositionalEmbedding<const L: usize, const M: usize>: NonMutableModule {
        /// `[L, M]`.
        pub weight: Tensor<Rank2<L, M>, E, D> = trained(uniform(0.05)),
    }
    forward |_layer, _, _| AddToEach, [weight] on [B] (B, Const<L>, Const<M>)
}

/// Adds the second input to every sample of the first.
#[derive(Clone)]
struct AddToEach;

compiled!(AddToEach);

impl Operation for AddToEach {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let [x, weight] = pass.inputs else { return Err(OperationError::Size) };
        pass.output.copy_from_slice(x);
        let samples = pass.output.chunks_exact_mut(weight.len().max(1));
        samples.for_each(|sample| add(sample, weight));
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        gradients.add(0, pass.gradient)?;
        gradients.edit(1, |dw| {
            let samples = pass.gradient.chunks_exact(dw.len().max(1));
            samples.for_each(|sample| add(dw, sample));
        })
    }
}

fn add<E: Element>(sums: &mut [E], terms: &[E]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += *term);
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom};

    use super::*;
    use crate::check_gradients::check_gradients;

    fn layer() -> PositionalEmbedding<2, 3, f64, Cpu> {
        PositionalEmbedding { weight: Cpu::default().tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) }
    }

    #[test]
    fn each_step_gets_its_vector() {
        let x = Cpu::default().tensor([[[0.5; 3], [0.25; 3]], [[10.0; 3], [20.0; 3]]]);
        let expected =
            [[[1.5, 2.5, 3.5], [4.25, 5.25, 6.25]], [[11.0, 12.0, 13.0], [24.0, 25.0, 26.0]]];
        assert_eq!(layer().forward(x).array(), expected);
    }

    #[test]
    fn gradients_are_right() {
        let x = Cpu::default().tensor([[[0.5; 3], [0.25; 3]], [[10.0; 3], [20.0; 3]]]);
        check_gradients(&(x, layer()), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
    }
}
