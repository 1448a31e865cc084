//! `LayerNorm`: every row with mean 0 and variance 1.

use dfdx::nn::tensor_collection::ScalarOptions;

use crate::{operation::*, tensor::*};

/// y = scale (x - mean) / sqrt(variance + epsilon) + offset, with the mean and the population
/// variance of the `M` numbers of the last axis: for each sample of `[M]`, for each step of
/// `[steps, M]`.
///
/// The scale starts at 1 and the offset at 0; epsilon is 1e-3.
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
#[derive(Clone, Debug)]
pub struct LayerNorm<const M: usize, E: Dtype, D: Storage<E>> {
    /// What a normalised number is multiplied by.
    pub scale: Tensor<Rank1<M>, E, D>,
    /// What is then added.
    pub offset: Tensor<Rank1<M>, E, D>,
    /// What is added to the variance, so that a constant row divides by no zero.
    pub epsilon: f64,
}

impl<const M: usize, E: Dtype, D: Storage<E>> LayerNorm<M, E, D> {
    /// Adds `epsilon` to every variance from now on.
    pub fn set_epsilon(&mut self, epsilon: f64) {
        self.epsilon = epsilon;
    }
}

impl<const M: usize, E: Dtype, D: Storage<E>> NonMutableModule for LayerNorm<M, E, D> {}

impl<const M: usize, E: Element, D: Device<E>> TensorCollection<E, D> for LayerNorm<M, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = LayerNorm<M, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::tensor(
                    "scale",
                    |s| &s.scale,
                    |s| &mut s.scale,
                    TensorOptions::reset_to_ones(),
                ),
                Self::tensor(
                    "offset",
                    |s| &s.offset,
                    |s| &mut s.offset,
                    TensorOptions::reset_to_zeros(),
                ),
                Self::scalar(
                    "epsilon",
                    |s| &s.epsilon,
                    |s| &mut s.epsilon,
                    ScalarOptions::from_default(1e-3),
                ),
            ),
            |(scale, offset, epsilon)| LayerNorm { scale, offset, epsilon },
        )
    }
}

/// Rows of `width` numbers, the scale and the offset become normalised rows.
#[derive(Clone)]
struct Normalise {
    width: usize,
    epsilon: f64,
}

compiled!(Normalise);

impl Normalise {
    /// The mean of a row, and 1 / sqrt(variance + epsilon).
    fn moments<E: Element>(&self, row: &[E]) -> (E, E) {
        let count = E::of(row.len() as f64);
        let mean = row.iter().copied().sum::<E>() / count;
        let variance = row.iter().map(|x| (*x - mean) * (*x - mean)).sum::<E>() / count;
        (mean, (variance + E::of(self.epsilon)).sqrt().recip())
    }

    /// Adds the gradients of one row: `[by the row, by the scale, by the offset]`.
    fn backward_row<E: Element>(&self, row: &[E], scale: &[E], slope: &[E], sums: [&mut [E]; 3]) {
        let [dx, by_scale, by_offset] = sums;
        let (mean, inverse) = self.moments(row);
        let count = E::of(row.len() as f64);
        let normalised = |i: usize| (row[i] - mean) * inverse;
        let all = 0..row.len();
        let mean_slope = all.clone().map(|i| slope[i] * scale[i]).sum::<E>() / count;
        let mean_turn = all.clone().map(|i| slope[i] * scale[i] * normalised(i)).sum::<E>() / count;
        for i in all {
            dx[i] += inverse * (slope[i] * scale[i] - mean_slope - normalised(i) * mean_turn);
            by_scale[i] += slope[i] * normalised(i);
            by_offset[i] += slope[i];
        }
    }
}

impl Operation for Normalise {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let [x, scale, offset] = pass.inputs else { return Err(OperationError::Size) };
        let width = self.width.max(1);
        for (y, x) in pass.output.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            let (mean, inverse) = self.moments(x);
            for i in 0..width {
                y[i] = (x[i] - mean) * inverse * scale[i] + offset[i];
            }
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let [x, scale, _] = pass.inputs else { return Err(OperationError::Size) };
        let width = self.width.max(1);
        let (mut by_scale, mut by_offset) = (vec![E::zero(); width], vec![E::zero(); width]);
        gradients.edit(0, |dx| {
            let rows = x.chunks_exact(width).zip(pass.gradient.chunks_exact(width));
            for (dx, (x, slope)) in dx.chunks_exact_mut(width).zip(rows) {
                self.backward_row(x, scale, slope, [dx, &mut by_scale, &mut by_offset]);
            }
        })?;
        gradients.add(1, &by_scale)?;
        gradients.add(2, &by_offset)
    }
}

macro_rules! modules {
    ($(($($dim:ident),*)),+) => {$(
        impl<$($dim: Dim,)* const M: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
            Module<Tensor<($($dim,)* Const<M>), E, D, T>> for LayerNorm<M, E, D>
        {
            type Output = Tensor<($($dim,)* Const<M>), E, D, T>;
            type Error = D::Err;

            fn try_forward(
                &self,
                x: Tensor<($($dim,)* Const<M>), E, D, T>,
            ) -> Result<Self::Output, D::Err> {
                let (x, tape) = x.split_tape();
                let operation = Normalise { width: M, epsilon: self.epsilon };
                record(&operation, &[&x, &self.scale, &self.offset], *x.shape(), x.device(), tape)
            }
        }
    )+};
}

modules!((B), (B, L));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradients::check_gradients;
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, TensorFrom},
    };

    fn layer() -> LayerNorm<3, f64, Cpu> {
        let mut layer: LayerNorm<3, f64, Cpu> = BuildModule::build(&Cpu::default());
        layer.scale.copy_from(&[1.5, -0.5, 2.0]);
        layer.offset.copy_from(&[0.25, 1.0, 0.0]);
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
