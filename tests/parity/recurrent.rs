//! Every layer of sequences gives what Keras gives: outputs, and gradients of inputs and weights.

use crate::support::{fixture::Comparison, gradients, parameters, set};
use dfdx::{
    nn::{BuildModule, Module, TensorCollection},
    prelude::*,
};
use multi_input::layer::{
    activation::{Activation, Relu, Tanh},
    MultiHeadAttention, SimpleRNN, GRU, LSTM,
};

type Sequences = Tensor<(usize, Const<5>, Const<4>), f64, Cpu, OwnedTape<f64, Cpu>>;
type Traced<S> = Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>;
type Last = (usize, Const<3>);
type Every = (usize, Const<5>, Const<3>);
type Every4 = (usize, Const<5>, Const<4>);

#[test]
fn every_layer_of_sequences_computes_what_keras_computes() {
    let mut layers = Layers(Comparison::with("recurrent", 1e-12));
    layers.same::<LSTM<4, 3, 12, 0, 0, f64, Cpu>, Last>("lstm.last");
    layers.same::<LSTM<4, 3, 12, 1, 0, f64, Cpu>, Every>("lstm.every");
    layers.same::<LSTM<4, 3, 12, 0, 1, f64, Cpu>, Last>("lstm.last_backwards");
    layers.same::<LSTM<4, 3, 12, 1, 1, f64, Cpu>, Every>("lstm.every_backwards");
    layers.gru::<2>("gru");
    layers.gru::<1>("gru_before");
    layers.simple::<Tanh, 0, 0, Last>("last");
    layers.simple::<Tanh, 1, 0, Every>("every");
    layers.simple::<Tanh, 0, 1, Last>("last_backwards");
    layers.simple::<Tanh, 1, 1, Every>("every_backwards");
    layers.simple::<Relu, 0, 0, Last>("relu");
    layers.same::<MultiHeadAttention<4, 2, 3, 6, 0, f64, Cpu>, Every4>("attention.two_heads");
    layers.0.finish(&[]);
}

struct Layers(Comparison);

impl Layers {
    fn gru<const BIASES: usize>(&mut self, name: &str) {
        self.same::<GRU<4, 3, 9, BIASES, 0, 0, f64, Cpu>, Last>(&format!("{name}.last"));
        self.same::<GRU<4, 3, 9, BIASES, 1, 0, f64, Cpu>, Every>(&format!("{name}.every"));
        self.same::<GRU<4, 3, 9, BIASES, 0, 1, f64, Cpu>, Last>(&format!("{name}.last_backwards"));
        self.same::<GRU<4, 3, 9, BIASES, 1, 1, f64, Cpu>, Every>(&format!(
            "{name}.every_backwards"
        ));
    }

    fn simple<A: Activation, const SEQUENCES: usize, const BACKWARDS: usize, S: Shape>(
        &mut self,
        name: &str,
    ) where
        SimpleRNN<4, 3, SEQUENCES, BACKWARDS, A, f64, Cpu>: Module<Sequences, Output = Traced<S>>,
    {
        self.same::<SimpleRNN<4, 3, SEQUENCES, BACKWARDS, A, f64, Cpu>, S>(&format!(
            "simple_rnn.{name}"
        ));
    }

    /// Compares one layer, whose tensors have the names of the fixture's.
    fn same<M, S: Shape>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        M: Module<Sequences, Output = Traced<S>>,
    {
        let device = Cpu::default();
        let mut layer: M = BuildModule::build(&device);
        let names = parameters(&layer).into_iter().map(|(name, _)| name);
        let weights: Vec<_> = names
            .map(|name| (name.clone(), self.0.fixture().f64s(&format!("{case}.{name}"))))
            .collect();
        set(&mut layer, &weights);

        let x = self.0.fixture().f64s(&format!("{case}.x"));
        let x: Tensor<(usize, Const<5>, Const<4>), f64, Cpu> =
            device.tensor_from_vec(x, (2, Const, Const));
        let y = layer.forward(x.leaky_trace());
        let sizes: Vec<usize> = y.shape().concrete().into();
        assert_eq!(sizes, self.0.fixture().shape(&format!("{case}.y")), "{case}");
        self.0.same(&format!("{case}.y"), &y.as_vec());

        let dy = self.0.fixture().f64s(&format!("{case}.dy"));
        let dy = device.tensor_from_vec(dy, *y.shape());
        let found = (y * dy).sum::<Rank0, S::AllAxes>().backward();
        self.0.same(&format!("{case}.dx"), &found.get(&x).as_vec());
        for (name, gradient) in gradients(&layer, &found) {
            let name = format!("{case}.d{name}");
            if name.ends_with("dkey_bias") {
                // It is 0 but for rounding: the same is added to all scores of a query.
                let theirs = self.0.fixture().f64s(&name);
                assert!(gradient.iter().chain(&theirs).all(|grad| grad.abs() < 1e-12));
            } else {
                self.0.same(&name, &gradient);
            }
        }
    }
}
