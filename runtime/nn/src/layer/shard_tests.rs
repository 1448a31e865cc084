//! Shards of a batch that go through a layer one by one give what the whole batch gives.

use dfdx::{
    nn::BuildModule,
    tensor::{Cpu, TensorFromVec},
    tensor_ops::Backward,
};

use super::{
    activation::{Relu, Tanh},
    Bidirectional, Dropout, Mask, MaskedModuleMut, MultiHeadAttention, RngKey, SimpleRNN,
    TransformerBlock, GRU, LSTM,
};
use crate::{
    check_gradients::{collect, Traced},
    tensor::*,
};

/// The number of rows of the whole batch.
const ROWS: usize = 7;
/// The numbers of rows of its shards.
const SHARDS: [&[usize]; 3] = [&[7], &[3, 0, 4], &[0, 1, 1, 5, 0]];

/// The results of a forward and a backward pass.
#[derive(Default)]
struct Results {
    output: Vec<f64>,
    by_input: Vec<f64>,
    /// The gradients of all tensors of the layer.
    by_weights: Vec<f64>,
}

/// Runs `forward` on `x`, and the backward pass of the sum of sin(y) over all elements y of the
/// output.
fn run<M: TensorCollection<f64, Cpu>, S: Shape, O: Shape>(
    layer: &mut M,
    x: Tensor<S, f64, Cpu>,
    forward: impl FnOnce(&mut M, Tensor<S, f64, Cpu, Traced>) -> Tensor<O, f64, Cpu, Traced>,
) -> Results {
    let y = forward(layer, x.clone().put_tape(Traced::default()));
    let (y, mut tape) = y.split_tape();
    // dfdx's `as_vec` panics without elements.
    let output = Cpu::values(&y).to_vec();
    let slopes: Vec<f64> = output.iter().map(|y| y.cos()).collect();
    let sum: Tensor<(), f64, Cpu> = y.device().tensor_from_vec(vec![0.0], ());
    tape.add_backward_op(move |gradients| {
        Cpu::edit_gradient(gradients, &y, |dy| {
            dy.iter_mut().zip(slopes).for_each(|(dy, slope)| *dy += slope);
        })
    });
    let mut gradients = sum.put_tape(tape).backward();
    let by_input = Cpu::edit_gradient(&mut gradients, &x, |dx| dx.to_vec()).unwrap();
    Results { output, by_input, by_weights: collect(layer, gradients) }
}

/// Random values of `rows` rows.
fn values(width: usize) -> Vec<f64> {
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
fn mask(first: usize, rows: usize) -> Mask {
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
