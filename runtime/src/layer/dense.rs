//! `Dense`: every output is a weighted sum of all inputs.

use std::{borrow::Cow, ops::Range};

use super::{activation::Activation, initialize, origin::Origin};
use crate::{
    kernel::matmul::{multiply, multiply_into, Add, Matrix},
    merge::{concat, Part},
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
        let (x, tape) = x.try_contiguous()?.split_tape();
        let shape = x.shape().output();
        self.run(x, shape, origin, tape)
    }

    /// [`concat`](concat()) and this layer. Where the operands are large vectors, their
    /// concatenation is never made: each is multiplied with the columns of the weight that meet it.
    ///
    /// # Errors
    /// As [`concat`](concat())'s.
    pub fn try_forward_concat<S: LastAxis<I, O>, T: Tape<E, D>>(
        &self,
        parts: Vec<Part<E, D>>,
        axis: isize,
        shape: S,
        origin: Origin,
        tape: T,
    ) -> Result<Tensor<S::Output, E, D, T>, D::Err> {
        let large = shape.num_elements() >= WORTH_NO_COPY;
        match large && are_vectors::<I, E, D>(&parts, shape.concrete().as_ref()) {
            true => self.run(parts, shape.output(), origin, tape),
            false => self.try_forward_from(concat(parts, axis, shape, tape)?, origin),
        }
    }

    /// The layer on what lies side by side in `x`.
    fn run<Out: Shape, X: SideBySide<I, E, D>, T: Tape<E, D>>(
        &self,
        x: X,
        shape: Out,
        origin: Origin,
        mut tape: T,
    ) -> Result<Tensor<Out, E, D, T>, D::Err> {
        let device = self.weight.device().clone();
        let rows = shape.num_elements() / O.max(1);

        let mut sums = device.buffer(rows * O)?;
        let bias = D::values(&self.bias);
        sums.chunks_exact_mut(O.max(1)).for_each(|row| row.copy_from_slice(&bias));
        let weight = D::values(&self.weight);
        for (part, columns) in x.columns().enumerate() {
            multiply(
                Matrix::new(&x.values(part), rows, columns.len()),
                Matrix::new(&weight, O, I).columns(columns).transposed(),
                &mut sums,
                Add::ToOutput,
            );
        }
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
                    let weight = D::values(&weight);
                    for (part, columns) in x.columns().enumerate() {
                        let weight = Matrix::new(&weight, O, I).columns(columns);
                        x.edit_gradient(part, gradients, |dx| {
                            multiply(by_row, weight, dx, Add::ToOutput);
                        })?;
                    }
                }
                D::edit_gradient(gradients, &weight, |dw| {
                    for (part, columns) in x.columns().enumerate() {
                        let values = x.values(part);
                        let values = Matrix::new(&values, rows, columns.len());
                        let dw = &mut dw[columns.start..];
                        multiply_into(by_row.transposed(), values, dw, [I, 1], Add::ToOutput);
                    }
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

/// How many numbers a batch has for which more products are cheaper than a copy.
const WORTH_NO_COPY: usize = 1 << 14;

/// Whether the operands are vectors that make up a batch of `I` numbers a row.
fn are_vectors<const I: usize, E: Element, D: Backend<E>>(
    parts: &[Part<E, D>],
    sizes: &[usize],
) -> bool {
    let width = |part: &Part<E, D>| match part.dims() {
        [width] if sizes.first() == Some(&part.batch()) => Some(*width),
        _ => None,
    };
    sizes.len() == 2 && parts.iter().map(width).sum::<Option<usize>>() == Some(I)
}

/// Rows of `I` numbers, of which each part holds some columns.
trait SideBySide<const I: usize, E: Element, D: Backend<E>>: 'static {
    /// The columns that each part holds.
    fn columns(&self) -> impl Iterator<Item = Range<usize>>;
    /// The numbers of a part, row after row.
    fn values(&self, part: usize) -> Cow<'_, [E]>;
    /// Adds to the gradient by a part.
    fn edit_gradient(
        &self,
        part: usize,
        gradients: &mut Gradients<E, D>,
        change: impl FnMut(&mut [E]),
    ) -> Result<(), D::Err>;
}

impl<S: Shape, const I: usize, E: Element, D: Backend<E>> SideBySide<I, E, D> for Tensor<S, E, D> {
    fn columns(&self) -> impl Iterator<Item = Range<usize>> {
        std::iter::once(0..I)
    }

    fn values(&self, _: usize) -> Cow<'_, [E]> {
        D::values(self)
    }

    fn edit_gradient(
        &self,
        _: usize,
        gradients: &mut Gradients<E, D>,
        mut change: impl FnMut(&mut [E]),
    ) -> Result<(), D::Err> {
        D::edit_gradient(gradients, self, &mut change)
    }
}

