// One branch for two inputs of different widths.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Likeness {
    tower: Linear,
}

impl Likeness {
    fn forward(&self, query: Tensor<2>, title: Tensor<2>) -> Tensor<2> {
        (self.tower.forward(query) * self.tower.forward(title)).sum_dim(1)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Likeness { tower: LinearConfig::new(10, 8).init(&device) };
    println!("stage: first batch");
    let same = model.forward(Tensor::ones([32, 10], &device), Tensor::ones([32, 6], &device));
    let _ =
        MseLoss::new().forward(same, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
