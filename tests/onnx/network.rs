//! Layers and merges.

use multi_input::prelude::*;

#[multi_input_model]
struct House {
    /// Square metres.
    #[input]
    #[branch(Dense(4, relu))]
    area: f32,

    #[input(missing = zeros)]
    #[branch(Dense(3, tanh))]
    rooms: Option<[f32; 2]>,

    #[merge(concat(area, rooms, present(rooms)))]
    #[branch(Dense(4, gelu), Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy)]
    sold: bool,
}

#[test]
fn a_model_is_written() {
    let model = House::build(&Cpu::default(), Seed(7));
    let folder = tempfile::tempdir().unwrap();
    model.export_onnx(folder.path().join("house.onnx")).unwrap();
}
