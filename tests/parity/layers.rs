//! Every layer gives what Keras gives: outputs, gradients, running statistics.

use crate::{
    support::{fixture::Comparison, frozen, gradients, set},
    Traced, NAMES,
};
use dfdx::{
    nn::{BuildModule, Module, ModuleMut, TensorCollection},
    prelude::*,
};
use multi_input::layer::{
    activation::{
        Activation, Elu, Gelu, LeakyRelu, Linear, Relu, Selu, Sigmoid, Silu, Softmax, Softplus,
        Tanh,
    },
    BatchNorm, Dense, Embedding, GroupNorm, LayerNorm, RMSNorm,
};

#[test]
fn every_layer_computes_what_keras_computes() {
    let mut layers = Layers(Comparison::with("layers", 1e-12));
    layers.dense::<Linear>("linear");
    layers.dense::<Relu>("relu");
    layers.dense::<LeakyRelu>("leaky_relu");
    layers.dense::<Elu>("elu");
    layers.dense::<Selu>("selu");
    layers.dense::<Gelu>("gelu");
    layers.dense::<Silu>("silu");
    layers.dense::<Softplus>("softplus");
    layers.dense::<Sigmoid>("sigmoid");
    layers.dense::<Tanh>("tanh");
    layers.dense::<Softmax>("softmax");
    layers.dense_on_steps::<Linear>("linear");
    layers.dense_on_steps::<Relu>("relu");
    layers.dense_on_steps::<Softmax>("softmax");
    layers.embedding("embedding.scalar", (5,));
    layers.embedding("embedding.steps", (3, Const::<4>));
    layers.norms("batch_norm", "layer_norm", 6, 3, |rows| (rows, Const::<4>));
    layers
        .norms("batch_norm_steps", "layer_norm_steps", 3, 3, |rows| (rows, Const::<2>, Const::<4>));
    layers.0.finish(&[]);
}

#[test]
fn the_norms_of_one_sample_compute_what_keras_computes() {
    type Steps<const B: usize> = Rank3<B, 5, 6>;
    type Image<const B: usize> = Rank4<B, 6, 3, 5>;
    let mut norms = Layers(Comparison::with("norms", 1e-12));
    norms.norm::<GroupNorm<6, 1, f64, Cpu>, Rank2<3, 6>>("group_norm.one");
    norms.norm::<GroupNorm<6, 2, f64, Cpu>, Rank2<3, 6>>("group_norm.two");
    norms.norm::<GroupNorm<6, 2, f64, Cpu>, Steps<1>>("group_norm_steps.two");
    norms.norm::<GroupNorm<6, 6, f64, Cpu>, Steps<2>>("group_norm_steps.six");
    norms.norm::<GroupNorm<6, 3, f64, Cpu>, Image<2>>("group_norm_image.three");
    norms.norm::<GroupNorm<6, 1, f64, Cpu>, Image<1>>("group_norm_image.one");
    norms.norm::<RMSNorm<6, f64, Cpu>, Rank2<3, 6>>("rms_norm.plain");
    norms.norm::<RMSNorm<6, f64, Cpu>, Steps<2>>("rms_norm_steps.plain");
    norms.0.finish(&[]);
}

struct Layers(Comparison);

impl Layers {
    fn dense<A: Activation>(&mut self, activation: &str) {
        let case = format!("dense.{activation}");
        self.numbers(&case, (3, Const), |dense: &mut Dense<4, 5, A, f64, Cpu>, x| dense.forward(x));
    }

    fn dense_on_steps<A: Activation>(&mut self, activation: &str) {
        let case = format!("dense_steps.{activation}");
        self.numbers(&case, (3, Const::<2>, Const), |dense: &mut Dense<4, 5, A, f64, Cpu>, x| {
            dense.forward(x)
        });
    }

    fn norm<M, S: Shape + Default>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        M: Module<Traced<S>, Output = Traced<S>>,
    {
        self.numbers(case, S::default(), |norm: &mut M, x| norm.forward(x));
    }

