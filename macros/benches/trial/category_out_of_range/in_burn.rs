// The category 100, where the embedding has 0 to 99.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Embedding, EmbeddingConfig, Linear, LinearConfig,
    },
    prelude::*,
    tensor::TensorData,
};

#[derive(Module, Debug)]
struct Price {
    district: Embedding,
    head: Linear,
}

impl Price {
    fn forward(&self, district: Tensor<2, Int>) -> Tensor<2> {
        self.head.forward(self.district.forward(district).flatten::<2>(1, 2))
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price {
        district: EmbeddingConfig::new(100, 16).init(&device),
        head: LinearConfig::new(16, 1).init(&device),
    };
    println!("stage: first such batch");
    let mut rows = vec![0_i32; 32];
    rows[5] = 100;
    let prices = model.forward(Tensor::from_data(TensorData::new(rows, [32, 1]), &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
