// An embedding of measurements instead of categories.
use burn::{
    nn::{
        loss::{MseLoss, Reduction},
        Embedding, EmbeddingConfig, Linear, LinearConfig,
    },
    prelude::*,
};

#[derive(Module, Debug)]
struct Price {
    vectors: Embedding,
    head: Linear,
}

impl Price {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        let vectors = self.vectors.forward(numbers);
        self.head.forward(vectors.flatten::<2>(1, 2))
    }
}

fn main() {
    let device = Device::flex().autodiff();
    println!("stage: build");
    let model = Price {
        vectors: EmbeddingConfig::new(100, 16).init(&device),
        head: LinearConfig::new(160, 1).init(&device),
    };
    println!("stage: first batch");
    let prices = model.forward(Tensor::full([32, 10], 0.5, &device));
    let _ =
        MseLoss::new().forward(prices, Tensor::ones([32, 1], &device), Reduction::Mean).backward();
    println!("stage: end");
}
