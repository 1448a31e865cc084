//! Modules of the user's own, with a constant parameter, with and without tensors, beside ours.

use dfdx::prelude::*;
use multi_input::multi_input_model;

/// Every feature times a learned number.
#[derive(Clone, Debug)]
pub struct Gate<const N: usize>;

#[derive(Clone, Debug)]
pub struct GateModule<const N: usize, E: Dtype, D: Storage<E>> {
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

const WIDTH: usize = 8;

#[multi_input_model(allow(bottleneck))]
#[derive(Clone, Debug)]
pub struct Gated {
    #[input]
    #[branch(Gate<10> => [10], Dense(WIDTH, relu), crate::own_module::Gate<WIDTH> => [WIDTH])]
    measurements: [f32; 10],
    #[input]
    #[branch(Embedding(100, 8), dfdx::nn::builders::Linear<8, 8> => [8], frozen)]
    district: u32,
    #[input(missing = zeros)]
    #[branch(shared = measurements)]
    others: Option<[f32; 10]>,
    #[merge(average(measurements, district, others))]
    #[branch(Dense(1), Gate<1> => [1])]
    #[output(loss = mse)]
    price: f32,
}

#[test]
fn compiles_and_runs() {
    let device = Cpu::default();
    // The modules are the defaults of the model's parameters.
    let model: GatedModel<f32, Cpu> = device.build_module::<Gated, f32>();
    assert_eq!(model.measurements.0.scale.array(), [1.0; 10]);
    assert_eq!(Gated::GRAPH.nodes[0].layers[0].text, "Gate<10>");
}
