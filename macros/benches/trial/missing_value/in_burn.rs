// A value that may be absent, and nothing says what stands in for it.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Linear, LinearConfig,
    },
    prelude::*,
    tensor::TensorData,
};

#[derive(Module, Debug)]
struct Score {
    head: Linear,
}

impl Score {
    fn forward(&self, serum: Tensor<2>) -> Tensor<2> {
        self.head.forward(serum)
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Score { head: LinearConfig::new(6, 1).init(&device) };
    println!("stage: first batch");
    let mut rows = vec![1.0; 32 * 6];
    rows[5 * 6..6 * 6].fill(f32::NAN);
    let scores = model.forward(Tensor::from_data(TensorData::new(rows, [32, 6]), &device));
    let _ =
        MseLoss::new().forward(scores, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
