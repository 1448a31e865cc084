//! Shards of a batch that go through a layer one by one give what the whole batch gives.

use dfdx::{
    nn::BuildModule,
    tensor::{Cpu, SampleTensor, TensorFromVec},
    tensor_ops::Backward,
};

use super::{activation::*, embedding_bag::*, *};
use crate::{
    check_gradients::{collect, Traced},
    merge::{self, MergeInput},
    missing,
    tensor::*,
};

/// The number of rows of the whole batch.
const ROWS: usize = 7;
/// The numbers of rows of its shards.
const SHARDS: [&[usize]; 3] = [&[7], &[3, 0, 4], &[0, 1, 1, 5, 0]];

/// The results of a forward and a backward pass.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) output: Vec<f64>,
    pub(crate) by_input: Vec<f64>,
    /// The gradients of all trained tensors of the layer.
    pub(crate) by_weights: Vec<f64>,
}

/// Runs `forward` on `x`, and the backward pass of the sum of sin(y) over all elements y of the
/// output.
pub(crate) fn run<M: TensorCollection<f64, Cpu>, S: Shape, O: Shape>(
    layer: &mut M,
    x: Tensor<S, f64, Cpu>,
    forward: impl FnOnce(&mut M, Tensor<S, f64, Cpu, Traced>) -> Tensor<O, f64, Cpu, Traced>,
) -> Results {
    let y = forward(layer, x.clone().put_tape(Traced::default()));
    let (output, mut gradients) = backward(y).unwrap();
    let by_input = Cpu::edit_gradient(&mut gradients, &x, |dx| dx.to_vec()).unwrap();
    Results { output, by_input, by_weights: collect(layer, gradients) }
}

/// The elements y of an output, and the gradients of the sum of sin(y).
pub(crate) fn backward<O: Shape>(
    y: Tensor<O, f64, Cpu, Traced>,
) -> Result<(Vec<f64>, Gradients<f64, Cpu>), <Cpu as HasErr>::Err> {
    let (y, mut tape) = y.split_tape();
    // dfdx's `as_vec` panics without elements.
    let output = Cpu::values(&y).to_vec();
    let grads: Vec<f64> = output.iter().map(|y| y.cos()).collect();
    let sum: Tensor<(), f64, Cpu> = y.device().tensor_from_vec(vec![0.0], ());
    tape.add_backward_op(move |gradients| {
        Cpu::edit_gradient(gradients, &y, |dy| {
            dy.iter_mut().zip(grads).for_each(|(dy, grad)| *dy += grad);
        })
    });
    Ok((output, sum.put_tape(tape).try_backward()?))
}

/// Random values of the rows of the whole batch, of `width` elements each.
pub(crate) fn values(width: usize) -> Vec<f64> {
    let numbers = RngKey { seed: 5, ..RngKey::default() }.numbers();
    (0..(ROWS * width) as u64).map(|k| (numbers(k) >> 11) as f64 / 2f64.powi(52) - 1.0).collect()
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        // What is dropped is exactly 0 in both.
        let near = (found - expected).abs() <= 1e-12 * (1.0 + expected.abs());
        assert!(near && (*found == 0.0) == (*expected == 0.0), "{found} is not {expected}");
    }
}

/// Compares the results of a batch with those of its shards. `run` takes the first row and the
/// values of a shard.
#[track_caller]
fn check(width: usize, run: impl Fn(usize, Vec<f64>) -> Results) {
    let values = values(width);
    let whole = run(0, values.clone());
    for shards in SHARDS {
        let (mut joined, mut first) = (Results::default(), 0);
        joined.by_weights = vec![0.0; whole.by_weights.len()];
        for rows in shards {
            let shard = run(first, values[first * width..(first + rows) * width].to_vec());
            joined.output.extend(shard.output);
            joined.by_input.extend(shard.by_input);
            let sums = joined.by_weights.iter_mut().zip(shard.by_weights);
            sums.for_each(|(sum, of_shard)| *sum += of_shard);
            first += rows;
        }
        assert_near(&joined.output, &whole.output);
        assert_near(&joined.by_input, &whole.by_input);
        for (found, expected) in joined.by_weights.iter().zip(&whole.by_weights) {
            assert!((found - expected).abs() <= 1e-12 * (1.0 + expected.abs()));
        }
    }
}