impl<const I: usize, E: Element, D: Backend<E>> SideBySide<I, E, D> for Vec<Part<E, D>> {
    fn columns(&self) -> impl Iterator<Item = Range<usize>> {
        self.iter().scan(0, |start, part| {
            let columns = *start..*start + part.dims().iter().product::<usize>();
            *start = columns.end;
            Some(columns)
        })
    }

    fn values(&self, part: usize) -> Cow<'_, [E]> {
        self[part].values()
    }

    fn edit_gradient(
        &self,
        part: usize,
        gradients: &mut Gradients<E, D>,
        change: impl FnMut(&mut [E]),
    ) -> Result<(), D::Err> {
        self[part].edit_gradient(gradients, change)
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

#[cfg(test)]
mod tests {
    use super::{super::activation::Tanh, *};
    use crate::check_gradients::{check_gradients, Traced};
    use dfdx::{
        nn::BuildModule,
        tensor::{AsArray, Cpu, SampleTensor},
    };

    type Layer = Dense<5, 3, Tanh, f64, Cpu>;

    fn parts() -> (Tensor<Rank2<4, 2>, f64, Cpu>, Tensor<Rank2<4, 3>, f64, Cpu>) {
        let device = Cpu::seed_from_u64(4);
        (device.sample_normal(), device.sample_normal())
    }

    fn operands<const N: usize, const M: usize>(
        a: &Tensor<Rank2<4, N>, f64, Cpu>,
        b: &Tensor<Rank2<4, M>, f64, Cpu>,
    ) -> Vec<Part<f64, Cpu>> {
        vec![Part::new(a).unwrap(), Part::new(b).unwrap()]
    }

    #[test]
    fn operands_side_by_side_are_their_concatenation() {
        let layer: Layer = BuildModule::build(&Cpu::seed_from_u64(3));
        let (a, b) = parts();
        let apart = layer.run(operands(&a, &b), Rank2::default(), Origin::Computed, NoneTape);
        let shape: Rank2<4, 5> = Default::default();
        let joined = layer.try_forward_concat(
            operands(&a, &b),
            -1,
            shape,
            Origin::Computed,
            Traced::default(),
        );
        let (apart, joined): (Tensor<Rank2<4, 3>, _, _>, _) = (apart.unwrap(), joined.unwrap());
        for (apart, joined) in apart.array().iter().flatten().zip(joined.array().iter().flatten()) {
            assert!((apart - joined).abs() < 1e-14, "{apart} is not {joined}");
        }
    }

    #[test]
    fn gradients_of_operands_side_by_side_are_right() {
        let layer: Layer = BuildModule::build(&Cpu::seed_from_u64(3));
        let (a, b) = parts();
        check_gradients(&(a, b, layer), |(a, b, layer), tape| {
            let shape: Rank2<4, 3> = Default::default();
            layer.run(operands(a, b), shape, Origin::Computed, tape).unwrap()
        });
        // One tensor twice.
        let layer: Dense<4, 3, Tanh, f64, Cpu> = BuildModule::build(&Cpu::seed_from_u64(3));
        check_gradients(&(parts().0, layer), |(a, layer), tape| {
            let shape: Rank2<4, 3> = Default::default();
            layer.run(operands(a, a), shape, Origin::Computed, tape).unwrap()
        });
    }

    #[test]
    fn operands_that_do_not_make_up_the_input_are_an_error() {
        let layer: Dense<20_000, 1, Tanh, f64, Cpu> = BuildModule::build(&Cpu::default());
        let (a, b) = parts();
        let shape: Rank2<4, 20_000> = Default::default();
        assert!(layer
            .try_forward_concat(operands(&a, &b), -1, shape, Origin::Data, NoneTape)
            .is_err());
    }
}
