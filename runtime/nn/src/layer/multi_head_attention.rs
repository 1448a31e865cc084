//! `MultiHeadAttention`: scaled dot-product self-attention with several heads.

use std::borrow::Cow;

use multi_input_kernel::{
    matmul::{multiply, Add, Matrix},
    recurrent::add_rows,
};

use super::{
    activation::Function,
    declare::layer,
    initialize::{glorot_uniform, zeros},
    keep_scale, Mask, ReadsMask, RngKey,
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
    /// of head 1 and so on. Where `CAUSAL` is 1 a step attends to itself and to the steps before
    /// it. With a [`Mask`], steps do not attend to masked steps, and the head outputs of masked
    /// steps are 0. (Keras does the same where it applies dropout; its fused kernel lets masked
    /// steps attend to all steps equally.)
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
        self.attend(x, mask, None)
    }

    fn train<B: Dim, L: Dim, T: Tape<E, D>>(
        &mut self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        let key = T::OWNS_TAPE.then(|| (self.key.advance(), self.dropout));
        let dropout = key.filter(|_| self.dropout > 0.0);
        self.attend(x, mask, dropout)
    }

    fn attend<B: Dim, L: Dim, T: Tape<E, D>>(
        &self,
        x: Tensor<(B, L, Const<I>), E, D, T>,
        mask: Option<&Mask>,
        dropout: Option<(RngKey, f64)>,
    ) -> Result<Tensor<(B, L, Const<I>), E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        let (batch, steps, _) = *x.shape();
        let attention = Attention {
            frame: Frame { batch: batch.size(), steps: steps.size(), heads: H, width: K },
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
    frame: Frame,
    /// Whether a step attends only to itself and to the steps before it.
    causal: bool,
    mask: Option<Mask>,
    dropout: Option<(RngKey, f64)>,
}

compiled!(Attention);

/// The positions of the weights of queries, keys, values and output among the inputs. The bias of
/// each follows its weight.
const PARTS: [usize; 3] = [1, 3, 5];
const OUTPUT: usize = 7;

/// The buffers of the forward pass that the backward pass needs.
struct Saved<E> {
    /// Queries, keys and values, each `[batch, heads, steps, width]`.
    parts: [Vec<E>; 3],
    /// Attention weights before dropout, `[batch, heads, steps, steps]`.
    shares: Vec<E>,
    /// Concatenated head outputs, `[batch, steps, heads, width]`.
    joined: Vec<E>,
}

impl<E: Element> Saved<E> {
    /// Releases the buffers and returns an empty value.
    fn give_back(self, workspace: &dyn Workspace<E>) -> Saved<E> {
        let buffers = self.parts.into_iter().chain([self.shares, self.joined]);
        buffers.for_each(|buffer| workspace.release(buffer));
        Saved { parts: Default::default(), shares: Vec::new(), joined: Vec::new() }
    }
}

impl Operation for Attention {
    type Saved<E: Element> = Saved<E>;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Saved<E>, OperationError> {
        let ForwardPass { inputs, output, workspace, records } = pass;
        let frame = self.frame;
        if self.mask.as_ref().is_some_and(|mask| !mask.covers(frame.batch, frame.steps)) {
            return Err(OperationError::Size);
        }
        let len = frame.rows() * frame.joined();
        let mut rows = workspace.acquire_zeroed(len)?;
        let mut parts = [
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
        ];
        for (part, weight) in parts.iter_mut().zip(PARTS) {
            Projection::of(inputs, weight)?.forward(&inputs[0], &mut rows);
            frame.exchange((frame.steps, frame.heads), &rows, part);
        }
        let mut shares = workspace.acquire_zeroed(frame.rows() * frame.heads * frame.steps)?;
        self.attend(&parts, &mut shares, &mut rows);
        let mut joined = workspace.acquire_zeroed(len)?;
        frame.exchange((frame.heads, frame.steps), &rows, &mut joined);
        workspace.release(rows);
        Projection::of(inputs, OUTPUT)?.forward(&joined, output);
        let saved = Saved { parts, shares, joined };
        Ok(if records { saved } else { saved.give_back(workspace) })
    }

