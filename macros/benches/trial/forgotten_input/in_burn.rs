// One of two inputs is not given.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Price {
    head: Linear,
}

impl Price {
    fn forward(&self, left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
        self.head.forward(Tensor::cat(vec![left, right], 1))
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price { head: LinearConfig::new(16, 1).init(&device) };
    println!("stage: first batch");
    let prices = model.forward(Tensor::ones([32, 10], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
