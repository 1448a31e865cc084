//! Types that lack what a module needs: one error each, whatever the crate does with the model.

use dfdx::prelude::*;
use multi_input::prelude::{multi_input_model, Adam, Model, Seed, Trainer};

/// `Module` for any tensor; the other traits are missing one by one.
macro_rules! module {
    ($name:ident, $error:ty) => {
        #[derive(Clone, Debug, Default)]
        pub struct $name;
        impl<S: Shape, E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Tensor<S, E, D, T>> for $name {
            type Output = Tensor<S, E, D, T>;
            type Error = $error;
            fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, $error> {
                Ok(x)
            }
        }
    };
}

pub struct Nothing;
module!(NotBuilt, D::Err);
impl NonMutableModule for NotBuilt {}
module!(NotTrained, D::Err);
impl ZeroSizedModule for NotTrained {}
module!(OtherError, std::fmt::Error);
impl ZeroSizedModule for OtherError {}
impl NonMutableModule for OtherError {}

#[derive(Clone, Debug, Default)]
pub struct NoTape;
impl ZeroSizedModule for NoTape {}
impl NonMutableModule for NoTape {}
impl<S: Shape, E: Dtype, D: Device<E>> Module<Tensor<S, E, D>> for NoTape {
    type Output = Tensor<S, E, D>;
    type Error = D::Err;
    fn try_forward(&self, x: Tensor<S, E, D>) -> Result<Self::Output, D::Err> {
        Ok(x)
    }
}

#[derive(Clone, Debug, Default)]
pub struct NoTensor;
impl ZeroSizedModule for NoTensor {}
impl NonMutableModule for NoTensor {}
impl<S: Shape, E: Dtype, D: Device<E>, T: Tape<E, D>> Module<Tensor<S, E, D, T>> for NoTensor {
    type Output = usize;
    type Error = D::Err;
    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<usize, D::Err> {
        Ok(x.shape().num_elements())
    }
}

type Linear<const I: usize, const O: usize> = dfdx::nn::builders::Linear<I, O>;

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Nothing => [10], Box<dyn Fn(f32) -> f32> => [10], NotBuilt => [10], NotTrained => [10])]
    rooms: [f32; 10],
    #[input]
    #[branch(OtherError => [10], NoTape => [10], NoTensor => [10], Linear<9, 4> => [4])]
    garden: [f32; 10],
    #[input]
    #[branch(dfdx::nn::modules::Linear<10, 4, f32, Cpu> => [4])]
    street: [f32; 10],
    #[merge(concat(rooms, garden, street))]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}

fn train(rows: &[HouseSample]) -> multi_input::Result<HouseModel<f32, Cpu>> {
    let mut model = House::build(&Cpu::default(), Seed(7));
    Trainer::new(Adam::new(1e-3)).freeze(House::rooms).fit(&mut model, rows)?;
    model.save("house.safetensors")?;
    println!("{}", House::summary());
    Model::<House>::load("house.safetensors", &Cpu::default()).map(|model| model.module().clone())
}

fn main() {
    let _ = (train(&[]), Cpu::default().build_module::<House, f32>());
}
