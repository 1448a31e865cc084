//! Every layer for images and sequences gives what Keras gives: outputs, gradients, statistics.

use crate::{
    support::{fixture::Comparison, frozen, gradients, set},
    Traced, NAMES,
};
use dfdx::{
    nn::{BuildModule, Module, ModuleMut, TensorCollection},
    prelude::*,
};
use multi_input::layer::{
    activation::{Linear, Relu, Softmax, Tanh},
    AvgPool1D, AvgPool2D, BatchNorm, Conv1D, Conv2D, GlobalAveragePool1D, GlobalAveragePool2D,
    GlobalMaxPool1D, GlobalMaxPool2D, MaxPool1D, MaxPool2D, Slide, UpSampling2D, ZeroPad2D,
};

type Images = Rank4<2, 2, 5, 6>;
type Series = Rank3<2, 7, 3>;

#[test]
fn convolutions_of_images() {
    let mut all = Layers(Comparison::with("convolutions", 1e-12));
    all.same::<Conv2D<2, 3, 3, 2, 3, 3, 5, Slide, Relu, f64, Cpu>, Images, _>("conv2d.plain");
    all.same::<Conv2D<2, 3, 2, 4, 3, 5, 6, Slide<1, 1, 0, 1>, Linear, f64, Cpu>, Images, _>(
        "conv2d.same",
    );
    all.same::<Conv2D<2, 3, 3, 3, 0, 3, 3, Slide<2, 2, 1>, Linear, f64, Cpu>, Rank4<1, 2, 5, 6>, _>(
        "conv2d.strided",
    );
    all.same::<Conv2D<2, 3, 1, 2, 3, 2, 2, Slide<3, 3>, Linear, f64, Cpu>, Images, _>(
        "conv2d.stride_beyond",
    );
    all.same::<Conv2D<2, 3, 2, 3, 3, 2, 2, Slide<1, 1, 0, 0, 3, 2>, Tanh, f64, Cpu>, Images, _>(
        "conv2d.dilated",
    );
    all.same::<Conv2D<2, 6, 3, 2, 6, 3, 5, Slide, Linear, f64, Cpu>, Rank4<2, 4, 5, 6>, _>(
        "conv2d.groups",
    );
    all.same::<Conv2D<2, 3, 2, 2, 3, 4, 5, Slide, Softmax, f64, Cpu>, Images, _>("conv2d.softmax");
    all.finish("conv2d");
}

#[test]
fn convolutions_of_sequences() {
    let mut all = Layers(Comparison::with("convolutions", 1e-12));
    all.same::<Conv1D<3, 4, 3, 4, 5, Slide, Relu, f64, Cpu>, Series, _>("conv1d.plain");
    all.same::<Conv1D<3, 4, 4, 0, 4, Slide<1, 2, 0, 1>, Linear, f64, Cpu>, Series, _>(
        "conv1d.strided",
    );
    all.same::<Conv1D<3, 4, 2, 4, 7, Slide<1, 1, 0, 1, 1, 3>, Linear, f64, Cpu>, Rank3<1, 7, 3>, _>(
        "conv1d.dilated",
    );
    all.same::<Conv1D<2, 6, 3, 6, 5, Slide, Softmax, f64, Cpu>, Rank3<2, 7, 4>, _>("conv1d.groups");
    all.finish("conv1d");
}

#[test]
fn poolings() {
    let mut all = Layers(Comparison::with("convolutions", 1e-12));
    all.same::<MaxPool2D<2, 2, 2, 3>, Images, _>("max_pool2d.plain");
    all.same::<MaxPool2D<3, 2, 3, 3, Slide<1, 2>>, Images, _>("max_pool2d.overlapping");
    all.same::<MaxPool2D<2, 3, 3, 6, Slide<2, 1, 0, 1>>, Images, _>("max_pool2d.same");
    all.same::<AvgPool2D<2, 2, 2, 3>, Images, _>("avg_pool2d.plain");
    all.same::<AvgPool2D<3, 2, 3, 3, Slide<1, 2>>, Images, _>("avg_pool2d.overlapping");
    all.same::<AvgPool2D<2, 3, 3, 6, Slide<2, 1, 0, 1>>, Images, _>("avg_pool2d.same");
    all.same::<MaxPool1D<2, 3>, Series, _>("max_pool1d.plain");
    all.same::<MaxPool1D<3, 5, Slide>, Series, _>("max_pool1d.overlapping");
    all.same::<MaxPool1D<3, 3, Slide<1, 2>>, Rank3<1, 6, 3>, _>("max_pool1d.same");
    all.same::<AvgPool1D<2, 3>, Series, _>("avg_pool1d.plain");
    all.same::<AvgPool1D<3, 5, Slide>, Series, _>("avg_pool1d.overlapping");
    all.same::<AvgPool1D<3, 3, Slide<1, 2>>, Rank3<1, 6, 3>, _>("avg_pool1d.same");
    all.same::<GlobalAveragePool2D, Images, _>("global_average_pool2d.plain");
    all.same::<GlobalMaxPool2D, Images, _>("global_max_pool2d.plain");
    all.same::<GlobalMaxPool2D, Images, _>("global_max_pool2d.ties");
    all.same::<GlobalAveragePool1D, Series, _>("global_average_pool1d.plain");
    all.same::<GlobalMaxPool1D, Series, _>("global_max_pool1d.plain");
    all.same::<GlobalMaxPool1D, Series, _>("global_max_pool1d.ties");
    all.finish("pool");
}

