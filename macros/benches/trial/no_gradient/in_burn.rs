// A step function cuts the gradient off: the branch before it never learns.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Price {
    hidden: Linear,
    head: Linear,
}

impl Price {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        let steps = self.hidden.forward(numbers).greater_elem(0.0).float();
        self.head.forward(steps)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price {
        hidden: LinearConfig::new(10, 16).init(&device),
        head: LinearConfig::new(16, 1).init(&device),
    };
    println!("stage: first batch");
    let prices = model.forward(Tensor::ones([32, 10], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
