//! `MultiHeadAttention`: scaled dot-product self-attention with several heads.

use std::borrow::Cow;

use multi_input_kernel::{
    matmul::{multiply, Add, Matrix},
    recurrent::add_rows,
};

use super::{
    activation::Function,
    declare::layer,
    dropout_scale,
    initialize::{glorot_uniform, zeros},
    Mask, ReadsMask, RngKey,
};
use crate::{mask::masked_modules, operation::*, tensor::*};

layer! {
    /// Self-attention over sequences of any number of steps, `[steps, I]`, which stay `[steps, I]`.
    /// For each of `H` heads with queries Q, keys K and values V of `K` numbers a step:
    ///
    /// ```text
    /// Q = x Wq^T + bq     K = x Wk^T + bk     V = x Wv^T + bv
    /// head = softmax(Q K^T / sqrt(K)) V
    /// y = heads Wo^T + bo
    /// ```
    ///
    /// `W` is `H` times `K`. It is the number of rows of the first three weights: those of head 0,
    /// of head 1 and so on. Where `CAUSAL` is 1 the attention of a step is over itself and the steps
    /// before it. With a [`Mask`], the attention weights of masked steps are 0, and so are the head
    /// outputs of masked steps. (Keras does the same where it applies dropout; its fused kernel gives
    /// masked steps uniform attention weights.)
    ///
    /// In training, `dropout` drops attention weights with this probability and divides the others
    /// by 1 - `dropout`.
    ///
    /// The weights are initialised from U(-l, l), with l = sqrt(6 / (I (H + K))) for queries, keys
    /// and values and sqrt(6 / (H (K + I))) for the output, which is Keras's `glorot_uniform` for
    /// kernels of three dimensions; the biases are initialised to zero.
    ///
    /// `keras.layers.MultiHeadAttention(H, K, dropout=dropout)(x, x, use_causal_mask=)`, whose
    /// kernels are the transposes of these weights, with the heads as a dimension.
    /// `torch.nn.MultiheadAttention(I, H, batch_first=True)` where I is H K, with another
    /// initialisation.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::MultiHeadAttention;
    ///
    /// let device = Cpu::default();
    /// let layer: MultiHeadAttention<6, 2, 4, 8, 0, f32, Cpu> = BuildModule::build(&device);
    /// let x: Tensor<(usize, usize, Const<6>), f32, _> = device.zeros_like(&(3, 5, Const));
    /// assert_eq!(layer.forward(x).shape().concrete(), [3, 5, 6]);
    /// ```
    #[doc(alias = "MultiheadAttention")]
    #[doc(alias = "SelfAttention")]
    #[doc(alias = "Attention")]
    #[doc(alias = "MHA")]
    pub struct MultiHeadAttention<
        const I: usize, const H: usize, const K: usize, const W: usize, const CAUSAL: usize
    >: ReadsMask
    where W == H * K, "a MultiHeadAttention<I, H, K, W, ..> has W = H * K";
    {
        /// The projection to the queries, `[W, I]`.
        pub query_weight: Tensor<Rank2<W, I>, E, D> = trained(glorot_uniform(I * H, I * K)),
        /// The bias of the queries, `[W]`.
        pub query_bias: Tensor<Rank1<W>, E, D> = trained(zeros()),
        /// The projection to the keys, `[W, I]`.
        pub key_weight: Tensor<Rank2<W, I>, E, D> = trained(glorot_uniform(I * H, I * K)),
        /// The bias of the keys, `[W]`.
        pub key_bias: Tensor<Rank1<W>, E, D> = trained(zeros()),
        /// The projection to the values, `[W, I]`.
        pub value_weight: Tensor<Rank2<W, I>, E, D> = trained(glorot_uniform(I * H, I * K)),
        /// The bias of the values, `[W]`.
        pub value_bias: Tensor<Rank1<W>, E, D> = trained(zeros()),
        /// The projection of the heads to the output, `[I, W]`.
        pub output_weight: Tensor<Rank2<I, W>, E, D> = trained(glorot_uniform(H * K, H * I)),
        /// The bias of the output, `[I]`.
        pub output_bias: Tensor<Rank1<I>, E, D> = trained(zeros()),
        /// The probability that training drops an attention weight.
        pub dropout: f64 = setting(set_dropout, 0.0),
        /// The random key of the next training forward.
        pub key: RngKey = state(set_rng_key, RngKey::default()),
    }
}

