//! A merge of a user's own, computed row by row.

use std::fmt;

use smallvec::SmallVec;

use super::{merge, Layout, MergeInput, Planned};
use crate::{
    difference::{central_difference, differs},
    operation::*,
    tensor::*,
};

/// A merge of a user's own, whose values are its settings. It computes one row at a time, in `f64`
/// whatever the dtype of the model is.
///
/// Its output shape is an inherent `const fn output_shape(&self, operands: &[Operand<'_>]) ->
/// Result<Shape, Text>`, which the annotation calls while it is compiled.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no merge",
    label = "no merge",
    note = "a merge implements `multi_input::merge::Merge`"
)]
pub trait Merge: fmt::Debug + Send + Sync + 'static {
    /// Computes the values of one row from those of the operands. `output` is zeros before.
    fn forward(&self, operands: &[RowOperand<'_>], output: &mut [f64]);

    /// Adds the gradients with respect to the operands, from `grad_output`, the gradient with respect
    /// to the output. Each of `gradients` is as long as the values of its operand.
    ///
    /// [`check_merge`] finds a wrong one.
    fn backward(
        &self,
        operands: &[RowOperand<'_>],
        grad_output: &[f64],
        gradients: &mut [&mut [f64]],
    );
}

/// One row of an operand of a [`Merge`].
#[derive(Clone, Copy, Debug)]
pub struct RowOperand<'a> {
    /// The values, in row-major order.
    pub values: &'a [f64],
    /// The sizes of the operand, without the batch: `[32]` or `[channels, height, width]`.
    pub sizes: &'a [usize],
    /// Whether the operand is present in this row. The values of an absent one are zeros; where
    /// another value stands in for it, it is present.
    pub is_present: bool,
}

/// Merges the operands with a merge of a user's own.
pub fn own<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    parts: Vec<MergeInput<E, D>>,
    rule: &'static dyn Merge,
    shape: S,
    tape: T,
) -> Result<Tensor<S, E, D, T>, D::Err> {
    merge(&|layouts, sizes| plan(rule, layouts, sizes), &parts, shape, tape)
}

fn plan(rule: &'static dyn Merge, layouts: &[&Layout], sizes: &[usize]) -> Planned {
    let (batch, dims) = sizes.split_first()?;
    let operands = layouts.iter().map(|layout| {
        (layout.batch == *batch).then(|| OperandLayout {
            sizes: layout.dims.clone(),
            width: layout.dims.iter().product(),
            present: layout.present.clone(),
        })
    });
    let operands = operands.collect::<Option<_>>()?;
    Some(Box::new(Own { rule, operands, batch: *batch, width: dims.iter().product() }))
}

#[derive(Clone)]
struct Own {
    rule: &'static dyn Merge,
    operands: Vec<OperandLayout>,
    batch: usize,
    /// Number of values of a row of the output.
    width: usize,
}

compiled!(Own);

/// The operand of every row.
#[derive(Clone)]
struct OperandLayout {
    sizes: SmallVec<[usize; 4]>,
    width: usize,
    present: Option<Vec<bool>>,
}

impl Own {
    /// Copies the values of a row in `f64`.
    fn read<E: Element>(
        &self,
        inputs: &[std::borrow::Cow<'_, [E]>],
        row: usize,
        into: &mut [Vec<f64>],
    ) {
        for ((operand, input), values) in self.operands.iter().zip(inputs).zip(into) {
            let row = &input[row * operand.width..][..operand.width];
            values.clear();
            values.extend(row.iter().map(|value| value.as_f64()));
        }
    }

    /// The operands of a row.
    fn row<'a>(&'a self, row: usize, values: &'a [Vec<f64>]) -> Vec<RowOperand<'a>> {
        let operands = self.operands.iter().zip(values).map(|(operand, values)| RowOperand {
            values,
            sizes: &operand.sizes,
            is_present: operand.present.as_ref().is_none_or(|present| present[row]),
        });
        operands.collect()
    }
}

impl Operation for Own {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        let mut values = vec![Vec::new(); self.operands.len()];
        let mut output = vec![0.0; self.width];
        for row in 0..self.batch {
            self.read(pass.inputs, row, &mut values);
            output.fill(0.0);
            self.rule.forward(&self.row(row, &values), &mut output);
            let written = &mut pass.output[row * self.width..][..self.width];
            written.iter_mut().zip(&output).for_each(|(to, from)| *to = E::of(*from));
        }
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let mut values = vec![Vec::new(); self.operands.len()];
        let mut all: Vec<Vec<f64>> =
            self.operands.iter().map(|operand| vec![0.0; self.batch * operand.width]).collect();
        for row in 0..self.batch {
            self.read(pass.inputs, row, &mut values);
            let grad = &pass.gradient[row * self.width..][..self.width];
            let grad: Vec<f64> = grad.iter().map(|value| value.as_f64()).collect();
            let rows =
                self.operands.iter().zip(&mut all).map(|(operand, gradient)| {
                    &mut gradient[row * operand.width..][..operand.width]
                });
            self.rule.backward(&self.row(row, &values), &grad, &mut rows.collect::<Vec<_>>());
        }
        for (position, computed) in all.iter().enumerate() {
            gradients.edit(position, |gradient| {
                gradient.iter_mut().zip(computed).for_each(|(to, from)| *to += E::of(*from));
            })?;
        }
        Ok(())
    }
}

