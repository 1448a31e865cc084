//! `Dense`: every output is a weighted sum of all inputs.

use super::{activation::Activation, initialize};
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
    /// The layer on a matrix with one row for each sum, whatever the dimensions are called.
    fn apply<S: Shape, Out: Shape, T: Tape<E, D>>(
        &self,
        x: Tensor<S, E, D, T>,
        shape: Out,
    ) -> Result<Tensor<Out, E, D, T>, D::Err> {
        let (x, mut tape) = x.try_contiguous()?.split_tape();
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
        let before = if T::OWNS_TAPE && A::NEEDS_INPUT { sums.clone() } else { Vec::new() };
        A::forward(&mut sums, O);
        let y = device.try_tensor_from_vec(sums, shape)?;

        if T::OWNS_TAPE {
            let (weight, bias, output) = (self.weight.clone(), self.bias.clone(), y.clone());
            tape.add_backward_op(move |gradients| {
                let mut slope = D::take_gradient(gradients, &output)?;
                A::backward(&before, &D::values(&output), &mut slope, O);
                let by_row = Matrix::new(&slope, rows, O);
                D::edit_gradient(gradients, &x, |dx| {
                    multiply(by_row, Matrix::new(&D::values(&weight), O, I), dx, Add::ToOutput);
                })?;
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

impl<
        B: Dim,
        const I: usize,
        const O: usize,
        A: Activation,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, Const<I>), E, D, T>> for Dense<I, O, A, E, D>
{
    type Output = Tensor<(B, Const<O>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, Const<I>), E, D, T>) -> Result<Self::Output, D::Err> {
        let batch = x.shape().0;
        self.apply(x, (batch, Const))
    }
}

impl<
        B: Dim,
        L: Dim,
        const I: usize,
        const O: usize,
        A: Activation,
        E: Element,
        D: Backend<E>,
        T: Tape<E, D>,
    > Module<Tensor<(B, L, Const<I>), E, D, T>> for Dense<I, O, A, E, D>
{
    type Output = Tensor<(B, L, Const<O>), E, D, T>;
    type Error = D::Err;

    fn try_forward(&self, x: Tensor<(B, L, Const<I>), E, D, T>) -> Result<Self::Output, D::Err> {
        let (batch, steps, _) = *x.shape();
        self.apply(x, (batch, steps, Const))
    }
}
