//! Penalties below 0, of every layer that has them and of layers within layers.

use multi_input::multi_input_model;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Conv1D(8, 3, relu, l2 = -1.0), Flatten)]
    days: [[f32; 8]; 20],
    #[input]
    #[branch(Conv2D(4, 3, l1 = -0.5), Flatten)]
    plan: [[[f32; 8]; 8]; 3],
    #[input]
    #[branch(TimeDistributed(Conv2D(4, 3, l2 = -1.0)), Flatten)]
    photos: [[[[f32; 8]; 8]; 3]; 4],
    #[input]
    #[branch(TimeDistributed(Dense(2, l1 = -1e-300)), Flatten)]
    weeks: [[f32; 8]; 20],
    #[merge(concat(days, plan, photos, weeks))]
    #[branch(Dense(8, l1 = 0.1, l2 = -(1.0 / 3.0)), Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {}