/// Checks the forward pass of a layer, an expression in a closure of the layer, the input and the
/// first row, on samples of a shape.
macro_rules! check {
    ([$($size:literal),+], $layer:expr, $forward:expr) => {{
        let layer = $layer;
        check([$($size),+].iter().product(), |first, values| {
            let rows = values.len() / [$($size),+].iter().product::<usize>();
            let shape = (rows, $(Const::<$size>),+);
            let x: Tensor<(usize, $(Const<$size>),+), f64, Cpu> =
                Cpu::default().tensor_from_vec(values, shape);
            let forward = $forward;
            run(&mut layer.clone(), x, |layer, x| forward(layer, x, first))
        });
    }};
}

fn build<M: BuildModule<Cpu, f64>>() -> M {
    BuildModule::build(&Cpu::seed_from_u64(3))
}

/// The key of a shard whose first row is `first_row`.
fn key(first_row: usize) -> RngKey {
    RngKey { seed: 1, layer: 2, step: 3, call: 0, first_row: first_row as u64 }
}

/// A mask of sequences of four steps, of the rows from `first` on. The last row has only padding.
pub(crate) fn mask(first: usize, rows: usize) -> Mask {
    let counts = (first * 4..(first + rows) * 4).map(|step| step % 5 != 2 && step / 4 != ROWS - 1);
    Mask::new(4, counts.collect())
}

#[test]
fn dropout_of_a_shard_is_that_of_its_rows() {
    macro_rules! drop {
        ($($size:literal),+) => {
            check!([$($size),+], Dropout::new(0.4), |layer: &mut Dropout, x, first| {
                layer.set_rng_key(key(first));
                // The second call of a step as well.
                let once = layer.forward_mut(x);
                layer.forward_mut(once)
            });
        };
    }
    drop!(3);
    drop!(4, 3);
    drop!(2, 4, 3);
}

#[test]
fn dropout_within_layers_is_that_of_the_rows() {
    macro_rules! recurrent {
        ($($layer:ty),+ $(,)?) => {$(
            let mut layer: $layer = build();
            layer.set_dropout(0.4);
            check!([4, 3], layer.clone(), |layer: &mut $layer, x, first| {
                layer.set_rng_key(key(first));
                layer.forward_mut(x)
            });
            check!(
                [4, 3],
                layer.clone(),
                |layer: &mut $layer, x: Tensor<(usize, _, _), f64, Cpu, Traced>, first| {
                    layer.set_rng_key(key(first));
                    let mask = mask(first, x.shape().0);
                    layer.try_forward_mut_masked(x, &mask).unwrap()
                }
            );
        )+};
    }
    recurrent!(
        LSTM<3, 5, 20, 0, 0, f64, Cpu>,
        LSTM<3, 5, 20, 1, 1, f64, Cpu>,
        GRU<3, 5, 15, 2, 1, 0, f64, Cpu>,
        GRU<3, 5, 15, 1, 0, 0, f64, Cpu>,
        SimpleRNN<3, 5, 1, 0, Tanh, f64, Cpu>,
        MultiHeadAttention<3, 2, 2, 4, 0, f64, Cpu>,
        MultiHeadAttention<3, 2, 2, 4, 1, f64, Cpu>,
        TransformerBlock<3, 2, 2, 4, 5, 0, Relu, f64, Cpu>,
    );
}

#[test]
fn dropout_of_both_directions_is_that_of_the_rows() {
    type Both = Bidirectional<LSTM<3, 5, 20, 1, 0, f64, Cpu>, 10, 0>;
    let mut layer: Both = build();
    layer.forward.set_dropout(0.4);
    layer.backward.set_dropout(0.4);
    check!([4, 3], layer.clone(), |layer: &mut Both, x, first| {
        layer.forward.set_rng_key(key(first));
        layer.backward.set_rng_key(key(first).layer(7));
        layer.forward_mut(x)
    });
}

/// Checks the training forward of layers that are built on samples of a shape.
macro_rules! check_all {
    ($sizes:tt, $($layer:ty),+ $(,)?) => {$(
        check!($sizes, build::<$layer>(), |layer: &mut $layer, x, _| layer.forward_mut(x));
    )+};
}

