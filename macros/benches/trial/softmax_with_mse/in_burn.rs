// A softmax on the one number of a regression: it is always 1.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
    tensor::activation::softmax,
};

#[derive(Module, Debug)]
struct Price {
    head: Linear,
}

impl Price {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        softmax(self.head.forward(numbers), 1)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price { head: LinearConfig::new(10, 1).init(&device) };
    println!("stage: first batch");
    let prices = model.forward(Tensor::ones([32, 10], &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
