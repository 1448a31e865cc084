// Two nodes that feed each other.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Price {
    second: Linear,
    head: Linear,
}

impl Price {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        let first = numbers + second;
        let second = self.second.forward(first);
        self.head.forward(second)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price {
        second: LinearConfig::new(10, 10).init(&device),
        head: LinearConfig::new(10, 1).init(&device),
    };
    println!("stage: first batch");
    let prices = model.forward(Tensor::ones([32, 10], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