/// Compares the gradients of a merge with central differences of its values, for one row of operands
/// that are present and an output of `width` values. For the tests of a merge of one's own.
///
/// # Errors
/// The operand and the index of the first gradient that differs, with both numbers.
pub fn check_merge(
    rule: &dyn Merge,
    operands: &[RowOperand<'_>],
    width: usize,
) -> Result<(), String> {
    for chosen in 0..width {
        let mut grad_output = vec![0.0; width];
        grad_output[chosen] = 1.0;
        let mut gradients: Vec<Vec<f64>> =
            operands.iter().map(|operand| vec![0.0; operand.values.len()]).collect();
        let mut written: Vec<&mut [f64]> = gradients.iter_mut().map(Vec::as_mut_slice).collect();
        rule.backward(operands, &grad_output, &mut written);
        for (position, operand) in operands.iter().enumerate() {
            for index in 0..operand.values.len() {
                let expected = central_difference(operand.values[index], |value| {
                    let mut values = operand.values.to_vec();
                    values[index] = value;
                    let mut moved = operands.to_vec();
                    moved[position].values = &values;
                    let mut output = vec![0.0; width];
                    rule.forward(&moved, &mut output);
                    output[chosen]
                });
                let found = gradients[position][index];
                if differs(found, expected, expected.abs()) {
                    return Err(format!(
                        "the gradient of output {chosen} with respect to value {index} of operand \
                         {position} is {expected:.6} by central differences, but `backward` adds \
                         {found:.6}"
                    ));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use dfdx::{
        shapes::{Const, Rank2},
        tensor::{Cpu, NoneTape, TensorFrom},
    };

    use super::{super::tests::*, *};

    /// a * sigmoid(b) times `scale`, and a where b is absent.
    #[derive(Debug)]
    struct Gated {
        scale: f64,
        is_wrong: bool,
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    impl Merge for Gated {
        fn forward(&self, operands: &[RowOperand<'_>], output: &mut [f64]) {
            let [a, b] = operands else { return };
            for ((y, a), gate) in output.iter_mut().zip(a.values).zip(b.values) {
                let gate = if b.is_present { sigmoid(*gate) } else { 1.0 };
                *y = self.scale * a * gate;
            }
        }

        fn backward(
            &self,
            operands: &[RowOperand<'_>],
            grad_output: &[f64],
            gradients: &mut [&mut [f64]],
        ) {
            let ([a, b], [grad_a, grad_b]) = (operands, gradients) else { return };
            for index in 0..grad_output.len() {
                let grad = self.scale * grad_output[index];
                let gate = if b.is_present { sigmoid(b.values[index]) } else { 1.0 };
                grad_a[index] += grad * gate;
                if b.is_present && !self.is_wrong {
                    grad_b[index] += grad * a.values[index] * gate * (1.0 - gate);
                }
            }
        }
    }

    static GATED: Gated = Gated { scale: 2.0, is_wrong: false };

    #[test]
    fn rows_are_merged_one_by_one() {
        let device = Cpu::default();
        let a = device.tensor([[1.0, -2.0], [3.0, 4.0]]);
        let b = device.tensor([[0.0, 0.0], [5.0, 5.0]]);
        let flags = device.tensor([[1.0], [0.0]]);
        let parts = vec![part(&a), part(&b).present(&flags).unwrap()];
        let merged = own(parts, &GATED, (2, Const::<2>), NoneTape).unwrap();
        assert_eq!(merged.as_vec(), [1.0, -2.0, 6.0, 8.0]);
        let other = device.tensor([[1.0], [2.0], [3.0]]);
        let parts = vec![part(&a), part(&other)];
        assert!(own(parts, &GATED, (2, Const::<2>), NoneTape).is_err());
    }

    #[test]
    fn gradients() {
        let device = Cpu::default();
        let a: Tensor<Rank2<2, 2>, f64, Cpu> = device.tensor([[1.0, -2.0], [3.0, 4.0]]);
        let b: Tensor<Rank2<2, 2>, f64, Cpu> = device.tensor([[0.5, -0.3], [0.1, 2.0]]);
        check_pair(a, b, |parts, tape| own(parts, &GATED, (2, Const::<2>), tape));
    }

    #[test]
    fn a_wrong_gradient_is_found() {
        let row = |values| RowOperand { values, sizes: &[2], is_present: true };
        let operands = [row(&[1.0, -2.0]), row(&[0.5, -0.3])];
        assert_eq!(check_merge(&GATED, &operands, 2), Ok(()));
        let wrong = Gated { is_wrong: true, ..GATED };
        let said = check_merge(&wrong, &operands, 2).unwrap_err();
        assert_eq!(
            said,
            "the gradient of output 0 with respect to value 0 of operand 1 is 0.470007 by central \
             differences, but `backward` adds 0.000000"
        );
    }
}
