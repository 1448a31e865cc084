// The weights of a model with another activation, all shapes being the same.
use burn::{
    nn::{Linear, LinearConfig},
    prelude::*,
    tensor::activation::{relu, tanh},
};

#[derive(Module, Debug)]
struct Smooth {
    hidden: Linear,
    head: Linear,
}

#[derive(Module, Debug)]
struct Sharp {
    hidden: Linear,
    head: Linear,
}

impl Smooth {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        self.head.forward(tanh(self.hidden.forward(numbers)))
    }
}

impl Sharp {
    fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        self.head.forward(relu(self.hidden.forward(numbers)))
    }
}

fn main() {
    let device = Device::flex();
    println!("stage: build");
    let (hidden, head) = (LinearConfig::new(10, 32), LinearConfig::new(32, 1));
    let trained = Smooth { hidden: hidden.init(&device), head: head.init(&device) };
    let other = Sharp { hidden: hidden.init(&device), head: head.init(&device) };
    trained.forward(Tensor::ones([32, 10], &device));
    println!("stage: loading");
    let path = std::env::temp_dir().join("weights_of_another_model.bpk");
    trained.save_file(&path).expect("the file to be written");
    let other = other.load_file(&path);
    println!("stage: prediction");
    other.forward(Tensor::ones([32, 10], &device));
    println!("stage: end");
}
