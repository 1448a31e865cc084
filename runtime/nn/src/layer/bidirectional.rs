//! `Bidirectional`: a recurrent layer in both directions.

use dfdx::nn::BuildOnDevice;

use super::{Mask, Read, Reading, ReadsMask, RngKey};
use crate::{
    mask::masked_modules,
    merge::{self, MergeInput},
    tensor::*,
};

/// Runs one layer `M` over `[steps, I]` from the first step to the last and another from the last
/// to the first, and merges their outputs: `[W]`, or `[steps, W]` where `M` returns all steps.
///
/// `M` is an [`LSTM`](super::LSTM), [`GRU`](super::GRU) or [`SimpleRNN`](super::SimpleRNN) of `U`
/// units that reads forwards. `MERGE` is 0 for the concatenation, forward before backward, with `W`
/// = 2 `U`; with `W` = `U` it is 1 for the sum, 2 for the mean and 3 for the product.
///
/// At masked steps the state does not change. Where all steps are returned, the outputs of masked
/// steps are zeros, as in Keras.
///
/// `keras.layers.Bidirectional(layer, merge_mode)`, with merge modes concat, sum, ave and mul;
/// `torch.nn.LSTM(.., bidirectional=True)` concatenates.
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::{Bidirectional, LSTM};
///
/// let device = Cpu::default();
/// let sequences: Tensor<(usize, Const<5>, Const<2>), f32, _> = device.zeros_like(&(3, Const, Const));
/// let layer: Bidirectional<LSTM<2, 4, 16, 0, 0, f32, Cpu>, 8, 0> = BuildModule::build(&device);
/// assert_eq!(layer.forward(sequences).shape().concrete(), [3, 8]);
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "BiRNN")]
#[doc(alias = "BidirectionalRNN")]
pub struct Bidirectional<M, const W: usize, const MERGE: usize> {
    /// Reads the first step first.
    pub forward: M,
    /// Reads the last step first.
    pub backward: M,
}

impl<M, const W: usize, const MERGE: usize> ReadsMask for Bidirectional<M, W, MERGE> {}

impl<M: BuildOnDevice<D, E>, const W: usize, const MERGE: usize, E: Dtype, D: Device<E>>
    BuildOnDevice<D, E> for Bidirectional<M, W, MERGE>
{
    type Built = Bidirectional<M::Built, W, MERGE>;
}

impl<M: TensorCollection<E, D>, const W: usize, const MERGE: usize, E: Dtype, D: Device<E>>
    TensorCollection<E, D> for Bidirectional<M, W, MERGE>
{
    type To<E2: Dtype, D2: Device<E2>> = Bidirectional<M::To<E2, D2>, W, MERGE>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("forward", |s| &s.forward, |s| &mut s.forward),
                Self::module("backward", |s| &s.backward, |s| &mut s.backward),
            ),
            |(forward, backward)| Bidirectional { forward, backward },
        )
    }
}

/// The shape of the merged outputs for the output shape of one direction.
pub trait Merged<const W: usize>: Shape {
    /// This shape with `W` in place of `U`.
    type Shape: Shape;

    /// The merged shape.
    fn merged(&self) -> Self::Shape;
}

impl<B: Dim, const U: usize, const W: usize> Merged<W> for (B, Const<U>) {
    type Shape = (B, Const<W>);

    fn merged(&self) -> Self::Shape {
        (self.0, Const)
    }
}

impl<B: Dim, L: Dim, const U: usize, const W: usize> Merged<W> for (B, L, Const<U>) {
    type Shape = (B, L, Const<W>);

    fn merged(&self) -> Self::Shape {
        (self.0, self.1, Const)
    }
}

impl<M, const W: usize, const MERGE: usize> Bidirectional<M, W, MERGE> {
    /// Runs both directions, each with its dropout, and merges the outputs.
    fn read<I: Shape, S: Merged<W>, E: Element, D: Backend<E>, T: Tape<E, D>>(
        &self,
        x: Tensor<I, E, D, T>,
        mask: Option<&Mask>,
        [forward, backward]: [Option<(RngKey, f64)>; 2],
    ) -> Result<Tensor<S::Shape, E, D, T>, D::Err>
    where
        M: Read<Tensor<I, E, D, T>, Output = Tensor<S, E, D, T>, Error = D::Err>,
    {
        let reading = |backwards, dropout| Reading {
            backwards,
            in_place: true,
            dropout,
            mask: mask.cloned(),
            zeros_where_masked: true,
        };
        let (x, tape) = x.split_tape();
        let y = self.forward.try_read(x.clone().put_tape(tape), reading(false, forward))?;
        let (y, tape) = y.split_tape();
        let other = self.backward.try_read(x.put_tape(tape), reading(true, backward))?;
        let (other, tape) = other.split_tape();
        let (shape, parts) =
            (y.shape().merged(), vec![MergeInput::new(&y)?, MergeInput::new(&other)?]);
        match MERGE {
            0 => merge::concat(parts, -1, shape, tape),
            1 => merge::add(parts, shape, tape),
            2 => merge::average(parts, shape, tape),
            _ => merge::multiply(parts, shape, tape),
        }
    }

