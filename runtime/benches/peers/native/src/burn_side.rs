//! The four models in burn, on its flex backend.

use burn::{
    nn::{
        conv::{Conv2d, Conv2dConfig},
        loss::{CrossEntropyLossConfig, MseLoss, Reduction},
        pool::{MaxPool2d, MaxPool2dConfig},
        Embedding, EmbeddingConfig, Linear, LinearConfig, Lstm, LstmConfig,
    },
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    prelude::*,
    tensor::activation::relu,
    tensor::TensorData,
};

use crate::{data::Data, Side};

#[derive(Module, Debug)]
struct Price {
    first: Linear,
    second: Linear,
    district: Embedding,
    head: Linear,
}

#[derive(Module, Debug)]
struct Post {
    convolution: Conv2d,
    pool: MaxPool2d,
    words: Embedding,
    lstm: Lstm,
    head: Linear,
}

#[derive(Module, Debug)]
struct Progression {
    hidden: Linear,
    head: Linear,
}

#[derive(Module, Debug)]
struct Tower {
    identity: Embedding,
    first: Linear,
    second: Linear,
}

impl Tower {
    fn new(categories: usize, device: &Device) -> Tower {
        Tower {
            identity: EmbeddingConfig::new(categories, 32).init(device),
            first: LinearConfig::new(40, 32).init(device),
            second: LinearConfig::new(32, 32).init(device),
        }
    }

    fn forward(&self, identity: Tensor<2, Int>, features: Tensor<2>) -> Tensor<2> {
        let identity = self.identity.forward(identity).flatten::<2>(1, 2);
        let x = Tensor::cat(vec![identity, features], 1);
        self.second.forward(relu(self.first.forward(x)))
    }
}

#[derive(Module, Debug)]
struct Visit {
    user: Tower,
    item: Tower,
}

#[derive(Module, Debug)]
enum Any {
    Price(Price),
    Post(Post),
    Progression(Progression),
    Visit(Visit),
}

impl Any {
    fn new(which: usize, device: &Device) -> Any {
        match which {
            1 => Any::Price(Price {
                first: LinearConfig::new(10, 64).init(device),
                second: LinearConfig::new(64, 32).init(device),
                district: EmbeddingConfig::new(100, 16).init(device),
                head: LinearConfig::new(48, 1).init(device),
            }),
            2 => Any::Post(Post {
                convolution: Conv2dConfig::new([3, 32], [3, 3]).init(device),
                pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
                words: EmbeddingConfig::new(10_000, 64).init(device),
                lstm: LstmConfig::new(64, 32, true).init(device),
                head: LinearConfig::new(30_752 + 32, 10).init(device),
            }),
            4 => Any::Visit(Visit {
                user: Tower::new(100_000, device),
                item: Tower::new(20_000, device),
            }),
            _ => Any::Progression(Progression {
                hidden: LinearConfig::new(15, 32).init(device),
                head: LinearConfig::new(32, 1).init(device),
            }),
        }
    }

    fn forward(&self, data: &Data, rows: &[usize], device: &Device) -> Tensor<2> {
        let n = rows.len();
        let numbers = |input: usize| {
            let width = data.widths.0[input];
            let values = TensorData::new(data.gather(input, rows), [n, width]);
            Tensor::<2>::from_data(values, device)
        };
        let categories = || {
            let values = TensorData::new(data.gather_categories(rows), [n, data.widths.1]);
            Tensor::<2, Int>::from_data(values, device)
        };
        match self {
            Any::Price(m) => {
                let x = relu(m.second.forward(relu(m.first.forward(numbers(0)))));
                let e = m.district.forward(categories()).flatten::<2>(1, 2);
                m.head.forward(Tensor::cat(vec![x, e], 1))
            }
            Any::Post(m) => {
                let x = m.convolution.forward(numbers(0).reshape([n, 3, 64, 64]));
                let x = m.pool.forward(relu(x)).flatten::<2>(1, 3);
                let (_, state) = m.lstm.forward(m.words.forward(categories()), None);
                m.head.forward(Tensor::cat(vec![x, state.hidden], 1))
            }
            Any::Progression(m) => {
                let x = Tensor::cat(vec![numbers(0), numbers(1) * numbers(2)], 1);
                m.head.forward(relu(m.hidden.forward(x)))
            }
            Any::Visit(m) => {
                let ids = categories();
                let user = m.user.forward(ids.clone().narrow(1, 0, 1), numbers(0));
                let item = m.item.forward(ids.narrow(1, 1, 1), numbers(1));
                (user * item).sum_dim(1)
            }
        }
    }
}

pub struct Burn {
    which: usize,
    model: Option<Any>,
    /// The model without gradients, created at the first prediction.
    inference: Option<Any>,
    optimizer: ModuleOptimizer,
    data: Data,
    device: Device,
}

impl Side for Burn {
    fn build(which: usize, data: Data) -> Burn {
        let device = Device::flex().autodiff();
        let model = Any::new(which, &device);
        let optimizer = AdamConfig::new().with_epsilon(1e-7).init();
        Burn { which, model: Some(model), inference: None, optimizer, data, device }
    }

    fn step(&mut self, rows: &[usize]) {
        let model = self.model.take().expect("a model between steps");
        let (n, device) = (rows.len(), &self.device);
        let heads = model.forward(&self.data, rows, device);
        let loss = if self.which == 2 {
            let classes = TensorData::new(self.data.gather_classes(rows), [n]);
            let classes = Tensor::<1, Int>::from_data(classes, device);
            CrossEntropyLossConfig::new().init(device).forward(heads, classes)
        } else {
            let targets = TensorData::new(self.data.gather_targets(rows), [n, 1]);
            MseLoss::new().forward(heads, Tensor::from_data(targets, device), Reduction::Mean)
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimizer.step(1e-3, model, gradients));
    }

    fn predict_one(&mut self) {
        let trained = self.model.as_ref().expect("a model between steps");
        let model = self.inference.get_or_insert_with(|| trained.valid());
        let device = Device::flex();
        std::hint::black_box(model.forward(&self.data, &[0], &device).into_data());
    }
}
