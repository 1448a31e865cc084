// What is joined has 48 numbers, but 40 are stated.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Price {
    left: Linear,
    right: Linear,
    head: Linear,
}

impl Price {
    fn forward(&self, left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
        let joined = Tensor::cat(vec![self.left.forward(left), self.right.forward(right)], 1);
        self.head.forward(joined)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price {
        left: LinearConfig::new(10, 32).init(&device),
        right: LinearConfig::new(6, 16).init(&device),
        head: LinearConfig::new(40, 1).init(&device),
    };
    println!("stage: first batch");
    let prices = model.forward(Tensor::ones([32, 10], &device), Tensor::ones([32, 6], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