/// The same with a mask of four steps.
macro_rules! check_masked {
    ($($layer:expr),+ $(,)?) => {$(
        let layer = $layer;
        check!([4, 3], (), |_: &mut (), x: Tensor<(usize, _, _), f64, Cpu, Traced>, first| {
            let mask = mask(first, x.shape().0);
            layer.try_forward_masked(x, &mask).unwrap()
        });
    )+};
}

#[test]
fn rows_of_features() {
    check_all!(
        [3],
        Dense<3, 5, Linear, f64, Cpu>,
        Dense<3, 5, Softmax, f64, Cpu>,
        Frozen<Dense<3, 5, Relu, f64, Cpu>>,
        LayerNorm<3, f64, Cpu>,
        RMSNorm<3, f64, Cpu>,
        GroupNorm<3, 3, f64, Cpu>,
    );
    check_all!([4], GroupNorm<4, 2, f64, Cpu>);
    check_all!([1], Thresholds<3, f64, Cpu>);
    macro_rules! activations {
        ($($activation:ident),+) => {$(
            check!([3], (), |_: &mut (), x, _| $activation.forward(x));
        )+};
    }
    activations!(
        Linear, Relu, LeakyRelu, Elu, Selu, Gelu, Silu, Softplus, Sigmoid, Tanh, Softmax, DropMask
    );
}

#[test]
fn rows_of_steps() {
    check_all!(
        [4, 3],
        Dense<3, 5, Softmax, f64, Cpu>,
        Conv1D<3, 4, 2, 4, 3, Slide, Relu, f64, Cpu>,
        Conv1D<3, 4, 3, 4, 4, Slide<1, 1, 1, 1>, Relu, f64, Cpu>,
        LayerNorm<3, f64, Cpu>,
        RMSNorm<3, f64, Cpu>,
        GroupNorm<3, 1, f64, Cpu>,
        LSTM<3, 5, 20, 0, 0, f64, Cpu>,
        LSTM<3, 5, 20, 1, 1, f64, Cpu>,
        GRU<3, 5, 15, 2, 0, 0, f64, Cpu>,
        GRU<3, 5, 15, 1, 1, 0, f64, Cpu>,
        SimpleRNN<3, 5, 0, 0, Relu, f64, Cpu>,
        Bidirectional<LSTM<3, 5, 20, 0, 0, f64, Cpu>, 5, 3>,
        MultiHeadAttention<3, 2, 2, 4, 1, f64, Cpu>,
        TransformerBlock<3, 2, 2, 4, 5, 0, Relu, f64, Cpu>,
        PositionalEmbedding<4, 3, f64, Cpu>,
        TimeDistributed<Dense<3, 5, Relu, f64, Cpu>>,
        MaxPool1D<2, 2>,
        AvgPool1D<2, 2>,
        GlobalMaxPool1D,
        GlobalAveragePool1D,
        Flatten<12>,
        Reshape<(Const<6>, Const<2>)>,
    );
    check!([4, 3], Masking::new(0.0), |layer: &mut Masking, x, _| layer.forward(x));
    check_masked!(
        GlobalMaxPool1D,
        GlobalAveragePool1D,
        build::<GroupNorm<3, 1, f64, Cpu>>(),
        build::<Bidirectional<LSTM<3, 5, 20, 1, 0, f64, Cpu>, 10, 0>>(),
    );
}

#[test]
fn rows_of_images() {
    check_all!(
        [2, 4, 6],
        Conv2D<2, 3, 2, 2, 3, 3, 5, Slide, Relu, f64, Cpu>,
        // Winograd's kernel.
        Conv2D<2, 8, 3, 3, 8, 2, 4, Slide, Relu, f64, Cpu>,
        Conv2D<2, 4, 1, 1, 0, 4, 6, Slide<1, 1, 0, 0, 1, 2>, Linear, f64, Cpu>,
        SeparableConv2D<2, 4, 5, 2, 2, 5, 3, 5, Slide, Relu, f64, Cpu>,
        MaxPool2D<2, 2, 2, 3>,
        AvgPool2D<2, 2, 2, 3>,
        GlobalMaxPool2D,
        GlobalAveragePool2D,
        UpSampling2D<2, 2, 8, 12>,
        ZeroPad2D<1, 2, 7, 9>,
        GroupNorm<2, 1, f64, Cpu>,
        TimeDistributed<LayerNorm<6, f64, Cpu>>,
        Flatten<48>,
    );
}

