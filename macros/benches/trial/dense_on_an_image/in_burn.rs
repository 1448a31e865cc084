// A dense head on an image that was not flattened.
use burn::{
    nn::{loss::CrossEntropyLossConfig, Linear, LinearConfig},
    prelude::*,
};

#[derive(Module, Debug)]
struct Photo {
    head: Linear,
}

impl Photo {
    fn forward(&self, photo: Tensor<4>) -> Tensor<2> {
        self.head.forward(photo)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Photo { head: LinearConfig::new(16, 10).init(&device) };
    println!("stage: first batch");
    let logits = model.forward(Tensor::ones([32, 3, 16, 16], &device));
    let classes = Tensor::<1, Int>::zeros([32], &device);
    let _ = CrossEntropyLossConfig::new().init(&device).forward(logits, classes).backward();
    println!("stage: end");
}
