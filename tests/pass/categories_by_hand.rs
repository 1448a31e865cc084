//! Inputs of which none holds numbers, handed to the module by hand.

use dfdx::prelude::*;
use multi_input::multi_input_model;

#[multi_input_model]
pub struct Rating {
    #[input]
    #[branch(Embedding(100, 8))]
    user: u32,
    #[input]
    #[branch(Embedding(500, 8))]
    film: u32,
    #[merge(dot(user, film))]
    #[output(loss = mse)]
    stars: f32,
}

#[test]
fn compiles_and_runs() {
    let device = Cpu::default();
    let mut model = device.build_module::<Rating, f64>();
    let batch =
        RatingBatch { user: device.tensor([3, 99]), film: device.tensor([499, 0]), tape: NoneTape };
    let _ = model.forward(batch.clone());
    let gradients = model.alloc_grads();
    let heads = model.forward_mut(batch.traced(gradients));
    assert_eq!(heads.stars.shape().concrete(), [2, 1]);
}
