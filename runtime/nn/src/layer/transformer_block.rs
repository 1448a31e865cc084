//! `TransformerBlock`: attention and a feed-forward network, each with a residual connection and
//! layer normalisation.

use super::{
    activation::{Activation, Linear, Relu},
    Dense, Dropout, LayerNorm, Mask, MaskedModule, MultiHeadAttention, ReadsMask, RngKey,
};
use crate::{
    mask::masked_modules,
    merge::{self, MergeInput},
    tensor::*,
};

/// The encoder block of the transformer (post-norm), on sequences `[steps, I]`, which stay
/// `[steps, I]`:
///
/// ```text
/// h = normalise(x + dropout(attention(x)))
/// y = normalise(h + dropout(activation(h We^T + be) Wc^T + bc))
/// ```
///
/// The attention is a [`MultiHeadAttention`] of `H` heads of `K` numbers (`W` = `H` `K`), causal
/// where `CAUSAL` is 1, which applies a [`Mask`]. We has `F` rows. Both [`LayerNorm`] have an
/// epsilon of 1e-6. All parts have their usual initialisation.
///
/// Keras has no such layer; its example of text classification with a transformer defines this
/// block. `torch.nn.TransformerEncoderLayer(I, H, F, dropout)`, which also applies dropout to the
/// attention weights and whose epsilon is 1e-5.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::{activation::Relu, TransformerBlock};
///
/// let device = Cpu::default();
/// type Block = TransformerBlock<6, 2, 4, 8, 16, 0, Relu, f32, Cpu>;
/// let layer: Block = BuildModule::build(&device);
/// let x: Tensor<(usize, usize, Const<6>), f32, _> = device.zeros_like(&(3, 5, Const));
/// assert_eq!(layer.forward(x).shape().concrete(), [3, 5, 6]);
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "TransformerEncoderLayer")]
#[doc(alias = "TransformerEncoder")]
#[doc(alias = "TransformerEncoderBlock")]
#[doc(alias = "Transformer")]
pub struct TransformerBlock<
    const I: usize,
    const H: usize,
    const K: usize,
    const W: usize,
    const F: usize,
    const CAUSAL: usize,
    A: Activation = Relu,
    E: Dtype = f32,
    D: Storage<E> = dfdx::tensor::Cpu,
> {
    /// Self-attention.
    pub attention: MultiHeadAttention<I, H, K, W, CAUSAL, E, D>,
    /// Normalises the sum of the input and the attention.
    pub attention_norm: LayerNorm<I, E, D>,
    /// The first dense layer, from `I` to `F`, with the activation.
    pub expand: Dense<I, F, A, E, D>,
    /// The second dense layer, from `F` to `I`.
    pub contract: Dense<F, I, Linear, E, D>,
    /// Normalises the sum of the dense layers and their input.
    pub output_norm: LayerNorm<I, E, D>,
    /// Dropout after the attention and after the dense layers.
    pub dropouts: [Dropout; 2],
}

/// The epsilon of both norms. Keras's example has 1e-6.
const EPSILON: f64 = 1e-6;

impl<
        const I: usize,
        const H: usize,
        const K: usize,
        const W: usize,
        const F: usize,
        const CAUSAL: usize,
        A: Activation,
        E: Dtype,
        D: Storage<E>,
    > ReadsMask for TransformerBlock<I, H, K, W, F, CAUSAL, A, E, D>
{
}

impl<
        const I: usize,
        const H: usize,
        const K: usize,
        const W: usize,
        const F: usize,
        const CAUSAL: usize,
        A: Activation,
        E: Dtype,
        D: Storage<E>,
    > TransformerBlock<I, H, K, W, F, CAUSAL, A, E, D>
{
    /// Sets the dropout rate of both halves.
    pub fn set_dropout(&mut self, dropout: f64) {
        self.dropouts.iter_mut().for_each(|half| half.set_rate(dropout));
    }

    /// Sets the random key of the next training forward.
    pub fn set_rng_key(&mut self, key: RngKey) {
        let [attention, dense] = &mut self.dropouts;
        attention.set_rng_key(key);
        // Layers are counted from 0, so no other layer has this key.
        dense.set_rng_key(key.layer(!key.layer));
    }
}

impl<
        const I: usize,
        const H: usize,
        const K: usize,
        const W: usize,
        const F: usize,
        const CAUSAL: usize,
        A: Activation,
        E: Element,
        D: Device<E>,
    > TensorCollection<E, D> for TransformerBlock<I, H, K, W, F, CAUSAL, A, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = TransformerBlock<I, H, K, W, F, CAUSAL, A, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("attention", |s| &s.attention, |s| &mut s.attention),
                Self::module("attention_norm", |s| &s.attention_norm, |s| &mut s.attention_norm),
                Self::module("expand", |s| &s.expand, |s| &mut s.expand),
                Self::module("contract", |s| &s.contract, |s| &mut s.contract),
                Self::module("output_norm", |s| &s.output_norm, |s| &mut s.output_norm),
                Self::scalar(
                    "dropout",
                    |s| &s.dropouts[0].rate,
                    |s| &mut s.dropouts[0].rate,
                    dfdx::nn::tensor_collection::ScalarOptions::from_default(0.0),
                ),
            ),
            |(attention, mut attention_norm, expand, contract, mut output_norm, dropout)| {
                attention_norm.set_epsilon(EPSILON);
                output_norm.set_epsilon(EPSILON);
                let dropouts = [Dropout::new(dropout); 2];
                let mut block = TransformerBlock {
                    attention,
                    attention_norm,
                    expand,
                    contract,
                    output_norm,
                    dropouts,
                };
                block.set_rng_key(RngKey::default());
                block
            },
        )
    }
}