    fn backward<E: Element>(
        &self,
        saved: Saved<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let BackwardPass { inputs, gradient, workspace, .. } = pass;
        let (frame, len) = (self.frame, saved.joined.len());
        let output = Projection::of(inputs, OUTPUT)?;
        output.add_weights(OUTPUT, &saved.joined, gradient, gradients)?;
        let mut by_joined = workspace.acquire_zeroed(len)?;
        output.add_inputs(gradient, &mut by_joined);
        let mut by_heads = workspace.acquire_zeroed(len)?;
        frame.exchange((frame.steps, frame.heads), &by_joined, &mut by_heads);

        let mut by_parts = [
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
            workspace.acquire_zeroed(len)?,
        ];
        self.attend_back(&saved.parts, &saved.shares, &by_heads, &mut by_parts);
        for (part, weight) in by_parts.iter().zip(PARTS) {
            frame.exchange((frame.heads, frame.steps), part, &mut by_joined);
            let projection = Projection::of(inputs, weight)?;
            projection.add_weights(weight, &inputs[0], &by_joined, gradients)?;
            gradients.edit(0, |dx| projection.add_inputs(&by_joined, dx))?;
        }
        by_parts.into_iter().chain([by_joined, by_heads]).for_each(|all| workspace.release(all));
        saved.give_back(workspace);
        Ok(())
    }
}

impl Attention {
    /// Whether no mask applies.
    fn is_free(&self) -> bool {
        !self.causal && self.mask.is_none()
    }

    /// Whether step `from` of a head attends to step `to`. `head` counts the heads of all samples.
    fn sees(&self, head: usize, from: usize, to: usize) -> bool {
        let counts = self.mask.as_ref().is_none_or(|mask| {
            let counts = mask.sequence(head / self.frame.heads);
            counts[from] && counts[to]
        });
        counts && (!self.causal || to <= from)
    }

    /// The softmax of each row of a head's scores over the unmasked steps. Masked entries become 0.
    fn softmax<E: Element>(&self, head: usize, steps: usize, scores: &mut [E]) {
        if self.is_free() {
            return Function::Softmax.forward(scores, steps);
        }
        let mut seen = Vec::new();
        for (from, scores) in scores.chunks_exact_mut(steps.max(1)).enumerate() {
            seen.clear();
            seen.extend((0..steps).filter(|to| self.sees(head, from, *to)).map(|to| scores[to]));
            if !seen.is_empty() {
                let count = seen.len();
                Function::Softmax.forward(&mut seen, count);
            }
            let mut seen = seen.iter();
            for (to, score) in scores.iter_mut().enumerate() {
                let sees = self.sees(head, from, to);
                *score = if sees { *seen.next().unwrap_or(score) } else { E::zero() };
            }
        }
    }

    /// softmax(Q K^T / sqrt(width)) V for every head, with dropout between softmax and V. `weights`
    /// receives the attention weights before dropout, `outputs` the head outputs.
    fn attend<E: Element>(
        &self,
        [query, key, value]: &[Vec<E>; 3],
        shares: &mut [E],
        mixtures: &mut [E],
    ) {
        let (frame, steps, scale) = (self.frame, self.frame.steps, self.frame.scale::<E>());
        let places = shares
            .chunks_exact_mut((steps * steps).max(1))
            .zip(mixtures.chunks_exact_mut((steps * frame.width).max(1)));
        for (position, (shares, mixtures)) in places.enumerate() {
            let (query, key) = (frame.head(query, position), frame.head(key, position));
            multiply(query, key.transposed(), shares, Add::Replace);
            shares.iter_mut().for_each(|score| *score *= scale);
            self.softmax(position, steps, shares);
            let value = frame.head(value, position);
            let shares = thinned(self.dropout, position, shares);
            multiply(Matrix::new(&shares, steps, steps), value, mixtures, Add::Replace);
        }
    }

    /// The gradients with respect to queries, keys and values, from the gradients `grads` of the
    /// head outputs.
    fn attend_back<E: Element>(
        &self,
        [query, key, value]: &[Vec<E>; 3],
        shares: &[E],
        grads: &[E],
        [by_query, by_key, by_value]: &mut [Vec<E>; 3],
    ) {
        let (frame, steps, scale) = (self.frame, self.frame.steps, self.frame.scale::<E>());
        let len = steps * frame.width;
        let mut by_scores = vec![E::zero(); steps * steps];
        for (position, shares) in shares.chunks_exact((steps * steps).max(1)).enumerate() {
            let place = position * len..(position + 1) * len;
            let grad = frame.head(grads, position);
            let left = thinned(self.dropout, position, shares);
            let mixed = Matrix::new(&left, steps, steps);
            multiply(mixed.transposed(), grad, &mut by_value[place.clone()], Add::Replace);
            let value = frame.head(value, position);
            multiply(grad, value.transposed(), &mut by_scores, Add::Replace);
            if let Some((key, rate)) = self.dropout {
                let kept = keep_scale::<E>(key, rate);
                for (place, grad) in by_scores.iter_mut().enumerate() {
                    *grad *= kept(position * steps * steps + place).unwrap_or(E::zero());
                }
            }
            // A masked attention weight is 0, so the gradient of its score is 0 as well.
            Function::Softmax.backward(&[], shares, &mut by_scores, steps);
            by_scores.iter_mut().for_each(|grad| *grad *= scale);
            let grad = Matrix::new(&by_scores, steps, steps);
            multiply(grad, frame.head(key, position), &mut by_query[place.clone()], Add::Replace);
            let query = frame.head(query, position);
            multiply(grad.transposed(), query, &mut by_key[place], Add::Replace);
        }
    }
}

