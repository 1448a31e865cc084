// Nine classes, and a head of ten.
use burn::{
    nn::{loss::CrossEntropyLossConfig, Linear, LinearConfig},
    prelude::*,
};

#[derive(Module, Debug)]
struct Kind {
    head: Linear,
}

impl Kind {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        self.head.forward(numbers)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Kind { head: LinearConfig::new(10, 10).init(&device) };
    println!("stage: first batch");
    let logits = model.forward(Tensor::ones([32, 10], &device));
    let classes = Tensor::arange(0..32, &device).remainder_scalar(9);
    let _ = CrossEntropyLossConfig::new().init(&device).forward(logits, classes).backward();
    println!("stage: end");
}