    fn norms<S: Shape>(
        &mut self,
        batch_norm: &str,
        layer_norm: &str,
        many: usize,
        few: usize,
        shape: impl Fn(usize) -> S,
    ) where
        BatchNorm<4, f64, Cpu>:
            Module<Traced<S>, Output = Traced<S>> + ModuleMut<Traced<S>, Output = Traced<S>>,
        LayerNorm<4, f64, Cpu>: Module<Traced<S>, Output = Traced<S>>,
    {
        let train = format!("{batch_norm}.train");
        type Batch = BatchNorm<4, f64, Cpu>;
        let trained = self.numbers(&train, shape(many), |norm: &mut Batch, x| norm.forward_mut(x));
        for (name, statistics) in frozen(&trained) {
            self.0.same(&format!("{train}.{name}_after"), &statistics);
        }
        let infer = format!("{batch_norm}.infer");
        self.numbers(&infer, shape(many), |norm: &mut Batch, x| norm.forward(x));
        let plain = format!("{layer_norm}.plain");
        self.numbers(&plain, shape(few), |norm: &mut LayerNorm<4, f64, Cpu>, x| norm.forward(x));
    }

    /// Compares a layer of numbers, its input's gradient included, and gives it back.
    fn numbers<S: Shape, O: Shape, M>(
        &mut self,
        case: &str,
        shape: S,
        forward: impl FnOnce(&mut M, Traced<S>) -> Traced<O>,
    ) -> M
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
    {
        let x = self.0.fixture().f64s(&format!("{case}.x"));
        let x = Cpu::default().tensor_from_vec(x, shape);
        let mut layer: M = self.layer(case);
        let y = forward(&mut layer, x.leaky_trace());
        let found = self.backward(case, &layer, y);
        self.0.same(&format!("{case}.dx"), &found.get(&x).as_vec());
        layer
    }

    /// Compares a layer of indices.
    fn embedding<S: Shape, O: Shape>(&mut self, case: &str, shape: S)
    where
        Embedding<7, 4, f64, Cpu>:
            Module<Tensor<S, usize, Cpu, OwnedTape<f64, Cpu>>, Output = Traced<O>>,
    {
        let x = self.0.fixture().indices(&format!("{case}.x"));
        let x = Cpu::default().tensor_from_vec(x, shape);
        let layer: Embedding<7, 4, f64, Cpu> = self.layer(case);
        let y = layer.forward(x.put_tape(OwnedTape::default()));
        self.backward(case, &layer, y);
    }

    /// A layer with Keras's weights.
    fn layer<M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>>(&self, case: &str) -> M {
        let mut layer: M = BuildModule::build(&Cpu::default());
        let known = NAMES.map(|name| (name, format!("{case}.{name}")));
        let known = known.into_iter().filter(|(_, theirs)| self.0.fixture().has(theirs));
        let weights: Vec<_> =
            known.map(|(ours, theirs)| (ours.to_owned(), self.0.fixture().f64s(&theirs))).collect();
        set(&mut layer, &weights);
        layer
    }

    /// Compares the output and the gradients of the weights.
    fn backward<O: Shape, M: TensorCollection<f64, Cpu>>(
        &mut self,
        case: &str,
        layer: &M,
        y: Traced<O>,
    ) -> Gradients<f64, Cpu> {
        let sizes: Vec<usize> = y.shape().concrete().into();
        assert_eq!(sizes, self.0.fixture().shape(&format!("{case}.y")), "{case}");
        self.0.same(&format!("{case}.y"), &y.as_vec());
        let dy = self.0.fixture().f64s(&format!("{case}.dy"));
        let dy = y.device().tensor_from_vec(dy, *y.shape());
        let found = (y * dy).sum::<Rank0, O::AllAxes>().backward();
        for (name, gradient) in gradients(layer, &found) {
            self.0.same(&format!("{case}.d{name}"), &gradient);
        }
        found
    }
}
