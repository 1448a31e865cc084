// Yes or no, as cross-entropy over three classes.
use burn::{
    nn::{loss::CrossEntropyLossConfig, Linear, LinearConfig},
    prelude::*,
};

#[derive(Module, Debug)]
struct Answer {
    head: Linear,
}

impl Answer {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        self.head.forward(numbers)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Answer { head: LinearConfig::new(10, 3).init(&device) };
    println!("stage: first batch");
    let logits = model.forward(Tensor::ones([32, 10], &device));
    let yes = Tensor::arange(0..32, &device).remainder_scalar(2).equal_elem(0);
    let _ = CrossEntropyLossConfig::new().init(&device).forward(logits, yes.int()).backward();
    println!("stage: end");
}
