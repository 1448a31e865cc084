//! `TimeDistributed`: applies a layer to each step of a sequence.

use dfdx::nn::BuildOnDevice;

use crate::{operation::reshape, tensor::*};

/// Applies the layer `M` to each step of `[steps, ..]` separately, as one batch of the steps of all
/// sequences. Training computes the same as inference.
///
/// `keras.layers.TimeDistributed(layer)`. It has no effect on [`Dense`](super::Dense) and
/// [`LayerNorm`](super::LayerNorm), which work along the last axis.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::{activation::Relu, Dense, TimeDistributed};
///
/// let device = Cpu::default();
/// let sequences: Tensor<(usize, Const<5>, Const<2>), f32, _> = device.zeros_like(&(3, Const, Const));
/// let layer: TimeDistributed<Dense<2, 4, Relu, f32, Cpu>> = BuildModule::build(&device);
/// assert_eq!(layer.forward(sequences).shape().concrete(), [3, 5, 4]);
/// ```
#[derive(Clone, Debug, Default)]
#[doc(alias = "Distributed")]
pub struct TimeDistributed<M> {
    /// The layer that is applied to each step.
    pub layer: M,
}

impl<M> NonMutableModule for TimeDistributed<M> {}

impl<M: BuildOnDevice<D, E>, E: Dtype, D: Device<E>> BuildOnDevice<D, E> for TimeDistributed<M> {
    type Built = TimeDistributed<M::Built>;
}

impl<M: TensorCollection<E, D>, E: Dtype, D: Device<E>> TensorCollection<E, D>
    for TimeDistributed<M>
{
    type To<E2: Dtype, D2: Device<E2>> = TimeDistributed<M::To<E2, D2>>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields((Self::module("layer", |s| &s.layer, |s| &mut s.layer),), |(layer,)| {
            TimeDistributed { layer }
        })
    }
}

/// The shape of a batch of sequences, which splits into a batch of steps.
pub trait Sequences: Shape {
    /// The batch dimension.
    type Batch: Dim;
    /// The number of steps.
    type Steps: Dim;
    /// The shape of a batch of all steps.
    type Each: Shape;

    /// The batch dimension, the steps and the shape of a batch of all steps.
    fn split(&self) -> (Self::Batch, Self::Steps, Self::Each);
}

/// The shape of a batch of steps, which can be joined to a batch of sequences.
pub trait EachStep: Shape {
    /// The shape of the sequences.
    type Sequences<B: Dim, L: Dim>: Shape;

    /// The shape of `batch` sequences of `steps` steps.
    fn joined<B: Dim, L: Dim>(&self, batch: B, steps: L) -> Self::Sequences<B, L>;
}

macro_rules! sequences {
    ($(($($dim:ident $split:tt $joined:tt),+)),+) => {$(
        impl<B: Dim, L: Dim, $($dim: Dim),+> Sequences for (B, L, $($dim,)+) {
            type Batch = B;
            type Steps = L;
            type Each = (usize, $($dim,)+);

            fn split(&self) -> (B, L, Self::Each) {
                (self.0, self.1, (self.0.size() * self.1.size(), $(self.$split,)+))
            }
        }

        impl<$($dim: Dim),+> EachStep for (usize, $($dim,)+) {
            type Sequences<B: Dim, L: Dim> = (B, L, $($dim,)+);

            fn joined<B: Dim, L: Dim>(&self, batch: B, steps: L) -> Self::Sequences<B, L> {
                (batch, steps, $(self.$joined,)+)
            }
        }
    )+};
}

sequences!((D1 2 1), (D1 2 1, D2 3 2), (D1 2 1, D2 3 2, D3 4 3));

impl<M, S: Sequences, Out: EachStep, E: Element, D: Backend<E>, T: Tape<E, D>>
    Module<Tensor<S, E, D, T>> for TimeDistributed<M>
where
    M: Module<Tensor<S::Each, E, D, T>, Output = Tensor<Out, E, D, T>, Error = D::Err>,
{
    type Output = Tensor<Out::Sequences<S::Batch, S::Steps>, E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        let (batch, steps, each) = x.shape().split();
        let y = self.layer.try_forward(reshape(x, each)?)?;
        let shape = y.shape().joined(batch, steps);
        reshape(y, shape)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor},
    };

    use super::*;
    use crate::{
        check_gradients::check_gradients,
        layer::{activation::Relu, Conv2D, Dense, Flatten},
    };

    type Conv = Conv2D<2, 3, 2, 2, 3, 2, 3, crate::layer::Slide, Relu, f64, Cpu>;

    #[test]
    fn each_step_goes_through_the_layer() {
        let layer: TimeDistributed<Conv> = BuildModule::build(&Cpu::default());
        let x: Tensor<(usize, Const<2>, Const<2>, Const<3>, Const<4>), f64, _> =
            Cpu::seed_from_u64(1)
                .sample_like(&(3, Const, Const, Const, Const), rand_distr::StandardNormal);
        let y = layer.forward(x.clone());
        assert_eq!(y.shape().concrete(), [3, 2, 3, 2, 3]);
        let each: Tensor<(usize, Const<2>, Const<3>, Const<4>), f64, _> =
            x.try_reshape_like(&(6, Const, Const, Const)).unwrap();
        assert_eq!(y.as_vec(), layer.layer.forward(each).as_vec());
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::seed_from_u64(2);
        let x: Tensor<(Const<2>, Const<3>, Const<4>), f64, _> = device.sample_normal();
        let dense: TimeDistributed<Dense<4, 2, Relu, f64, Cpu>> = BuildModule::build(&device);
        check_gradients(&(x, dense), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
        let x: Tensor<(Const<1>, Const<3>, Const<2>, Const<3>, Const<4>), f64, _> =
            device.sample_normal();
        let conv: TimeDistributed<Conv> = BuildModule::build(&device);
        check_gradients(&(x.clone(), conv), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let flat = TimeDistributed { layer: Flatten::<24> };
        assert_eq!(flat.forward(x.clone()).array()[0][2].len(), 24);
        check_gradients(&x, |x, tape| flat.forward(x.clone().put_tape(tape)));
    }
}