impl<
        const I: usize,
        const H: usize,
        const K: usize,
        const W: usize,
        const CAUSAL: usize,
        E: Element,
        D: Backend<E>,
    > MultiHeadAttention<I, H, K, W, CAUSAL, E, D>
{
    fn infer<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        self.attention(x, mask, None)
    }

    fn train<B: Dim, L: Dim, T: Tape<E, D>>(
        &mut self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        let key = T::OWNS_TAPE.then(|| (self.key.advance(), self.dropout));
        let dropout = key.filter(|_| self.dropout > 0.0);
        self.attention(x, mask, dropout)
    }

    fn attention<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
        dropout: Option<(RngKey, f64)>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        let (batch, steps, _) = *x.shape();
        let attention = Attention {
            dims: Dims { batch: batch.size(), steps: steps.size(), heads: H, width: K },
            causal: CAUSAL == 1,
            mask: mask.cloned(),
            dropout,
        };
        let inputs: [&dyn Operand<E, D>; 9] = [
            &x,
            &self.query_weight,
            &self.query_bias,
            &self.key_weight,
            &self.key_bias,
            &self.value_weight,
            &self.value_bias,
            &self.output_weight,
            &self.output_bias,
        ];
        record(&attention, &inputs, *x.shape(), x.device(), tape)
    }
}

masked_modules! {
    impl[
        B: Dim, L: Dim,
        const I: usize, const H: usize, const K: usize, const W: usize, const CAUSAL: usize,
        E: Element, D: Backend<E>, T: Tape<E, D>
    ]
    MultiHeadAttention<I, H, K, W, CAUSAL, E, D>,
    Tensor<(B, L, Const<I>), E, D, T> => Tensor<(B, L, Const<I>), E, D, T>,
    where []
}

/// Self-attention. The inputs are x, and the weight and the bias of the queries, the keys, the
/// values and the output.
#[derive(Clone)]
struct Attention {
    dims: Dims,
    /// Whether a step attends only to itself and to the steps before it.
    causal: bool,
    mask: Option<Mask>,
    dropout: Option<(RngKey, f64)>,
}

compiled!(Attention);

/// The positions of the weights of queries, keys, values and output among the inputs. The bias of
/// each follows its weight.
const QKV_INPUTS: [usize; 3] = [1, 3, 5];
const OUTPUT_INPUT: usize = 7;

/// The buffers of the forward pass that the backward pass needs.
struct Saved<E> {
    /// Queries, keys and values, each `[batch, heads, steps, width]`.
    projected: [Vec<E>; 3],
    /// Attention weights before dropout, `[batch, heads, steps, steps]`.
    weights: Vec<E>,
    /// Concatenated head outputs, `[batch, steps, heads, width]`.
    concatenated: Vec<E>,
}

impl<E: Element> Saved<E> {
    /// Releases the buffers and returns an empty value.
    fn release(self, workspace: &dyn Workspace<E>) -> Saved<E> {
        let buffers = self.projected.into_iter().chain([self.weights, self.concatenated]);
        buffers.for_each(|buffer| workspace.release(buffer));
        Saved { projected: Default::default(), weights: Vec::new(), concatenated: Vec::new() }
    }
}

impl Operation for Attention {
    type Saved<E: Element> = Saved<E>;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Saved<E>, OperationError> {
        let ForwardPass { inputs, output, workspace, records } = pass;
        let dims = self.dims;
        if self.mask.as_ref().is_some_and(|mask| !mask.covers(dims.batch, dims.steps)) {
            return Err(OperationError::Size);
        }
        let len = dims.rows() * dims.concatenated();
        let mut rows = workspace.acquire_zeroed(len)?;
        let mut projected = [
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
        ];
        for (part, weight) in projected.iter_mut().zip(QKV_INPUTS) {
            Projection::of(inputs, weight)?.forward(&inputs[0], &mut rows);
            dims.transpose((dims.steps, dims.heads), &rows, part);
        }
        let mut weights = workspace.acquire_zeroed(dims.rows() * dims.heads * dims.steps)?;
        self.scaled_dot_product(&projected, &mut weights, &mut rows);
        let mut concatenated = workspace.acquire_zeroed(len)?;
        dims.transpose((dims.heads, dims.steps), &rows, &mut concatenated);
        workspace.release(rows);
        Projection::of(inputs, OUTPUT_INPUT)?.forward(&concatenated, output);
        let saved = Saved { projected, weights, concatenated };
        Ok(if records { saved } else { saved.release(workspace) })
    }