/// The attention weights of a head after dropout.
fn thinned<E: Element>(dropout: Option<(RngKey, f64)>, head: usize, shares: &[E]) -> Cow<'_, [E]> {
    let Some((key, rate)) = dropout else { return shares.into() };
    let kept = keep_scale::<E>(key, rate);
    let start = head * shares.len();
    let thin = |(place, share): (usize, &E)| kept(start + place).map_or(E::zero(), |k| k * *share);
    shares.iter().enumerate().map(thin).collect()
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
        let [wide, width] = self.widths;
        sums.chunks_exact_mut(width.max(1)).for_each(|row| row.copy_from_slice(self.bias));
        let weight = Matrix::new(self.weight, width, wide).transposed();
        multiply(Matrix::new(x, x.len() / wide.max(1), wide), weight, sums, Add::ToOutput);
    }

    /// Adds the gradients of the weight, which is input `number` of the operation, and of the bias.
    fn add_weights(
        &self,
        number: usize,
        x: &[E],
        grad: &[E],
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [wide, width] = self.widths;
        let rows = x.len() / wide.max(1);
        let by_sums = Matrix::new(grad, rows, width).transposed();
        gradients.edit(number, |dw| {
            multiply(by_sums, Matrix::new(x, rows, wide), dw, Add::ToOutput);
        })?;
        gradients.edit(number + 1, |db| add_rows(grad, db))
    }

    /// Adds the gradient of the input to `dx`.
    fn add_inputs(&self, grad: &[E], dx: &mut [E]) {
        let [wide, width] = self.widths;
        let by_sums = Matrix::new(grad, grad.len() / width.max(1), width);
        multiply(by_sums, Matrix::new(self.weight, width, wide), dx, Add::ToOutput);
    }
}

/// The sizes of a batch. Tensors of the heads are `[batch, heads, steps, width]`.
#[derive(Clone, Copy)]
struct Frame {
    batch: usize,
    steps: usize,
    heads: usize,
    width: usize,
}

impl Frame {
    fn rows(self) -> usize {
        self.batch * self.steps
    }

    /// The size of the concatenated heads of a step.
    fn joined(self) -> usize {
        self.heads * self.width
    }

    /// 1 / sqrt(width), for which the scores of an untrained layer have a variance near 1.
    fn scale<E: Element>(self) -> E {
        E::of(1.0 / (self.width as f64).sqrt())
    }

    /// Transposes `[batch, first, second, width]` to `[batch, second, first, width]`.
    fn exchange<E: Element>(self, (first, second): (usize, usize), from: &[E], to: &mut [E]) {
        for (row, values) in from.chunks_exact(self.width.max(1)).enumerate() {
            let (sample, row) = (row / (first * second), row % (first * second));
            let (one, two) = (row / second, row % second);
            let place = (sample * second + two) * first + one;
            to[place * self.width..][..self.width].copy_from_slice(values);
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
        looking::<I, H, K, W, 0>()
    }

    fn looking<const I: usize, const H: usize, const K: usize, const W: usize, const C: usize>(
    ) -> MultiHeadAttention<I, H, K, W, C, f64, Cpu> {
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
        let turned = layer.forward(Cpu::default().tensor([[c, a, b]])).array()[0];
        for (row, turned) in [y[2], y[0], y[1]].iter().zip(turned) {
            assert!(row.iter().zip(turned).all(|(y, turned)| (y - turned).abs() < 1e-12));
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
        let layer = looking::<3, 2, 2, 4, 1>();
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
        let whole = layer.forward(x.clone()).array();
        assert_eq!(layer.forward_mut(x.clone()).array(), whole, "nothing is trained");
        assert_ne!(layer.forward_mut(x.put_tape(Traced::default())).array(), whole);
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
        let mut layer = looking::<4, 2, 3, 6, 1>();
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
