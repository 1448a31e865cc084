//! One mistake in the model, and no error wherever the rest of the crate uses it.

use dfdx::prelude::*;
use multi_input::{definition::Definition, multi_input_model, Seed};

#[multi_input_model]
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    #[input]
    #[branch(Dense(32, relu))]
    measurements: [f32; 10],

    #[input(missing = zeros)]
    #[branch(Embedding(100, 16))]
    district: Option<u32>,

    #[merge(add(measurements, district))]
    #[branch(Dense(3, softmax))]
    #[output(loss = cross_entropy)]
    topic: multi_input::Class<3>,
}

pub fn row() -> HouseInputs {
    HouseInputs { measurements: [0.0; 10], district: Some(3) }
}

pub fn inputs(samples: &[HouseSample]) -> Vec<HouseInputs> {
    samples.iter().cloned().map(HouseInputs::from).collect()
}

pub fn topic(outputs: &HouseOutputs) -> &multi_input::Probabilities<3> {
    &outputs.topic
}

pub fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<HouseSample, D::Error> {
    serde::Deserialize::deserialize(from)
}

pub fn graph() -> usize {
    House::GRAPH.nodes.len() + <House as Definition>::GRAPH.inputs.len()
}

pub fn module(device: &Cpu) -> HouseModel<f32, Cpu> {
    let _handle = House::topic;
    let _model = House::build(device, Seed(7));
    device.build_module::<House, f32>()
}

pub fn forward(model: &HouseModel<f32, Cpu>, batch: HouseBatch<usize, f32, Cpu>) {
    let _traced = batch.clone().traced(model.alloc_grads());
    let heads = model.forward(batch.clone());
    let topic: Tensor<(usize, Const<3>), f32, Cpu> = heads.topic;
    let numbers: Tensor<(usize, Const<10>), f32, Cpu> = batch.measurements;
    let _ = (topic, numbers, batch.district.present, heads.tape, &model.measurements);
}

fn main() {
    let _ = House::summary();
}
