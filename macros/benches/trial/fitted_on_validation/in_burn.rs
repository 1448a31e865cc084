// Means and deviations are taken over all rows, those for validation included.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
    tensor::Distribution,
};

#[derive(Module, Debug)]
struct Price {
    head: Linear,
}

impl Price {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        self.head.forward(numbers)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price { head: LinearConfig::new(10, 1).init(&device) };
    println!("stage: first batch");
    let rows = Tensor::<2>::random([40, 10], Distribution::Normal(0.0, 1.0), &device);
    let (variance, mean) = rows.clone().var_mean(0);
    let rows = (rows - mean) / variance.sqrt();
    let (train, validation) = (rows.clone().narrow(0, 0, 32), rows.narrow(0, 32, 8));
    let loss = |rows: Tensor<2>| {
        let targets = Tensor::ones([rows.dims()[0], 1], &device);
        MseLoss::new().forward(model.forward(rows), targets, Reduction::Mean)
    };
    let _ = loss(train).backward();
    let _ = loss(validation);
    println!("stage: end");
}