/// norm(x + change).
fn add_and_normalise<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>, const I: usize>(
    norm: &LayerNorm<I, E, D>,
    x: &Tensor<S, E, D>,
    change: Tensor<S, E, D, T>,
) -> Result<Tensor<S, E, D, T>, D::Err>
where
    LayerNorm<I, E, D>: Module<Tensor<S, E, D, T>, Output = Tensor<S, E, D, T>, Error = D::Err>,
{
    let (change, tape) = change.split_tape();
    let sum = merge::add(vec![MergeInput::new(x)?, MergeInput::new(&change)?], *x.shape(), tape)?;
    norm.try_forward(sum)
}

impl<
        const I: usize,
        const H: usize,
        const K: usize,
        const W: usize,
        const F: usize,
        const CAUSAL: usize,
        A: Activation,
        E: Element,
        D: Backend<E>,
    > TransformerBlock<I, H, K, W, F, CAUSAL, A, E, D>
{
    /// The block, with dropout where `dropouts` is `Some`.
    fn run<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
        mut dropouts: Option<&mut [Dropout; 2]>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        let mut apply_dropout = |half: usize, x| match &mut dropouts {
            Some(dropouts) => dropouts[half].try_forward_mut(x),
            None => Ok(x),
        };
        let (x, tape) = x.try_contiguous()?.split_tape();
        let traced = x.clone().put_tape(tape);
        let attention = match mask {
            Some(mask) => self.attention.try_forward_masked(traced, mask)?,
            None => self.attention.try_forward(traced)?,
        };
        let hidden = add_and_normalise(&self.attention_norm, &x, apply_dropout(0, attention)?)?;
        let (hidden, tape) = hidden.split_tape();
        let wide = self.expand.try_forward(hidden.clone().put_tape(tape))?;
        let change = self.contract.try_forward(wide)?;
        add_and_normalise(&self.output_norm, &hidden, apply_dropout(1, change)?)
    }

    fn infer<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        self.run(x, mask, None)
    }

    /// The block in training, which advances the random keys.
    fn train<B: Dim, L: Dim, T: Tape<E, D>>(
        &mut self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        let mut dropouts = self.dropouts;
        let y = self.run(x, mask, Some(&mut dropouts));
        self.dropouts = dropouts;
        y
    }
}

masked_modules! {
    impl[
        B: Dim, L: Dim,
        const I: usize, const H: usize, const K: usize, const W: usize, const F: usize,
        const CAUSAL: usize, A: Activation, E: Element, D: Backend<E>, T: Tape<E, D>
    ]
    TransformerBlock<I, H, K, W, F, CAUSAL, A, E, D>,
    Tensor<(B, L, Const<I>), E, D, T> => Tensor<(B, L, Const<I>), E, D, T>,
    where []
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::{BuildModule, NumParams},
        tensor::{AsArray, Cpu, SampleTensor},
    };

    use super::*;
    use crate::{
        check_gradients::{check_gradients, Traced},
        layer::{activation::Gelu, MaskedModuleMut},
    };

    type Block = TransformerBlock<4, 2, 3, 6, 5, 0, Gelu, f64, Cpu>;
    type X = Tensor<(Const<2>, Const<3>, Const<4>), f64, Cpu>;

    fn block() -> Block {
        BuildModule::build(&Cpu::seed_from_u64(3))
    }

    fn x() -> X {
        Cpu::seed_from_u64(2).sample_normal()
    }

    #[test]
    fn each_half_is_added_to_what_it_saw_and_normalised() {
        let block = block();
        assert_eq!(block.attention_norm.epsilon, 1e-6);
        let hidden = block.attention_norm.forward(x() + block.attention.forward(x()));
        let change = block.contract.forward(block.expand.forward(hidden.clone()));
        let expected = block.output_norm.forward(hidden + change).array();
        assert_eq!(block.forward(x()).array(), expected);
        let attention = 3 * (4 * 6 + 6) + 6 * 4 + 4;
        assert_eq!(block.num_trainable_params(), attention + 8 + 25 + 24 + 8);
    }

    #[test]
    fn dropout_trains_and_rests() {
        let mut block = block();
        block.set_dropout(0.5);
        let inferred = block.forward(x()).array();
        assert_eq!(block.forward_mut(x()).array(), inferred, "nothing is trained");
        assert_ne!(block.forward_mut(x().put_tape(Traced::default())).array(), inferred);
        let [attention, dense] = block.dropouts;
        assert_eq!((attention.key.call, dense.key.call), (1, 1));
        assert_ne!(attention.key, dense.key);
    }

    #[test]
    fn a_mask_reaches_the_attention() {
        let block = block();
        let mask = Mask::new(3, vec![true, true, false, true, true, true]);
        let (masked, free) = (block.try_forward_masked(x(), &mask).unwrap(), block.forward(x()));
        assert_ne!(masked.array()[0][0], free.array()[0][0]);
        assert_eq!(masked.array()[1], free.array()[1]);
    }

    #[test]
    fn gradients_are_right() {
        check_gradients(&(x(), block()), |(x, block), tape| {
            block.forward(x.clone().put_tape(tape))
        });
        let mask = Mask::new(3, vec![true, false, true, false, false, false]);
        let mut block = block();
        block.set_dropout(0.3);
        check_gradients(&(x(), block), |(x, block), tape| {
            block.try_forward_mut_masked(x.clone().put_tape(tape), &mask).unwrap()
        });
    }
}
