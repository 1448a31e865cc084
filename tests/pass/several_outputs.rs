//! Outputs of every kind, each with its loss, weight and metrics.

use dfdx::prelude::*;
use multi_input::multi_input_model;

#[multi_input_model]
pub struct Report {
    #[input]
    #[branch(Dense(16, relu))]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse, metrics(mae), standardize)]
    price: f32,
    #[from(rooms)]
    #[branch(Dense(3, linear))]
    #[output(loss = huber(delta = 0.5), weight = 0.25, metrics(mae))]
    costs: [f32; 3],
    #[from(rooms)]
    #[branch(Dense(1, sigmoid))]
    #[output(loss = binary_cross_entropy, weight = 1.0 / 3.0, metrics(accuracy))]
    sold: bool,
    #[from(rooms)]
    #[branch(Dense(4), sigmoid)]
    #[output(loss = binary_cross_entropy)]
    tags: [f32; 4],
    #[from(rooms)]
    #[branch(Dense(5, softmax))]
    #[output(loss = cross_entropy, weight = 2, metrics(accuracy))]
    kind: multi_input::Class<5>,
}

#[test]
fn compiles_and_runs() {
    let device = Cpu::default();
    let model = device.build_module::<Report, f64>();
    let batch = ReportBatch { rooms: device.zeros::<Rank2<2, 10>>(), tape: NoneTape };
    let heads = model.forward(batch);
    assert_eq!(heads.kind.shape().concrete(), [2, 5]);
    assert_eq!(Report::GRAPH.outputs[2].weight, 1.0 / 3.0);
}