    fn backward<E: Element>(
        &self,
        saved: Saved<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let BackwardPass { inputs, gradient, workspace, .. } = pass;
        let (dims, len) = (self.dims, saved.concatenated.len());
        let output = Projection::of(inputs, OUTPUT_INPUT)?;
        output.add_weights(OUTPUT_INPUT, &saved.concatenated, gradient, gradients)?;
        let mut by_concatenated = workspace.acquire_zeroed(len)?;
        output.add_inputs(gradient, &mut by_concatenated);
        let mut by_heads = workspace.acquire_zeroed(len)?;
        dims.transpose((dims.steps, dims.heads), &by_concatenated, &mut by_heads);

        let mut by_projected = [
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
        ];
        self.scaled_dot_product_backward(
            &saved.projected,
            &saved.weights,
            &by_heads,
            &mut by_projected,
        );
        for (part, weight) in by_projected.iter().zip(QKV_INPUTS) {
            dims.transpose((dims.heads, dims.steps), part, &mut by_concatenated);
            let projection = Projection::of(inputs, weight)?;
            projection.add_weights(weight, &inputs[0], &by_concatenated, gradients)?;
            gradients.edit(0, |dx| projection.add_inputs(&by_concatenated, dx))?;
        }
        by_projected
            .into_iter()
            .chain([by_concatenated, by_heads])
            .for_each(|all| workspace.release(all));
        saved.release(workspace);
        Ok(())
    }
}

impl Attention {
    /// Whether no mask applies.
    fn is_unmasked(&self) -> bool {
        !self.causal && self.mask.is_none()
    }

    /// Whether step `from` of a head attends to step `to`. `head` counts the heads of all samples.
    fn attends(&self, head: usize, from: usize, to: usize) -> bool {
        let counts = self.mask.as_ref().is_none_or(|mask| {
            let counts = mask.sequence(head / self.dims.heads);
            counts[from] && counts[to]
        });
        counts && (!self.causal || to <= from)
    }

    /// The softmax of each row of a head's scores over the unmasked steps. Masked entries become 0.
    fn softmax<E: Element>(&self, head: usize, steps: usize, scores: &mut [E]) {
        if self.is_unmasked() {
            return Function::Softmax.forward(scores, steps);
        }
        let mut unmasked = Vec::new();
        for (from, scores) in scores.chunks_exact_mut(steps.max(1)).enumerate() {
            unmasked.clear();
            unmasked
                .extend((0..steps).filter(|to| self.attends(head, from, *to)).map(|to| scores[to]));
            if !unmasked.is_empty() {
                let count = unmasked.len();
                Function::Softmax.forward(&mut unmasked, count);
            }
            let mut unmasked = unmasked.iter();
            for (to, score) in scores.iter_mut().enumerate() {
                let attends = self.attends(head, from, to);
                *score = if attends { *unmasked.next().unwrap_or(score) } else { E::zero() };
            }
        }
    }

    /// softmax(Q K^T / sqrt(width)) V for every head, with dropout between softmax and V. `weights`
    /// receives the attention weights before dropout, `outputs` the head outputs.
    fn scaled_dot_product<E: Element>(
        &self,
        [query, key, value]: &[Vec<E>; 3],
        weights: &mut [E],
        outputs: &mut [E],
    ) {
        let (dims, steps, scale) = (self.dims, self.dims.steps, self.dims.scale::<E>());
        let heads = weights
            .chunks_exact_mut((steps * steps).max(1))
            .zip(outputs.chunks_exact_mut((steps * dims.width).max(1)));
        for (position, (weights, outputs)) in heads.enumerate() {
            let (query, key) = (dims.head(query, position), dims.head(key, position));
            multiply(query, key.transposed(), weights, Add::Replace);
            weights.iter_mut().for_each(|score| *score *= scale);
            self.softmax(position, steps, weights);
            let value = dims.head(value, position);
            let weights = self.after_dropout(position, weights);
            multiply(Matrix::new(&weights, steps, steps), value, outputs, Add::Replace);
        }
    }

