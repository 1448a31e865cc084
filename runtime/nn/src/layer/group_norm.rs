//! `GroupNorm`: normalises each group of channels of a sample.

use super::{
    declare::layer,
    initialize::{ones, zeros},
    normalise::Normalise,
    ReadsMask,
};
use crate::{operation::*, tensor::*};

layer! {
    /// y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the mean and the population
    /// variance of a group of channels of one sample. The `C` channels, in order, form `G` groups
    /// of equal size; each channel has its own gamma and beta.
    ///
    /// A group of `[C]` has C / G elements, of `[steps, C]` those of all steps, of an image
    /// `[C, height, width]` the pixels of its channels. Unlike [`BatchNorm`](super::BatchNorm), the
    /// output does not depend on the other samples of the batch. With a [`Mask`](super::Mask) the
    /// statistics are taken over the unmasked steps, and all steps are normalised with them. (Keras
    /// takes them over all steps.)
    ///
    /// Gamma is initialised to 1 and beta to 0; epsilon is 1e-3.
    ///
    /// `keras.layers.GroupNormalization(G)`, for images with `axis=1`;
    /// `torch.nn.GroupNorm(G, C, eps=1e-3)`, for sequences with the steps last.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::GroupNorm;
    ///
    /// let device = Cpu::default();
    /// let layer: GroupNorm<4, 2, f32, Cpu> = BuildModule::build(&device);
    /// let y = layer.forward(device.tensor([[10.0, 30.0, 5.0, 5.0]])).array();
    /// assert!((y[0][0] + 1.0).abs() < 1e-4 && (y[0][1] - 1.0).abs() < 1e-4);
    /// assert_eq!(y[0][2..], [0.0, 0.0]);
    /// ```
    #[doc(alias = "GroupNormalization")]
    pub struct GroupNorm<const C: usize, const G: usize>: NonMutableModule, ReadsMask {
        /// The factor of each channel, `[C]`.
        pub gamma: Tensor<Rank1<C>, E, D> = trained(ones()),
        /// The offset of each channel, `[C]`.
        pub beta: Tensor<Rank1<C>, E, D> = trained(zeros()),
        /// Added to the variance, so that the divisor is not zero.
        pub epsilon: f64 = setting(set_epsilon, 1e-3),
    }
    forward |layer, sizes, mask| Normalise {
        groups: G,
        mask: mask.cloned(),
        ..Normalise::samples(C, sizes, layer.epsilon)
    }, [gamma, beta]
    on [B] (B, Const<C>), [B, L] (B, L, Const<C>), [B, H, W] (B, Const<C>, H, W),
    masked [B, L] (B, L, Const<C>)
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        shapes::Axes3,
        tensor::{AsArray, Cpu, TensorFrom, TensorFromVec},
        tensor_ops::PermuteTo,
    };

    use super::*;
    use crate::{
        check_gradients::check_gradients,
        layer::{Mask, MaskedModule},
    };

    fn layer<const G: usize>() -> GroupNorm<6, G, f64, Cpu> {
        let mut layer: GroupNorm<6, G, f64, Cpu> = BuildModule::build(&Cpu::default());
        layer.gamma.copy_from(&[1.5, -0.5, 2.0, 1.0, 0.5, -1.0]);
        layer.beta.copy_from(&[0.25, 1.0, 0.0, -1.0, 0.5, 2.0]);
        layer
    }

    fn numbers<S: Shape + Default>() -> Tensor<S, f64, Cpu> {
        let count = S::default().num_elements();
        let numbers = (0..count).map(|i| ((i * i) as f64 * 0.37 + 0.2).sin()).collect();
        Cpu::default().tensor_from_vec(numbers, S::default())
    }

    #[track_caller]
    fn assert_near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn every_group_of_every_sample_is_normalised_by_itself() {
        let x = [[1.0, 2.0, 3.0, 5.0, 5.0, 5.0], [0.0, 0.0, 0.0, 1.0, 4.0, 7.0]];
        let y = layer::<2>().forward(Cpu::default().tensor(x)).array();
        let (near, far) = (1.0 / (2.0 / 3.0 + 1e-3f64).sqrt(), 3.0 / 6.001f64.sqrt());
        assert_near(&y[0], &[0.25 - 1.5 * near, 1.0, 2.0 * near, -1.0, 0.5, 2.0]);
        assert_near(&y[1], &[0.25, 1.0, 0.0, -1.0 - far, 0.5, 2.0 - far]);
    }

    #[test]
    fn the_steps_of_a_sequence_share_their_statistics() {
        let x = Cpu::default().tensor([[[1.0, 0.0], [3.0, 0.0], [5.0, 9.0]]]);
        let layer: GroupNorm<2, 2, f64, Cpu> = BuildModule::build(&Cpu::default());
        let (first, second) = (1.0 / (8.0 / 3.0 + 1e-3f64).sqrt(), 1.0 / 18.001f64.sqrt());
        let expected = [-2.0 * first, -3.0 * second, 0.0, -3.0 * second, 2.0 * first, 6.0 * second];
        assert_near(&layer.forward(x).as_vec(), &expected);
    }

    #[test]
    fn the_pixels_of_an_image_are_the_steps_of_a_sequence() {
        let steps = numbers::<Rank3<2, 5, 6>>();
        let images = steps.clone().permute::<Rank3<2, 6, 5>, Axes3<0, 2, 1>>().as_vec();
        let images: Tensor<Rank4<2, 6, 1, 5>, f64, Cpu> =
            Cpu::default().tensor_from_vec(images, Default::default());
        let expected = layer::<3>().forward(steps);
        let expected = expected.permute::<Rank3<2, 6, 5>, Axes3<0, 2, 1>>().as_vec();
        assert_near(&layer::<3>().forward(images).as_vec(), &expected);
    }

    #[test]
    fn masked_steps_are_normalised_but_do_not_count() {
        let device = Cpu::default();
        let x = numbers::<Rank3<1, 3, 6>>().array();
        let alone = device.tensor([[x[0][0], x[0][2]]]);
        let mask = Mask::new(3, vec![true, false, true]);
        let y = layer::<2>().try_forward_masked(device.tensor(x), &mask).unwrap().array();
        let expected = layer::<2>().forward(alone).array();
        assert_eq!([y[0][0], y[0][2]], expected[0]);
        let none = Mask::new(3, vec![false; 3]);
        let y = layer::<2>().try_forward_masked(device.tensor(x), &none).unwrap();
        assert!(y.as_vec().iter().all(|y| y.is_finite()));
        assert!(layer::<2>().try_forward_masked(device.tensor(x), &Mask::all(1, 4)).is_err());
    }

    #[test]
    fn epsilon_can_be_set_and_groups_that_divide_nothing_are_an_error() {
        let mut layer = layer::<2>();
        layer.set_epsilon(10.0 / 3.0);
        let x = Cpu::default().tensor([[1.0, 2.0, 3.0, 0.0, 0.0, 0.0]]);
        assert_near(&layer.forward(x.clone()).array()[0][2..3], &[1.0]);
        let layer: GroupNorm<6, 4, f64, Cpu> = BuildModule::build(&Cpu::default());
        assert!(layer.try_forward(x).is_err());
    }

    #[test]
    fn gradients_are_right() {
        let x = numbers::<Rank2<1, 6>>();
        check_gradients(&(x, layer::<2>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let x = numbers::<Rank4<2, 6, 3, 1>>();
        check_gradients(&(x, layer::<3>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let x = numbers::<Rank3<2, 3, 6>>();
        check_gradients(&(x.clone(), layer::<1>()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let mask = Mask::new(3, vec![true, false, true, false, true, true]);
        check_gradients(&(x, layer::<2>()), |(x, layer), tape| {
            layer.try_forward_masked(x.clone().put_tape(tape), &mask).unwrap()
        });
    }
}