#[test]
fn larger_images() {
    let mut all = Layers(Comparison::with("convolutions", 1e-12));
    all.same::<ZeroPad2D<1, 2, 6, 11>, Images, _>("zero_pad2d.plain");
    all.same::<UpSampling2D<2, 3, 10, 18>, Images, _>("up_sampling2d.plain");
    all.finish("_pad2d");
}

#[test]
fn normalised_channels() {
    let mut all = Layers(Comparison::with("convolutions", 1e-12));
    type Norm = BatchNorm<4, f64, Cpu>;
    type Batch = Rank4<3, 4, 2, 3>;
    let trained = all
        .layer("batch_norm_image.train", |norm: &mut Norm, x: Traced<Batch>| norm.forward_mut(x));
    for (name, statistics) in frozen(&trained) {
        all.0.same(&format!("batch_norm_image.train.{name}_after"), &statistics);
    }
    all.same::<Norm, Batch, _>("batch_norm_image.infer");
    all.finish("batch_norm_image");
}

struct Layers(Comparison);

impl Layers {
    /// Compares a layer that does the same in training and in inference.
    fn same<M, S, O>(&mut self, case: &str)
    where
        M: BuildModule<Cpu, f64>
            + TensorCollection<f64, Cpu>
            + Module<Traced<S>, Output = Traced<O>, Error = CpuError>,
        S: ConstShape,
        O: Shape,
    {
        self.layer(case, |layer: &mut M, x| layer.forward(x));
    }

    /// Compares the output and the gradients of the input and the weights.
    fn layer<M, S, O>(&mut self, case: &str, run: impl Fn(&mut M, Traced<S>) -> Traced<O>) -> M
    where
        M: BuildModule<Cpu, f64> + TensorCollection<f64, Cpu>,
        S: ConstShape,
        O: Shape,
    {
        let fixture = self.0.fixture();
        let mut layer: M = BuildModule::build(&Cpu::default());
        let known = NAMES.map(|name| (name, format!("{case}.{name}")));
        let known = known.into_iter().filter(|(_, theirs)| fixture.has(theirs));
        let weights: Vec<_> =
            known.map(|(ours, theirs)| (ours.to_owned(), fixture.f64s(&theirs))).collect();
        set(&mut layer, &weights);

        let x = Cpu::default().tensor_from_vec(fixture.f64s(&format!("{case}.x")), S::default());
        let y = run(&mut layer, x.clone().put_tape(OwnedTape::default()));
        let sizes: Vec<usize> = y.shape().concrete().into();
        assert_eq!(sizes, fixture.shape(&format!("{case}.y")), "{case}");
        self.0.same(&format!("{case}.y"), &y.as_vec());
        let dy = self.0.fixture().f64s(&format!("{case}.dy"));
        let dy = y.device().tensor_from_vec(dy, *y.shape());
        let found = (y * dy).sum::<Rank0, O::AllAxes>().backward();
        self.0.same(&format!("{case}.dx"), &found.get(&x).as_vec());
        for (name, gradient) in gradients(&layer, &found) {
            self.0.same(&format!("{case}.d{name}"), &gradient);
        }
        layer
    }

    /// Fails unless every tensor of the layers whose names contain `part` was compared.
    fn finish(self, part: &str) {
        let others = self.0.fixture().cases(1).into_iter().filter(|name| !name.contains(part));
        let others: Vec<String> = others.collect();
        self.0.finish(&others.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