#[test]
fn rows_of_fused_layers() {
    type Conv = Conv2D<2, 3, 3, 3, 3, 2, 4, Slide, Relu, f64, Cpu>;
    type Image = Tensor<(usize, Const<2>, Const<4>, Const<6>), f64, Cpu, Traced>;
    let pool = MaxPool2D::<2, 2, 1, 2>::default();
    check!([2, 4, 6], build::<Conv>(), |layer: &mut Conv, x: Image, _| {
        layer.try_forward_pooled(&pool, x, Origin::Computed).unwrap()
    });
    check!([2, 4, 6], build::<Conv>(), |layer: &mut Conv, x: Image, _| {
        layer.try_forward_pooled_flat(&pool, &Flatten::<6>, x, Origin::Data).unwrap()
    });
    type Joined = Dense<6, 2, Relu, f64, Cpu>;
    check!([3], build::<Joined>(), |layer: &mut Joined, x, _| {
        let x: Tensor<(usize, Const<3>), f64, Cpu, Traced> = x;
        let shape = (x.shape().0, Const::<6>);
        let (x, tape) = x.split_tape();
        let parts = vec![MergeInput::new(&x).unwrap(), MergeInput::new(&x).unwrap()];
        layer.try_forward_concat(parts, -1, shape, Origin::Computed, tape).unwrap()
    });
}

/// The categories of the steps, from the values of the rows.
fn categories<S: Shape>(
    x: Tensor<S, f64, Cpu, Traced>,
) -> (Tensor<S, f64, Cpu>, Tensor<S, usize, Cpu, Traced>) {
    let indices = Cpu::values(&x).iter().map(|x| if *x < 0.0 { 0 } else { 2 }).collect();
    let (x, tape) = x.split_tape();
    let indices = x.device().tensor_from_vec(indices, *x.shape());
    (x, indices.put_tape(tape))
}

#[test]
fn rows_of_categories() {
    macro_rules! embeddings {
        ($($layer:ty),+) => {$(
            check!(
                [2],
                build::<$layer>(),
                |layer: &mut $layer, x: Tensor<(usize, Const<2>), f64, Cpu, Traced>, _| {
                    layer.forward(categories(x).1)
                }
            );
        )+};
    }
    embeddings!(
        Embedding<3, 4, f64, Cpu>,
        EmbeddingBag<3, 4, MEAN, f64, Cpu>,
        EmbeddingBag<3, 4, SUM, f64, Cpu>,
        EmbeddingBag<3, 4, MAX, f64, Cpu>
    );
    type Bag = EmbeddingBag<3, 4, SUM, f64, Cpu>;
    type X = Tensor<(usize, Const<4>), f64, Cpu, Traced>;
    check!([4], build::<Bag>(), |layer: &mut Bag, x: X, first| {
        let mask = mask(first, x.shape().0);
        let (x, indices) = categories(x);
        layer.try_forward_weighted(indices, &x, Some(&mask)).unwrap()
    });
    check!([4], build::<Bag>(), |layer: &mut Bag, x: X, first| {
        let mask = mask(first, x.shape().0);
        layer.try_forward_masked(categories(x).1, &mask).unwrap()
    });
}

#[test]
fn masks_of_no_rows() {
    let none = Mask::all(0, 4);
    assert_eq!(Mask::of_lengths(std::iter::empty(), 4, false), none);
    assert_eq!(Mask::joined(&[&none, &none]), Mask::all(0, 8));
    assert_eq!((Mask::any(&[&none, &none], 4), none.and(&none)), (none.clone(), none.clone()));
    assert_eq!(none.with_absent(&present(0, 0)).unwrap(), none);
    assert_eq!(none.without_absent(&present(0, 0)).unwrap(), none.reversed());
    let x: Tensor<(usize, Const<4>, Const<3>), f64, Cpu> =
        Cpu::default().tensor_from_vec(Vec::new(), (0, Const, Const));
    assert_eq!(Masking::new(0.0).create_mask(&x).unwrap(), none);
    let x: Tensor<(usize, Const<4>), usize, Cpu> =
        Cpu::default().tensor_from_vec(Vec::new(), (0, Const));
    assert_eq!(build::<Embedding<3, 2, f64, Cpu>>().create_mask(&x).unwrap(), none);
    let selected = missing::select_categories(x, &present(0, 0)).unwrap();
    assert!(<Cpu as Backend<f64>>::indices(&selected).is_empty());
}

