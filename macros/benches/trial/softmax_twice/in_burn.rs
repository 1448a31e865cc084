// A softmax before a loss that takes logits, and so applies its own.
use burn::{
    nn::{loss::CrossEntropyLossConfig, Linear, LinearConfig},
    prelude::*,
    tensor::activation::softmax,
};

#[derive(Module, Debug)]
struct Kind {
    head: Linear,
}

impl Kind {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        softmax(self.head.forward(numbers), 1)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Kind { head: LinearConfig::new(10, 10).init(&device) };
    println!("stage: first batch");
    let probabilities = model.forward(Tensor::ones([32, 10], &device));
    let classes = Tensor::arange(0..32, &device).remainder_scalar(10);
    let _ = CrossEntropyLossConfig::new().init(&device).forward(probabilities, classes).backward();
    println!("stage: end");
}
