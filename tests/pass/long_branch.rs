//! More layers than dfdx's tuples hold, some of them configured and random.

use dfdx::prelude::*;
use multi_input::multi_input_model;

#[multi_input_model]
pub struct Deep {
    #[input]
    #[branch(
        Dense(32, relu),
        Dropout(0.1),
        Dense(31, elu, bias = false, init = he_normal),
        BatchNorm(momentum = 0.9),
        Dense(30, selu, init = lecun_normal),
        LayerNorm(epsilon = 1e-5),
        Dense(29, gelu),
        Dropout(rate = 0.2),
        Dense(units = 28, activation = silu),
        softplus,
        Dense(27, leaky_relu),
        tanh,
        Reshape(9, 3),
        Dense(2, l1 = 1e-5, l2 = 1e-4),
        Flatten,
        Dense(6),
        GroupNorm(3, epsilon = 1e-5),
        RMSNorm(epsilon = 1e-5),
        relu,
    )]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn compiles_and_runs() {
    assert_eq!(Deep::GRAPH.nodes[0].layers.len(), 19);
    let device = Cpu::default();
    let model = device.build_module::<Deep, f32>();
    let batch = DeepBatch { rooms: device.sample_normal::<Rank2<5, 10>>(), tape: NoneTape };
    let heads = model.forward(batch);
    assert_eq!(heads.price.shape().concrete(), [5, 1]);
}
