//! `Dense`: every output is a weighted sum of all inputs.

use super::{activation::Activation, initialize, origin::Origin};
use crate::{
    kernel::matmul::{multiply, Add, Matrix},
    tensor::*,
};

/// y = activation(x W^T + b) along the last axis: `[I]` becomes `[O]`, `[steps, I]` becomes
/// `[steps, O]`.
///
/// The weight is Glorot uniform, U(-l, l) with l = sqrt(6 / (I + O)); the bias starts at zero.
///
/// `keras.layers.Dense(O, activation)` (whose kernel is this weight transposed);
/// `torch.nn.Linear(I, O)` (another initialisation).
///
/// ```
/// use dfdx::{nn::{BuildModule, Module}, prelude::*};
/// use multi_input::layer::{activation::Relu, Dense};
///
/// let device = Cpu::default();
/// let layer: Dense<2, 3, Relu, f32, Cpu> = BuildModule::build(&device);
/// let output = layer.forward(device.tensor([[1.0, 2.0], [3.0, 4.0]]));
/// assert_eq!(output.shape().concrete(), [2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct Dense<const I: usize, const O: usize, A, E: Dtype, D: Storage<E>> {
    /// One row for each output.
    pub weight: Tensor<Rank2<O, I>, E, D>,
    /// One number for each output.
    pub bias: Tensor<Rank1<O>, E, D>,
    /// What is applied to the sums.
    pub activation: A,
}

impl<const I: usize, const O: usize, A, E: Dtype, D: Storage<E>> NonMutableModule
    for Dense<I, O, A, E, D>
{
}

impl<const I: usize, const O: usize, A: Activation, E: Element, D: Device<E>> TensorCollection<E, D>
    for Dense<I, O, A, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = Dense<I, O, A, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::tensor(
                    "weight",
                    |s| &s.weight,
                    |s| &mut s.weight,
                    TensorOptions::reset_with(|weight| initialize::glorot_uniform(weight, I, O)),
                ),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, TensorOptions::reset_to_zeros()),
            ),
            |(weight, bias)| Dense { weight, bias, activation: A::default() },
        )
    }
}

impl<const I: usize, const O: usize, A: Activation, E: Element, D: Backend<E>>
    Dense<I, O, A, E, D>
{
    /// `try_forward`, without the gradient by `x` where that is data.
    ///
    /// # Errors
    /// The device's.
    pub fn try_forward_from<S: LastAxis<I, O>, T: Tape<E, D>>(
        &self,
        x: Tensor<S, E, D, T>,
        origin: Origin,
    ) -> Result<Tensor<S::Output, E, D, T>, D::Err> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
        let shape = x.shape().output();
        let device = x.device().clone();
        let rows = shape.num_elements() / O.max(1);

        let mut sums = device.buffer(rows * O)?;
        let bias = D::values(&self.bias);
        sums.chunks_exact_mut(O.max(1)).for_each(|row| row.copy_from_slice(&bias));
        multiply(
            Matrix::new(&D::values(&x), rows, I),
            Matrix::new(&D::values(&self.weight), O, I).transposed(),
            &mut sums,
            Add::ToOutput,
        );
        let mut before = Vec::new();
        if T::OWNS_TAPE && A::NEEDS_INPUT {
            before = device.buffer(sums.len())?;
            before.copy_from_slice(&sums);
        }
        A::forward(&mut sums, O);
        let y = device.try_tensor_from_vec(sums, shape)?;

        if T::OWNS_TAPE {
            let (weight, bias, output) = (self.weight.clone(), self.bias.clone(), y.clone());
            tape.add_backward_op(move |gradients| {
                let mut slope = D::take_gradient(gradients, &output)?;
                A::backward(&before, &D::values(&output), &mut slope, O);
                device.keep(before);
                let by_row = Matrix::new(&slope, rows, O);
                if origin == Origin::Computed {
                    D::edit_gradient(gradients, &x, |dx| {
                        multiply(by_row, Matrix::new(&D::values(&weight), O, I), dx, Add::ToOutput);
                    })?;
                }
                D::edit_gradient(gradients, &weight, |dw| {
                    multiply(
                        by_row.transposed(),
                        Matrix::new(&D::values(&x), rows, I),
                        dw,
                        Add::ToOutput,
                    );
                })?;
                D::edit_gradient(gradients, &bias, |db| {
                    for row in slope.chunks_exact(O.max(1)) {
                        db.iter_mut().zip(row).for_each(|(db, slope)| *db += *slope);
                    }
                })?;
                D::restore_gradient(gradients, &output, slope)
            });
        }
        Ok(y.put_tape(tape))
    }
}

/// A batch of vectors, or of sequences of vectors, and what [`Dense`] makes of their last axis.
pub trait LastAxis<const I: usize, const O: usize>: Shape {
    /// The same with `O` in the place of `I`.
    type Output: Shape;

    /// The shape of this kind.
    fn output(&self) -> Self::Output;
}

impl<B: Dim, const I: usize, const O: usize> LastAxis<I, O> for (B, Const<I>) {
    type Output = (B, Const<O>);

    fn output(&self) -> Self::Output {
        (self.0, Const)
    }
}

impl<B: Dim, L: Dim, const I: usize, const O: usize> LastAxis<I, O> for (B, L, Const<I>) {
    type Output = (B, L, Const<O>);

    fn output(&self) -> Self::Output {
        (self.0, self.1, Const)
    }
}

impl<
        S,
        const I: usize,
        const O: usize,
        A: Activation,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<S, E, D, T>> for Dense<I, O, A, E, D>
where
    S: LastAxis<I, O>,
{
    type Output = Tensor<S::Output, E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
        self.try_forward_from(x, Origin::Computed)
    }
}
