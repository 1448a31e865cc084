//! What masks do, and layers that are made of others, as in Keras: outputs, gradients of inputs and
//! weights, statistics, and the masks of what comes out.

use crate::{
    support::{fixture::Comparison, frozen, gradients, parameters, set},
    Traced,
};
use dfdx::{
    nn::{BuildModule, TensorCollection},
    prelude::*,
};
use multi_input::{
    layer::{
        activation::{Linear, Relu, Tanh},
        BatchNorm, Bidirectional, Conv2D, CreateMask, Dense, GlobalAveragePool1D, Mask,
        MaskedModule, MaskedModuleMut, Masking, MultiHeadAttention, ReadsMask, SeparableConv2D,
        SimpleRNN, Slide, TimeDistributed, TransformerBlock, GRU, LSTM,
    },
    merge::{self, MergeInput},
};

type X = Rank3<3, 5, 4>;

#[test]
fn every_layer_that_reads_a_mask_computes_what_keras_computes() {
    let mut all = Layers(Comparison::with("masks", 1e-12));
    all.recurrent::<LSTM<4, 3, 12, 0, 0, f64, Cpu>, _>("lstm.last");
    all.recurrent::<LSTM<4, 3, 12, 1, 0, f64, Cpu>, _>("lstm.every");
    all.recurrent::<LSTM<4, 3, 12, 0, 1, f64, Cpu>, _>("lstm.last_backwards");
    all.recurrent::<LSTM<4, 3, 12, 1, 1, f64, Cpu>, _>("lstm.every_backwards");
    all.recurrent::<GRU<4, 3, 9, 2, 0, 0, f64, Cpu>, _>("gru.last");
    all.recurrent::<GRU<4, 3, 9, 2, 1, 0, f64, Cpu>, _>("gru.every");
    all.recurrent::<GRU<4, 3, 9, 2, 0, 1, f64, Cpu>, _>("gru.last_backwards");
    all.recurrent::<GRU<4, 3, 9, 2, 1, 1, f64, Cpu>, _>("gru.every_backwards");
    all.recurrent::<GRU<4, 3, 9, 1, 0, 0, f64, Cpu>, _>("gru_before.last");
    all.recurrent::<GRU<4, 3, 9, 1, 1, 0, f64, Cpu>, _>("gru_before.every");
    all.recurrent::<GRU<4, 3, 9, 1, 0, 1, f64, Cpu>, _>("gru_before.last_backwards");
    all.recurrent::<GRU<4, 3, 9, 1, 1, 1, f64, Cpu>, _>("gru_before.every_backwards");
    all.recurrent::<SimpleRNN<4, 3, 0, 0, Tanh, f64, Cpu>, _>("simple_rnn.last");
    all.recurrent::<SimpleRNN<4, 3, 1, 0, Tanh, f64, Cpu>, _>("simple_rnn.every");
    all.recurrent::<SimpleRNN<4, 3, 0, 1, Tanh, f64, Cpu>, _>("simple_rnn.last_backwards");
    all.recurrent::<SimpleRNN<4, 3, 1, 1, Tanh, f64, Cpu>, _>("simple_rnn.every_backwards");

    all.reads::<MultiHeadAttention<4, 2, 3, 6, 0, f64, Cpu>, X, _>("attention.masked");
    all.same::<MultiHeadAttention<4, 2, 3, 6, 1, f64, Cpu>, X, _>("attention.causal");
    all.reads::<MultiHeadAttention<4, 2, 3, 6, 1, f64, Cpu>, X, _>("attention.masked_causal");
    all.reads::<GlobalAveragePool1D, Rank3<2, 5, 4>, _>("global_average_pool1d.masked");
    all.reads::<BatchNorm<4, f64, Cpu>, X, _>("batch_norm.infer");
    let trained =
        all.layer("batch_norm.train", |layer: &mut BatchNorm<4, f64, Cpu>, x: Traced<X>, mask| {
            layer.try_forward_mut_masked(x, mask).unwrap()
        });
    for (name, after) in frozen(&trained) {
        all.0.same(&format!("batch_norm.train.{name}_after"), &after);
    }
    let mask = all.mask("batch_norm.train.mask_after", 5);
    assert_eq!(trained.mask_after(mask.clone()), mask);

    let masking = all.layer("masking.minus_one", |layer: &mut Masking, x: Traced<X>, mask| {
        layer.set_value(-1.0);
        assert_eq!(layer.create_mask(&x).unwrap(), *mask);
        layer.forward(x)
    });
    assert_eq!(masking.value, -1.0);
    all.0.finish(&["merge"]);
}

