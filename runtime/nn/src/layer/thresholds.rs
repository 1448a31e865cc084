//! `Thresholds`: the thresholds between ordered classes.

use super::declare::layer;
use crate::{operation::*, tensor::*};

layer! {
    /// The head of the loss [`Ordinal`](crate::loss::Ordinal) for the proportional odds model
    /// (McCullagh 1980): from one number x of a row, y_0 = threshold_0 - x and y_k = threshold_k, so
    /// that the cumulative logits c_0 = y_0, c_k = c_(k-1) + softplus(y_k) have the same distances in
    /// every row. A greater x makes higher grades more probable.
    ///
    /// Initially the logits are 1 apart and symmetric about 0: threshold_0 is (1 - N) / 2, the others
    /// are ln(e - 1).
    ///
    /// `CoralOrdinal` of coral-ordinal, `CoralLayer` of coral-pytorch; the thresholds of
    /// `statsmodels.miscmodels.ordinal_model.OrderedModel`.
    ///
    /// ```
    /// use dfdx::{nn::{BuildModule, Module}, prelude::*};
    /// use multi_input::layer::Thresholds;
    ///
    /// let device = Cpu::default();
    /// let layer: Thresholds<3, f32, Cpu> = BuildModule::build(&device);
    /// assert_eq!(layer.forward(device.tensor([[2.0]])).array()[0][0], -3.0);
    /// ```
    #[doc(alias = "CoralOrdinal")]
    #[doc(alias = "CoralLayer")]
    pub struct Thresholds<const N: usize>: NonMutableModule {
        /// `[N]`.
        pub thresholds: Tensor<Rank1<N>, E, D> = trained(one_apart()),
    }
}

/// Cumulative logits that are 1 apart and symmetric about 0.
fn one_apart<const N: usize, E: Element, D: Device<E>>(
    tensor: &mut Tensor<Rank1<N>, E, D>,
) -> Result<(), D::Err> {
    let distance = 1f64.exp_m1().ln();
    let mut values = [E::of(distance); N];
    if let Some(first) = values.first_mut() {
        *first = E::of((1.0 - N as f64) / 2.0);
    }
    tensor.copy_from(&values);
    Ok(())
}

impl<B: Dim, const N: usize, E: Element, D: Backend<E>, T: Tape<E, D>>
    Module<Tensor<(B, Const<1>), E, D, T>> for Thresholds<N, E, D>
{
    type Output = Tensor<(B, Const<N>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, Const<1>), E, D, T>) -> Result<Self::Output, D::Err> {
        let (x, tape) = x.split_tape();
        let (shape, device) = ((x.shape().0, Const), x.device());
        record(&Shifted, &[&x, &self.thresholds], shape, device, tape)
    }
}

/// Each row of the second input, whose first element is reduced by the first input.
#[derive(Clone)]
struct Shifted;

compiled!(Shifted);

impl Operation for Shifted {
    type Saved<E: Element> = ();

    const OVERWRITES: bool = true;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let [x, thresholds] = pass.inputs else { return Err(OperationError::Size) };
        let rows = pass.output.chunks_exact_mut(thresholds.len().max(1));
        for (row, x) in rows.zip(x.iter()) {
            row.copy_from_slice(thresholds);
            row[0] -= *x;
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let width = pass.inputs[1].len().max(1);
        let rows = || pass.gradient.chunks_exact(width);
        gradients.edit(0, |dx| dx.iter_mut().zip(rows()).for_each(|(dx, row)| *dx -= row[0]))?;
        gradients.edit(1, |dt| {
            for row in rows() {
                dt.iter_mut().zip(row).for_each(|(dt, grad)| *dt += *grad);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, TensorFrom},
    };

    use super::*;
    use crate::{
        check_gradients::check_gradients,
        loss::{AnyLoss, Ordinal},
    };

    #[test]
    fn logits_are_one_apart_at_first() {
        let layer: Thresholds<3, f64, Cpu> = BuildModule::build(&Cpu::default());
        let y = layer.forward(Cpu::default().tensor([[0.0], [2.5]])).array();
        let logit = |p: f64| (p / (1.0 - p)).ln();
        for (row, shift) in y.iter().zip([0.0, 2.5]) {
            let grades = AnyLoss::predict(&Ordinal, row.to_vec(), 3, 4);
            let mut below = 0.0;
            for (grade, expected) in grades.iter().zip([-1.0, 0.0, 1.0]) {
                below += grade;
                assert!((logit(below) - (expected - shift)).abs() < 1e-9, "{grades:?}");
            }
        }
    }

    #[test]
    fn gradients_are_right() {
        let device = Cpu::default();
        let layer = Thresholds { thresholds: device.tensor([-0.3, 0.7, 1.9]) };
        let x = device.tensor([[0.4], [-1.2]]);
        check_gradients(&(x, layer.clone()), |(x, layer), tape| {
            layer.forward(x.clone().put_tape(tape))
        });
        let x = device.tensor([[0.4]]);
        check_gradients(&(x, layer), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
    }
}
