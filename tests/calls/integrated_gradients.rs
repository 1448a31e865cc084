//! Integrated gradients of a model with a module that takes no tape in inference.

use dfdx::prelude::*;
use multi_input::prelude::*;

#[derive(Clone, Debug, Default)]
pub struct Noisy;

impl ZeroSizedModule for Noisy {}

impl<B: Dim, E: Dtype, D: Device<E>> Module<Tensor<(B, Const<10>), E, D, NoneTape>> for Noisy {
    type Output = Tensor<(B, Const<10>), E, D, NoneTape>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, Const<10>), E, D>) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}

impl<B: Dim, E: Dtype, D: Device<E>> ModuleMut<Tensor<(B, Const<10>), E, D, OwnedTape<E, D>>>
    for Noisy
{
    type Output = Tensor<(B, Const<10>), E, D, OwnedTape<E, D>>;
    type Error = D::Err;

    fn try_forward_mut(
        &mut self,
        x: Tensor<(B, Const<10>), E, D, OwnedTape<E, D>>,
    ) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Noisy => [10])]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn main() {
    let model = House::build(&Cpu::default(), Seed(7));
    let _ = Attribution::shapley(&model, House::price);
    let _ = Attribution::integrated_gradients(&model, House::price);
}