    /// The gradients with respect to queries, keys and values, from the gradients `grads` of the
    /// head outputs.
    fn scaled_dot_product_backward<E: Element>(
        &self,
        [query, key, value]: &[Vec<E>; 3],
        weights: &[E],
        grads: &[E],
        [by_query, by_key, by_value]: &mut [Vec<E>; 3],
    ) {
        let (dims, steps, scale) = (self.dims, self.dims.steps, self.dims.scale::<E>());
        let len = steps * dims.width;
        let mut by_scores = vec![E::zero(); steps * steps];
        for (position, weights) in weights.chunks_exact((steps * steps).max(1)).enumerate() {
            let range = position * len..(position + 1) * len;
            let grad = dims.head(grads, position);
            let dropped = self.after_dropout(position, weights);
            let mixed = Matrix::new(&dropped, steps, steps);
            multiply(mixed.transposed(), grad, &mut by_value[range.clone()], Add::Replace);
            let value = dims.head(value, position);
            multiply(grad, value.transposed(), &mut by_scores, Add::Replace);
            if let Some(scale_of) = self.dropout_scale::<E>() {
                for (index, grad) in by_scores.iter_mut().enumerate() {
                    *grad *= scale_of(position * steps * steps + index).unwrap_or(E::zero());
                }
            }
            // A masked attention weight is 0, so the gradient of its score is 0 as well.
            Function::Softmax.backward(&[], weights, &mut by_scores, steps);
            by_scores.iter_mut().for_each(|grad| *grad *= scale);
            let grad = Matrix::new(&by_scores, steps, steps);
            multiply(grad, dims.head(key, position), &mut by_query[range.clone()], Add::Replace);
            let query = dims.head(query, position);
            multiply(grad.transposed(), query, &mut by_key[range], Add::Replace);
        }
    }

    /// The [`dropout_scale`] of the attention weights, of which a sample has
    /// `[heads, steps, steps]`; `None` without dropout.
    fn dropout_scale<E: Element>(&self) -> Option<impl Fn(usize) -> Option<E>> {
        let Dims { heads, steps, .. } = self.dims;
        self.dropout.map(|dropout| dropout_scale(dropout, heads * steps * steps))
    }

    /// The attention weights of a head after dropout.
    fn after_dropout<'a, E: Element>(&self, head: usize, weights: &'a [E]) -> Cow<'a, [E]> {
        let Some(scale_of) = self.dropout_scale::<E>() else { return weights.into() };
        let start = head * weights.len();
        let scaled = |(index, weight): (usize, &E)| {
            scale_of(start + index).map_or(E::zero(), |k| k * *weight)
        };
        weights.iter().enumerate().map(scaled).collect()
    }
}

/// A linear projection: a weight with a row for each output, and a bias.
struct Projection<'a, E> {
    weight: &'a [E],
    bias: &'a [E],
    /// The sizes of an input row and of an output row.
    widths: [usize; 2],
}

impl<'a, E: Element> Projection<'a, E> {
    /// The projection whose weight is input `number` of the operation and whose bias is the next
    /// input.
    fn of(inputs: &'a [Cow<'a, [E]>], number: usize) -> Result<Self, OperationError> {
        let Some([weight, bias]) = inputs.get(number..number + 2) else {
            return Err(OperationError::Size);
        };
        let widths = [weight.len() / bias.len().max(1), bias.len()];
        Ok(Projection { weight, bias, widths })
    }

    /// `output = x weight^T + bias`.
    fn forward(&self, x: &[E], sums: &mut [E]) {
        let [inputs, width] = self.widths;
        sums.chunks_exact_mut(width.max(1)).for_each(|row| row.copy_from_slice(self.bias));
        let weight = Matrix::new(self.weight, width, inputs).transposed();
        multiply(Matrix::new(x, x.len() / inputs.max(1), inputs), weight, sums, Add::ToOutput);
    }

    /// Adds the gradients of the weight, which is input `number` of the operation, and of the bias.
    fn add_weights(
        &self,
        number: usize,
        x: &[E],
        grad: &[E],
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [inputs, width] = self.widths;
        let rows = x.len() / inputs.max(1);
        let by_sums = Matrix::new(grad, rows, width).transposed();
        gradients.edit(number, |dw| {
            multiply(by_sums, Matrix::new(x, rows, inputs), dw, Add::ToOutput);
        })?;
        gradients.edit(number + 1, |db| add_rows(grad, db))
    }

    /// Adds the gradient of the input to `dx`.
    fn add_inputs(&self, grad: &[E], dx: &mut [E]) {
        let [inputs, width] = self.widths;
        let by_sums = Matrix::new(grad, grad.len() / width.max(1), width);
        multiply(by_sums, Matrix::new(self.weight, width, inputs), dx, Add::ToOutput);
    }
}