#[test]
fn merges_of_masked_sequences_are_those_of_keras() {
    let mut all = Layers(Comparison::with("masks", 1e-12));
    all.merge("add", (3, 5, 4), |parts, _, shape, tape| merge::add(parts, shape, tape));
    for case in ["maximum", "maximum_of_one"] {
        all.merge(case, (3, 5, 4), |parts, masks, shape, tape| {
            merge::maximum(masked(parts, masks), shape, tape)
        });
    }
    all.merge("minimum", (3, 5, 4), |parts, masks, shape, tape| {
        merge::minimum(masked(parts, masks), shape, tape)
    });
    all.merge("concat", (3, 5, 8), |parts, _, shape, tape| merge::concat(parts, -1, shape, tape));
    for case in ["concat_steps", "concat_steps_of_one"] {
        all.merge(case, (3, 10, 4), |parts, _, shape, tape| merge::concat(parts, 0, shape, tape));
    }
    let others = all.0.fixture().cases(1).into_iter().filter(|case| case != "merge");
    let others: Vec<String> = others.collect();
    all.0.finish(&others.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn layers_made_of_others_compute_what_keras_computes() {
    let mut all = Layers(Comparison::with("composed", 1e-12));
    all.both::<Bidirectional<LSTM<4, 3, 12, 0, 0, f64, Cpu>, 6, 0>, _>("bidirectional.lstm_concat");
    all.both::<Bidirectional<LSTM<4, 3, 12, 1, 0, f64, Cpu>, 6, 0>, _>(
        "bidirectional.lstm_every_concat",
    );
    all.both::<Bidirectional<GRU<4, 3, 9, 2, 0, 0, f64, Cpu>, 3, 1>, _>("bidirectional.gru_sum");
    all.both::<Bidirectional<GRU<4, 3, 9, 2, 1, 0, f64, Cpu>, 3, 2>, _>(
        "bidirectional.gru_every_average",
    );
    all.both::<Bidirectional<SimpleRNN<4, 3, 1, 0, Tanh, f64, Cpu>, 3, 3>, _>(
        "bidirectional.simple_rnn_every_multiply",
    );
    all.same::<TimeDistributed<Dense<4, 3, Relu, f64, Cpu>>, Rank3<2, 5, 4>, _>(
        "time_distributed.dense",
    );
    type Conv = Conv2D<2, 3, 2, 2, 3, 3, 2, Slide, Linear, f64, Cpu>;
    type Images = (Const<2>, Const<3>, Const<2>, Const<4>, Const<3>);
    all.same::<TimeDistributed<Conv>, Images, _>("time_distributed.conv2d");
    type Block = TransformerBlock<4, 2, 3, 6, 6, 0, Relu, f64, Cpu>;
    all.same::<Block, X, _>("transformer_block.plain");
    all.reads::<Block, X, _>("transformer_block.masked");
    type Image = Rank4<2, 3, 5, 6>;
    all.same::<SeparableConv2D<2, 6, 4, 3, 2, 4, 3, 5, Slide, Relu, f64, Cpu>, Image, _>(
        "separable_conv2d.plain",
    );
    all.same::<SeparableConv2D<1, 3, 4, 3, 3, 0, 3, 3, Slide<2, 2, 1, 0>, Linear, f64, Cpu>, Image, _>(
        "separable_conv2d.strided",
    );
    all.same::<
        SeparableConv2D<1, 3, 2, 2, 2, 2, 3, 4, Slide<1, 1, 0, 0, 2, 2>, Tanh, f64, Cpu>,
        Image,
        _,
    >("separable_conv2d.dilated");
    all.0.finish(&[]);
}

fn masked(parts: Vec<MergeInput<f64, Cpu>>, masks: &[Mask]) -> Vec<MergeInput<f64, Cpu>> {
    let mut masks = masks.iter();
    let of_mask = |part: MergeInput<f64, Cpu>| match masks.next() {
        Some(mask) => part.masked(mask).unwrap(),
        None => part,
    };
    parts.into_iter().map(of_mask).collect()
}

struct Layers(Comparison);

impl Layers {
    fn mask(&self, name: &str, steps: usize) -> Mask {
        let counts = self.0.fixture().indices(name).into_iter().map(|counts| counts == 1);
        Mask::new(steps, counts.collect())
    }

    /// A layer without a mask.
    fn same<M, S, O>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        M: Module<Traced<S>, Output = Traced<O>>,
        S: ConstShape,
        O: Shape,
    {
        self.layer(case, |layer: &mut M, x, _| layer.forward(x));
    }

    /// A layer with the mask of the fixture, and what becomes of it.
    fn reads<M, S, O>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        M: MaskedModule<Traced<S>, Output = Traced<O>, Error = CpuError>,
        S: ConstShape,
        O: Shape,
    {
        self.layer(case, |layer: &mut M, x, mask| layer.try_forward_masked(x, mask).unwrap());
        let after = format!("{case}.mask_after");
        assert_eq!(self.0.fixture().has(&after), O::NUM_DIMS == 3, "{case}");
        if self.0.fixture().has(&after) {
            assert_eq!(self.mask(&after, 5), self.mask(&format!("{case}.mask"), 5), "{case}");
        }
    }

    /// A recurrent layer, which turns the mask around with the steps. (Keras leaves it as it was.)
    fn recurrent<M, O>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu> + ReadsMask,
        M: MaskedModule<Traced<X>, Output = Traced<O>, Error = CpuError>,
        O: Shape,
    {
        self.reads::<M, X, O>(case);
        let layer: M = BuildModule::build(&Cpu::default());
        let mask = self.mask(&format!("{case}.mask"), 5);
        let turned = if case.ends_with("backwards") { mask.reversed() } else { mask.clone() };
        assert_eq!(layer.mask_after(mask), turned);
    }

    /// The same layer without a mask and with one.
    fn both<M, O>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        M: MaskedModule<Traced<X>, Output = Traced<O>, Error = CpuError>,
        O: Shape,
    {
        self.same::<M, X, O>(case);
        self.reads::<M, X, O>(&format!("{case}_masked"));
    }

    /// Compares the output and the gradients of the input and the weights.
    fn layer<M, S, O>(
        &mut self,
        case: &str,
        run: impl Fn(&mut M, Traced<S>, &Mask) -> Traced<O>,
    ) -> M
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        S: ConstShape,
        O: Shape,
    {
        let mut layer: M = BuildModule::build(&Cpu::default());
        let tensors = parameters(&layer).into_iter().chain(frozen(&layer));
        let weights: Vec<_> = tensors
            .map(|(name, _)| {
                let values = self.0.fixture().f64s(&format!("{case}.{}", name));
                (name, values)
            })
            .collect();
        set(&mut layer, &weights);

        let x = self.0.fixture().f64s(&format!("{case}.x"));
        let x = Cpu::default().tensor_from_vec(x, S::default());
        let mask = ["mask", "mask_after"].map(|name| format!("{case}.{name}"));
        let mask = mask.iter().find(|name| self.0.fixture().has(name));
        let mask = mask.map_or(Mask::all(0, 1), |name| self.mask(name, 5));
        let y = run(&mut layer, x.clone().put_tape(OwnedTape::default()), &mask);
        let sizes: Vec<usize> = y.shape().concrete().into();
        assert_eq!(sizes, self.0.fixture().shape(&format!("{case}.y")), "{case}");
        self.0.same(&format!("{case}.y"), &y.as_vec());
        let dy = self.0.fixture().f64s(&format!("{case}.dy"));
        let dy = y.device().tensor_from_vec(dy, *y.shape());
        let found = (y * dy).sum::<Rank0, O::AllAxes>().backward();
        self.0.same(&format!("{case}.dx"), &found.get(&x).as_vec());
        for (name, gradient) in gradients(&layer, &found) {
            let name = format!("{case}.d{name}");
            if name.ends_with("key_bias") {
                // It is 0 but for rounding: the same is added to all scores of a query.
                let theirs = self.0.fixture().f64s(&name);
                assert!(gradient.iter().chain(&theirs).all(|grad| grad.abs() < 1e-12));
            } else {
                self.0.same(&name, &gradient);
            }
        }
        layer
    }

    fn merge<S: Shape>(
        &mut self,
        case: &str,
        shape: S,
        join: impl Fn(
            Vec<MergeInput<f64, Cpu>>,
            &[Mask],
            S,
            OwnedTape<f64, Cpu>,
        ) -> Result<Traced<S>, CpuError>,
    ) {
        let case = format!("merge.{case}");
        let operands: Vec<Tensor<(usize, usize, usize), f64, Cpu>> = (0..2)
            .map(|i| self.0.fixture().f64s(&format!("{case}.in{i}")))
            .map(|values| Cpu::default().tensor_from_vec(values, (3, 5, 4)))
            .collect();
        let masks: Vec<Mask> = (0..2)
            .map(|i| format!("{case}.mask{i}"))
            .filter(|name| self.0.fixture().has(name))
            .map(|name| self.mask(&name, 5))
            .collect();
        let parts = operands.iter().map(|operand| MergeInput::new(operand).unwrap()).collect();
        let y = join(parts, &masks, shape, OwnedTape::default()).unwrap();
        self.0.same(&format!("{case}.out"), &y.as_vec());
        let dy = self.0.fixture().f64s(&format!("{case}.dout"));
        let dy = y.device().tensor_from_vec(dy, shape);
        let found = (y * dy).sum::<Rank0, S::AllAxes>().backward();
        for (i, operand) in operands.iter().enumerate() {
            self.0.same(&format!("{case}.din{i}"), &found.get(operand).as_vec());
        }
        let after = format!("{case}.mask_after");
        if !self.0.fixture().has(&after) {
            assert_eq!(masks.len(), 1, "{case}");
            return;
        }
        let all = Mask::all(3, 5);
        let joined = match case.contains("steps") {
            true => Mask::joined(&[&masks[0], masks.get(1).unwrap_or(&all)]),
            false => Mask::any(&[&masks[0], &masks[1]], 5),
        };
        assert_eq!(joined.counts(), self.mask(&after, 5).counts(), "{case}");
    }
}
