//! `LayerNorm`: normalises each row.

use super::{
    declare::layer,
    initialize::{ones, zeros},
    normalise::Normalise,
};
use crate::{operation::*, tensor::*};

layer! {
    /// y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the mean and the population
    /// variance of the `M` elements of the last axis: for each sample of `[M]`, for each step of
    /// `[steps, M]`.
    ///
    /// Gamma is initialised to 1 and beta to 0; epsilon is 1e-3.
    ///
    /// `keras.layers.LayerNormalization`; `torch.nn.LayerNorm(M, eps=1e-3)`.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::LayerNorm;
    ///
    /// let device = Cpu::default();
    /// let layer: LayerNorm<2, f32, Cpu> = BuildModule::build(&device);
    /// let y = layer.forward(device.tensor([[10.0, 30.0]])).array();
    /// assert!((y[0][0] + 1.0).abs() < 1e-4 && (y[0][1] - 1.0).abs() < 1e-4);
    /// ```
    #[doc(alias = "LayerNormalization")]
    #[doc(alias = "LayerNorm1D")]
    #[doc(alias = "ln")]
    pub struct LayerNorm<const M: usize>: NonMutableModule {
        /// The factor of each normalised element, `[M]`.
        pub gamma: Tensor<Rank1<M>, E, D> = trained(ones()),
        /// The offset of each normalised element, `[M]`.
        pub beta: Tensor<Rank1<M>, E, D> = trained(zeros()),
        /// Added to the variance, so that the divisor is not zero.
        pub epsilon: f64 = setting(set_epsilon, 1e-3),
    }
    forward |layer, _, _| Normalise::rows(M, layer.epsilon), [gamma, beta]
    on [B] (B, Const<M>), [B, L] (B, L, Const<M>)
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, TensorFrom},
    };

    use super::*;
    use crate::check_gradients::check_gradients;

    fn layer() -> LayerNorm<3, f64, Cpu> {
        let mut layer: LayerNorm<3, f64, Cpu> = BuildModule::build(&Cpu::default());
        layer.gamma.copy_from(&[1.5, -0.5, 2.0]);
        layer.beta.copy_from(&[0.25, 1.0, 0.0]);
        layer
    }

    #[test]
    fn every_row_is_normalised_by_itself() {
        let x = Cpu::default().tensor([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]);
        let y = layer().forward(x).array();
        let unit = 1.0 / (2.0 / 3.0 + 1e-3f64).sqrt();
        let expected = [0.25 - 1.5 * unit, 1.0, 2.0 * unit];
        assert!(y[0].iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-12));
        assert_eq!(y[1], [0.25, 1.0, 0.0]);
    }

    #[test]
    fn epsilon_can_be_set() {
        let mut layer = layer();
        layer.set_epsilon(10.0 / 3.0);
        let y = layer.forward(Cpu::default().tensor([[1.0, 2.0, 3.0]])).array();
        assert!((y[0][2] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let x = device.tensor([[[0.3, -0.8, 0.1], [1.2, 0.4, -2.0]], [[0.9, 0.8, 0.7], [0.0; 3]]]);
        check_gradients(&(x, layer()), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
        let x = device.tensor([[0.3, -0.8, 0.1]]);
        check_gradients(&(x, layer()), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
    }
}
