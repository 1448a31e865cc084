// A branch that was to be merged, and was forgotten.
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
        let one = self.left.forward(left);
        let other = self.right.forward(right);
        self.head.forward(one)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price {
        left: LinearConfig::new(10, 32).init(&device),
        right: LinearConfig::new(6, 32).init(&device),
        head: LinearConfig::new(32, 1).init(&device),
    };
    println!("stage: first batch");
    let prices = model.forward(Tensor::ones([32, 10], &device), Tensor::ones([32, 6], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
