// Two inputs of equal shape in each other's place.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Change {
    head: Linear,
}

impl Change {
    fn forward(&self, before: Tensor<2>, after: Tensor<2>) -> Tensor<2> {
        self.head.forward(after - before)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Change { head: LinearConfig::new(10, 1).init(&device) };
    println!("stage: first batch");
    let (before, after) = (Tensor::zeros([32, 10], &device), Tensor::ones([32, 10], &device));
    let changes = model.forward(after, before);
    let _ =
        MseLoss::new().forward(changes, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
