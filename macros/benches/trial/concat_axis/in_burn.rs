// Two sequences of 12 steps, joined along the steps instead of the features.
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
    fn forward(&self, left: Tensor<3>, right: Tensor<3>) -> Tensor<2> {
        let both = Tensor::cat(vec![left, right], 1);
        self.head.forward(both.flatten::<2>(1, 2))
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price { head: LinearConfig::new(144, 1).init(&device) };
    println!("stage: first batch");
    let left = Tensor::ones([32, 12, 8], &device);
    let prices = model.forward(left, Tensor::ones([32, 12, 4], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