/// `[batch, 1]`: 0 in every third row from `first` on.
fn present(first: usize, rows: usize) -> Tensor<(usize, Const<1>), f64, Cpu> {
    let flags = (first..first + rows).map(|row| if row % 3 == 1 { 0.0 } else { 1.0 });
    Cpu::default().tensor_from_vec(flags.collect(), (rows, Const))
}

#[test]
fn rows_of_absent_inputs() {
    type X = Tensor<(usize, Const<4>, Const<3>), f64, Cpu, Traced>;
    check!([4, 3], (), |_: &mut (), x: X, first| {
        let present = present(first, x.shape().0);
        missing::select(x, &present).unwrap()
    });
    let stand_in = PositionalEmbedding { weight: Cpu::seed_from_u64(4).sample_normal() };
    check!([4, 3], stand_in, |layer: &mut PositionalEmbedding<4, 3, f64, Cpu>, x: X, first| {
        let present = present(first, x.shape().0);
        missing::learned(x, &present, &layer.weight).unwrap()
    });
}

#[test]
fn rows_of_merges() {
    type X = Tensor<(usize, Const<4>, Const<3>), f64, Cpu, Traced>;
    macro_rules! merges {
        ($(|$parts:ident, $batch:ident, $tape:ident| $merge:expr),+ $(,)?) => {$(
            let layer: Dense<3, 3, Linear, f64, Cpu> = build();
            check!([4, 3], layer, |layer: &mut Dense<3, 3, Linear, f64, Cpu>, x: X, first| {
                let $batch = x.shape().0;
                let (x, tape) = x.split_tape();
                let (y, $tape) = layer.forward(x.clone().put_tape(tape)).split_tape();
                let mask = mask(first, $batch);
                let x = MergeInput::new(&x).unwrap().masked(&mask).unwrap();
                let y = MergeInput::new(&y).unwrap().present(&present(first, $batch)).unwrap();
                let $parts = vec![x, y];
                $merge.unwrap()
            });
        )+};
    }
    let same = |batch| (batch, Const::<4>, Const::<3>);
    merges!(
        |parts, batch, tape| merge::add(parts, same(batch), tape),
        |parts, batch, tape| merge::subtract(parts, same(batch), tape),
        |parts, batch, tape| merge::multiply(parts, same(batch), tape),
        |parts, batch, tape| merge::average(parts, same(batch), tape),
        |parts, batch, tape| merge::maximum(parts, same(batch), tape),
        |parts, batch, tape| merge::minimum(parts, same(batch), tape),
        |parts, batch, tape| merge::concat(parts, -1, (batch, Const::<4>, Const::<6>), tape),
        |parts, batch, tape| merge::concat(parts, 0, (batch, Const::<8>, Const::<3>), tape),
        |parts, batch, tape| merge::dot(parts, -1, false, (batch, Const::<4>, Const::<4>), tape),
        |parts, batch, tape| merge::dot(parts, 0, true, (batch, Const::<3>, Const::<3>), tape),
        |parts, batch, tape| merge::own(parts, &FIRST, same(batch), tape),
    );
    let layer: Dense<3, 3, Linear, f64, Cpu> = build();
    check!([3], layer, |layer: &mut Dense<3, 3, Linear, f64, Cpu>, x, _| {
        let x: Tensor<(usize, Const<3>), f64, Cpu, Traced> = x;
        let shape = (x.shape().0, Const::<1>);
        let (x, tape) = x.split_tape();
        let (y, tape) = layer.forward(x.clone().put_tape(tape)).split_tape();
        let parts = vec![MergeInput::new(&x).unwrap(), MergeInput::new(&y).unwrap()];
        merge::distance(parts, shape, tape).unwrap()
    });
}

/// The first operand.
#[derive(Debug)]
struct First;

static FIRST: First = First;

impl merge::Merge for First {
    fn forward(&self, operands: &[merge::RowOperand<'_>], output: &mut [f64]) {
        output.copy_from_slice(operands[0].values);
    }

    fn backward(
        &self,
        _: &[merge::RowOperand<'_>],
        grad_output: &[f64],
        gradients: &mut [&mut [f64]],
    ) {
        gradients[0].iter_mut().zip(grad_output).for_each(|(sum, grad)| *sum += grad);
    }
}
