//! `RMSNorm`: divides each row by its root mean square.

use super::{declare::layer, initialize::ones, normalise::Normalise};
use crate::{operation::*, tensor::*};

layer! {
    /// y = gamma x / sqrt(mean of x^2 + epsilon), with the mean over the `M` elements of the last
    /// axis: for each sample of `[M]`, for each step of `[steps, M]`. It is a
    /// [`LayerNorm`](super::LayerNorm) without the mean and without beta.
    ///
    /// Gamma is initialised to 1; epsilon is 1e-6.
    ///
    /// `keras.layers.RMSNormalization`; `torch.nn.RMSNorm(M, eps=1e-6)`.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::RMSNorm;
    ///
    /// let device = Cpu::default();
    /// let layer: RMSNorm<2, f32, Cpu> = BuildModule::build(&device);
    /// let y = layer.forward(device.tensor([[1.0, 7.0]])).array();
    /// assert!((y[0][0] - 0.2).abs() < 1e-4 && (y[0][1] - 1.4).abs() < 1e-4);
    /// ```
    #[doc(alias = "RMSNormalization")]
    pub struct RMSNorm<const M: usize>: NonMutableModule {
        /// The factor of each normalised element, `[M]`.
        pub gamma: Tensor<Rank1<M>, E, D> = trained(ones()),
        /// Added to the mean square, so that the divisor is not zero.
        pub epsilon: f64 = setting(set_epsilon, 1e-6),
    }
    forward |layer, _, _| Normalise { centred: false, ..Normalise::rows(M, layer.epsilon) }, [gamma]
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

    fn layer() -> RMSNorm<3, f64, Cpu> {
        let mut layer: RMSNorm<3, f64, Cpu> = BuildModule::build(&Cpu::default());
        layer.gamma.copy_from(&[1.5, -0.5, 2.0]);
        layer
    }

    #[test]
    fn every_row_is_normalised_by_itself() {
        let x = Cpu::default().tensor([[1.0, 2.0, 3.0], [0.0; 3]]);
        let y = layer().forward(x).array();
        let unit = 1.0 / (14.0 / 3.0 + 1e-6f64).sqrt();
        let expected = [1.5 * unit, -unit, 6.0 * unit];
        assert!(y[0].iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-12));
        assert_eq!(y[1], [0.0; 3]);
    }

    #[test]
    fn epsilon_can_be_set() {
        let mut layer = layer();
        layer.set_epsilon(4.0 / 3.0);
        let y = layer.forward(Cpu::default().tensor([[1.0, 1.0, 1.0]])).array();
        assert!((y[0][2] - 2.0 * (3.0f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let x = device.tensor([[[0.3, -0.8, 0.1], [1.2, 0.4, -2.0]], [[0.9, 0.8, 0.7], [0.1; 3]]]);
        check_gradients(&(x, layer()), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
        let x = device.tensor([[0.3, -0.8, 0.1]]);
        check_gradients(&(x, layer()), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
    }
}