    fn infer<I: Shape, S: Merged<W>, E: Element, D: Backend<E>, T: Tape<E, D>>(
        &self,
        x: Tensor<I, E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<S::Shape, E, D, T>, D::Err>
    where
        M: Read<Tensor<I, E, D, T>, Output = Tensor<S, E, D, T>, Error = D::Err>,
    {
        self.read(x, mask, [None, None])
    }

    fn train<I: Shape, S: Merged<W>, E: Element, D: Backend<E>, T: Tape<E, D>>(
        &mut self,
        x: Tensor<I, E, D, T>,
        mask: Option<&Mask>,
    ) -> Result<Tensor<S::Shape, E, D, T>, D::Err>
    where
        M: Read<Tensor<I, E, D, T>, Output = Tensor<S, E, D, T>, Error = D::Err>,
    {
        let dropout = match T::OWNS_TAPE {
            true => [self.forward.next_dropout(), self.backward.next_dropout()],
            false => [None, None],
        };
        self.read(x, mask, dropout)
    }
}

masked_modules! {
    impl[
        M, const W: usize, const MERGE: usize, I: Shape, S: Merged<W>,
        E: Element, D: Backend<E>, T: Tape<E, D>
    ]
    Bidirectional<M, W, MERGE>,
    Tensor<I, E, D, T> => Tensor<S::Shape, E, D, T>,
    where [M: Read<Tensor<I, E, D, T>, Output = Tensor<S, E, D, T>, Error = D::Err>]
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor},
    };

    use super::*;
    use crate::{
        check_gradients::{check_gradients, Traced},
        layer::{activation::Tanh, MaskedModule, MaskedModuleMut, SimpleRNN, GRU, LSTM},
    };

    type Last = LSTM<2, 3, 12, 0, 0, f64, Cpu>;
    type Every = GRU<2, 3, 9, 2, 1, 0, f64, Cpu>;
    type X = Tensor<(Const<2>, Const<4>, Const<2>), f64, Cpu>;

    fn x() -> X {
        Cpu::seed_from_u64(2).sample_normal()
    }

    fn build<M: BuildModule<Cpu, f64>>() -> M {
        BuildModule::build(&Cpu::seed_from_u64(3))
    }

    fn mask() -> Mask {
        Mask::new(4, vec![true, true, false, false, false, true, false, true])
    }

    #[test]
    fn each_direction_has_weights_of_its_own_and_stands_in_its_place() {
        let layer: Bidirectional<Every, 6, 0> = build();
        let y = layer.forward(x()).array();
        let forward = layer.forward.forward(x()).array();
        let backwards = Reading { backwards: true, ..Reading::default() };
        let backward = layer.backward.try_read(x(), backwards).unwrap().array();
        for step in 0..4 {
            assert_eq!(y[1][step][..3], forward[1][step]);
            assert_eq!(y[1][step][3..], backward[1][3 - step]);
        }
        assert_ne!(layer.forward.weight.array(), layer.backward.weight.array());
    }

    #[test]
    fn merges_are_those_of_their_names() {
        let [sum, mean, product] = [
            build::<Bidirectional<Last, 3, 1>>().forward(x()).array(),
            build::<Bidirectional<Last, 3, 2>>().forward(x()).array(),
            build::<Bidirectional<Last, 3, 3>>().forward(x()).array(),
        ];
        let both = build::<Bidirectional<Last, 6, 0>>().forward(x()).array();
        for unit in 0..3 {
            let (a, b) = (both[0][unit], both[0][unit + 3]);
            assert_eq!(
                (sum[0][unit], mean[0][unit], product[0][unit]),
                (a + b, (a + b) / 2.0, a * b)
            );
        }
    }

    #[test]
    fn masked_steps_give_zeros() {
        let layer: Bidirectional<Every, 6, 0> = build();
        let y = layer.try_forward_masked(x(), &mask()).unwrap().array();
        for (sample, step) in [(0, 2), (0, 3), (1, 0), (1, 2)] {
            assert_eq!(y[sample][step], [0.0; 6]);
        }
        assert!(y[1][1].iter().all(|y| *y != 0.0));
    }

    #[test]
    fn the_directions_drop_different_inputs() {
        let mut layer: Bidirectional<Last, 6, 0> = build();
        layer.forward.set_dropout(0.5);
        layer.backward.set_dropout(0.5);
        layer.backward.set_rng_key(RngKey::default().layer(1));
        let inferred = layer.forward(x()).array();
        assert_ne!(layer.forward_mut(x().put_tape(Traced::default())).array(), inferred);
        assert_eq!((layer.forward.key.call, layer.backward.key.call), (1, 1));
    }

    #[test]
    fn gradients_are_right() {
        macro_rules! check {
            ($($layer:ty),+ $(,)?) => {$(
                check_gradients(&(x(), build::<$layer>()), |(x, layer), tape| {
                    layer.forward(x.clone().put_tape(tape))
                });
                check_gradients(&(x(), build::<$layer>()), |(x, layer), tape| {
                    layer.try_forward_mut_masked(x.clone().put_tape(tape), &mask()).unwrap()
                });
            )+};
        }
        check!(
            Bidirectional<Last, 6, 0>,
            Bidirectional<Every, 6, 0>,
            Bidirectional<Every, 3, 1>,
            Bidirectional<Last, 3, 2>,
            Bidirectional<SimpleRNN<2, 3, 1, 0, Tanh, f64, Cpu>, 3, 3>,
        );
    }
}