/// The sizes of a batch. Tensors of the heads are `[batch, heads, steps, width]`.
#[derive(Clone, Copy)]
struct Dims {
    batch: usize,
    steps: usize,
    heads: usize,
    width: usize,
}

impl Dims {
    fn rows(self) -> usize {
        self.batch * self.steps
    }

    /// The size of the concatenated heads of a step.
    fn concatenated(self) -> usize {
        self.heads * self.width
    }

    /// 1 / sqrt(width), which keeps the softmax of an untrained layer from saturating.
    fn scale<E: Element>(self) -> E {
        E::of(1.0 / (self.width as f64).sqrt())
    }

    /// Transposes `[batch, first, second, width]` to `[batch, second, first, width]`.
    fn transpose<E: Element>(self, (first, second): (usize, usize), from: &[E], to: &mut [E]) {
        for (row, values) in from.chunks_exact(self.width.max(1)).enumerate() {
            let (sample, row) = (row / (first * second), row % (first * second));
            let (one, two) = (row / second, row % second);
            let target = (sample * second + two) * first + one;
            to[target * self.width..][..self.width].copy_from_slice(values);
        }
    }

    /// One head of one sample, `[steps, width]`. `position` counts the heads of all samples.
    fn head<E>(self, all: &[E], position: usize) -> Matrix<'_, E> {
        let len = self.steps * self.width;
        Matrix::new(&all[position * len..][..len], self.steps, self.width)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor, TensorFrom},
    };
    use rand_distr::StandardNormal;

    use super::*;
    use crate::{
        check_gradients::{check_gradients, Traced},
        layer::{MaskedModule, MaskedModuleMut},
    };

    fn random<const I: usize, const H: usize, const K: usize, const W: usize>(
    ) -> MultiHeadAttention<I, H, K, W, 0, f64, Cpu> {
        random_causal::<I, H, K, W, 0>()
    }

    fn random_causal<
        const I: usize,
        const H: usize,
        const K: usize,
        const W: usize,
        const C: usize,
    >() -> MultiHeadAttention<I, H, K, W, C, f64, Cpu> {
        let mut layer: MultiHeadAttention<I, H, K, W, C, f64, Cpu> =
            BuildModule::build(&Cpu::seed_from_u64(3));
        for bias in [&mut layer.query_bias, &mut layer.key_bias, &mut layer.value_bias] {
            bias.fill_with_distr(StandardNormal);
        }
        layer.output_bias.fill_with_distr(StandardNormal);
        layer
    }

    #[test]
    fn values_are_those_of_the_formula() {
        let device = Cpu::default();
        let layer: MultiHeadAttention<1, 1, 1, 1, 0, f64, Cpu> = MultiHeadAttention {
            query_weight: device.tensor([[2f64.ln()]]),
            query_bias: device.tensor([0.0]),
            key_weight: device.tensor([[1.0]]),
            key_bias: device.tensor([5.0]),
            value_weight: device.tensor([[3.0]]),
            value_bias: device.tensor([1.0]),
            output_weight: device.tensor([[2.0]]),
            output_bias: device.tensor([0.5]),
            dropout: 0.0,
            key: RngKey::default(),
        };
        // The scores of the second step are ln 2 times 5 and 6, which gives attention weights of
        // 1/3 and 2/3.
        let y = layer.forward(device.tensor([[[0.0], [1.0]]])).array();
        let expected = [2.0 * (1.0 + 4.0) / 2.0 + 0.5, 2.0 * (1.0 + 2.0 * 4.0) / 3.0 + 0.5];
        for (found, expected) in y[0].iter().flatten().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn the_order_of_the_steps_is_that_of_the_output() {
        let layer = random::<3, 2, 2, 4>();
        let x: Tensor<(Const<1>, Const<3>, Const<3>), f64, _> =
            Cpu::seed_from_u64(4).sample_normal();
        let [[a, b, c]] = x.array();
        let y = layer.forward(x).array()[0];
        let rotated = layer.forward(Cpu::default().tensor([[c, a, b]])).array()[0];
        for (row, rotated) in [y[2], y[0], y[1]].iter().zip(rotated) {
            assert!(row.iter().zip(rotated).all(|(y, rotated)| (y - rotated).abs() < 1e-12));
        }
    }

    #[test]
    fn masked_steps_are_as_if_they_were_not_there() {
        let layer = random::<3, 2, 2, 4>();
        let x: Tensor<(Const<1>, Const<4>, Const<3>), f64, _> =
            Cpu::seed_from_u64(4).sample_normal();
        let [[a, _, c, _]] = x.array();
        let mask = Mask::new(4, vec![true, false, true, false]);
        let y = layer.try_forward_masked(x.clone(), &mask).unwrap().array()[0];
        let short = layer.forward(Cpu::default().tensor([[a, c]])).array()[0];
        for (row, short) in [y[0], y[2]].iter().zip(short) {
            assert!(row.iter().zip(short).all(|(y, short)| (y - short).abs() < 1e-12));
        }
        assert_eq!(y[1], layer.output_bias.array(), "a masked step looks at nothing");
        assert!(layer.try_forward_masked(x, &Mask::all(1, 3)).is_err());
    }

    #[test]
    fn a_causal_step_looks_back_alone() {
        let layer = random_causal::<3, 2, 2, 4, 1>();
        let x: Tensor<(Const<1>, Const<3>, Const<3>), f64, _> =
            Cpu::seed_from_u64(4).sample_normal();
        let [[a, b, _]] = x.array();
        let (y, short) = (layer.forward(x), layer.forward(Cpu::default().tensor([[a, b]])));
        let pairs = y.array()[0].into_iter().zip(short.array()[0]);
        for (y, short) in pairs {
            assert!(y.iter().zip(short).all(|(y, short)| (y - short).abs() < 1e-12));
        }
    }

    #[test]
    fn dropout_trains_and_rests() {
        let mut layer = random::<3, 2, 2, 4>();
        layer.set_dropout(0.5);
        let x: Tensor<(Const<2>, Const<3>, Const<3>), f64, _> = Cpu::default().sample_normal();
        let inferred = layer.forward(x.clone()).array();
        assert_eq!(layer.forward_mut(x.clone()).array(), inferred, "nothing is trained");
        assert_ne!(layer.forward_mut(x.put_tape(Traced::default())).array(), inferred);
        assert_eq!(layer.key.call, 1);
    }

    #[test]
    fn gradients_are_right_with_masks_and_dropout() {
        let x: Tensor<(Const<3>, Const<3>, Const<4>), f64, _> =
            Cpu::seed_from_u64(2).sample_normal();
        let counts = [true, false, true, false, false, false, false, true, true];
        let mask = Mask::new(3, counts.to_vec());
        check_gradients(&(x.clone(), random::<4, 2, 3, 6>()), |(x, layer), tape| {
            layer.try_forward_masked(x.clone().put_tape(tape), &mask).unwrap()
        });
        let mut layer = random_causal::<4, 2, 3, 6, 1>();
        layer.set_dropout(0.4);
        check_gradients(&(x, layer), |(x, layer), tape| {
            layer.try_forward_mut_masked(x.clone().put_tape(tape), &mask).unwrap()
        });
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::seed_from_u64(2);
        let x: Tensor<(Const<2>, Const<3>, Const<4>), f64, _> = device.sample_normal();
        check_gradients(&(x, random::<4, 2, 3, 6>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let x: Tensor<(Const<1>, Const<1>, Const<3>), f64, _> = device.sample_normal();
        check_gradients(&(x, random::<3, 1, 2, 2>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let x: Tensor<(Const<1>, Const<5>, Const<1>), f64, _> = device.sample_normal();
        check_gradients(&(x, random::<1, 3, 1, 3>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
    }
}
