//! A private module in a public model.

use dfdx::prelude::*;
use multi_input::prelude::*;

/// Every feature times a learned number.
#[derive(Clone, Debug)]
struct Gate<const N: usize>;

#[derive(Clone, Debug)]
struct GateModule<const N: usize, E: Dtype, D: Storage<E>> {
    pub scale: Tensor<Rank1<N>, E, D>,
}

impl<const N: usize, E: Dtype, D: Device<E>> BuildOnDevice<D, E> for Gate<N>
where
    GateModule<N, E, D>: BuildModule<D, E>,
{
    type Built = GateModule<N, E, D>;
}

impl<const N: usize, E: Dtype, D: Device<E>> TensorCollection<E, D> for GateModule<N, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = GateModule<N, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            Self::tensor("scale", |s| &s.scale, |s| &mut s.scale, TensorOptions::reset_to_ones()),
            |scale| GateModule { scale },
        )
    }
}

impl<const N: usize, B: Dim, E: Dtype, D: Device<E>, T: Tape<E, D>>
    Module<Tensor<(B, Const<N>), E, D, T>> for GateModule<N, E, D>
{
    type Output = Tensor<(B, Const<N>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, Const<N>), E, D, T>) -> Result<Self::Output, D::Err> {
        let scale = self.scale.retaped::<T>().try_broadcast_like(x.shape())?;
        x.try_mul(scale)
    }
}

impl<const N: usize, E: Dtype, D: Storage<E>> NonMutableModule for GateModule<N, E, D> {}

#[multi_input_model]
pub struct House {
    #[input]
    #[branch(Gate<10> => [10])]
    rooms: [f32; 10],
    #[from(rooms)]
    #[branch(Dense(1))]
    #[output(loss = mse)]
    price: f32,
}
fn main() {}
