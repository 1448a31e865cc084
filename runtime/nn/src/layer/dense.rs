//! `Dense`: a fully connected layer.

use std::ops::Range;

use multi_input_kernel::matmul::{multiply, multiply_into, Add, Matrix};
use multi_input_spec::layer::dense::INITIALIZERS;
use smallvec::{smallvec, SmallVec};

use super::{
    activation::{Activation, Function},
    declare::layer,
    initialize::{kernel, zeros, Initializer},
    origin::Origin,
};
use crate::{
    merge::{concat, MergeInput},
    operation::*,
    tensor::*,
};

layer! {
    /// y = activation(x W^T + b) along the last axis: `[I]` becomes `[O]`, `[steps, I]` becomes
    /// `[steps, O]`.
    ///
    /// `N` is `O`, or 0 for a layer without a bias. The bias is initialised to zero, the weight by
    /// the initialiser of index `INIT`: 0 `glorot_uniform`, U(-l, l) with l = sqrt(6 / (I + O)); 1
    /// `glorot_normal`; 2 `he_uniform`; 3 `he_normal`; 4 `lecun_uniform`; 5 `lecun_normal`; 6
    /// `orthogonal`; 7 `zeros`. The formulas are those of Keras: the variance is 2 / (I + O) for
    /// Glorot, 2 / I for He and 1 / I for LeCun, and normal distributions are truncated at two
    /// standard deviations.
    ///
    /// `keras.layers.Dense(O, activation, use_bias=, kernel_initializer=)`, whose kernel is the
    /// transpose of this weight; `torch.nn.Linear(I, O)`, which has another initialisation.
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
    #[doc(alias = "Linear")]
    #[doc(alias = "LazyLinear")]
    #[doc(alias = "FullyConnected")]
    #[doc(alias = "fc")]
    #[doc(alias = "Affine")]
    #[doc(alias = "InnerProduct")]
    pub struct Dense<const I: usize, const O: usize; A: Activation>
    extra<const N: usize = O, const INIT: usize = 0>: NonMutableModule
    where (N == O || N == 0) && INIT < INITIALIZERS.len(),
        "a Dense<I, O, A, E, D, N, INIT> has N = O or 0, and INIT is the place of an initialiser";
    {
        /// `[O, I]`.
        pub weight: Tensor<Rank2<O, I>, E, D> = trained(kernel(Initializer::<INIT>)),
        /// `[O]`, or empty.
        pub bias: Tensor<Rank1<N>, E, D> = optional(weight, N, zeros()),
        /// The activation function of the outputs.
        pub activation: A = held(A::default()),
    }
}

impl<
        const I: usize,
        const O: usize,
        A: Activation,
        E: Element,
        D: Backend<E>,
        const N: usize,
        const INIT: usize,
    > Dense<I, O, A, E, D, N, INIT>
{
    /// `try_forward`, which omits the gradient with respect to `x` where `origin` is
    /// [`Origin::Data`].
    ///
    /// # Errors
    /// The device's.
    pub fn try_forward_from<S: LastAxis<I, O>, T: Tape<E, D>>(
        &self,
        x: Tensor<S, E, D, T>,
        origin: Origin,
    ) -> Result<Tensor<S::Output, E, D, T>, D::Err> {
        let (x, tape) = x.split_tape();
        let inputs: [&dyn Operand<E, D>; 3] = [&self.weight, &self.bias, &x];
        let output = (x.shape().output(), x.device());
        self.record(&inputs, smallvec![I], output, origin, tape)
    }

    /// [`concat`](concat()) followed by this layer. Large vectors are not concatenated: each is
    /// multiplied by its columns of the weight.
    ///
    /// # Errors
    /// Those of [`concat`](concat()).
    pub fn try_forward_concat<S: LastAxis<I, O>, T: Tape<E, D>>(
        &self,
        parts: Vec<MergeInput<E, D>>,
        axis: isize,
        shape: S,
        origin: Origin,
        tape: T,
    ) -> Result<Tensor<S::Output, E, D, T>, D::Err> {
        let large = shape.num_elements() >= MIN_ELEMENTS_WITHOUT_CONCAT;
        match large && are_vectors(&parts, shape.concrete().as_ref()) {
            true => self.forward_parts(&parts, shape.output(), origin, tape),
            false => self.try_forward_from(concat(parts, axis, shape, tape)?, origin),
        }
    }

    /// The layer on vectors that are not concatenated.
    fn forward_parts<S: Shape, T: Tape<E, D>>(
        &self,
        parts: &[MergeInput<E, D>],
        shape: S,
        origin: Origin,
        tape: T,
    ) -> Result<Tensor<S, E, D, T>, D::Err> {
        let widths = parts.iter().map(|part| part.dims().iter().product()).collect();
        let own: [&dyn Operand<E, D>; 2] = [&self.weight, &self.bias];
        let inputs: Vec<_> = own.into_iter().chain(parts.iter().map(MergeInput::operand)).collect();
        let device = parts.first().ok_or_else(D::size_error)?.device();
        self.record(&inputs, widths, (shape, device), origin, tape)
    }

    /// Records the layer with the inputs `weight`, `bias` and the parts of x. `widths` are the
    /// columns of each part. The output is on the device of the parts: in a training run that device
    /// recycles memory, and the device of the weight does not.
    fn record<S: Shape, T: Tape<E, D>>(
        &self,
        inputs: &[&dyn Operand<E, D>],
        widths: SmallVec<[usize; 2]>,
        (shape, device): (S, &D),
        origin: Origin,
        tape: T,
    ) -> Result<Tensor<S, E, D, T>, D::Err> {
        let operation = Product { widths, outputs: O, function: A::FUNCTION, origin };
        record(&operation, inputs, shape, device, tape)
    }
}

/// The number of elements of a batch from which several matrix products are cheaper than a
/// concatenation.
const MIN_ELEMENTS_WITHOUT_CONCAT: usize = 1 << 14;

/// Whether the operands are vectors that add up to the rows of a batch of these sizes.
fn are_vectors<E: Element, D: Backend<E>>(parts: &[MergeInput<E, D>], sizes: &[usize]) -> bool {
    let &[batch, all] = sizes else { return false };
    let width = |part: &MergeInput<E, D>| match part.dims() {
        [width] if part.batch() == batch => Some(*width),
        _ => None,
    };
    parts.iter().map(width).sum::<Option<usize>>() == Some(all)
}

/// activation(x W^T + b). The inputs are W, b, and the columns of x in parts of `widths`.
#[derive(Clone)]
struct Product {
    widths: SmallVec<[usize; 2]>,
    outputs: usize,
    function: Function,
    origin: Origin,
}

compiled!(Product);

impl Product {
    /// The number of columns of x.
    fn width(&self) -> usize {
        self.widths.iter().sum()
    }

    /// For each part, its position among the inputs and its columns of x.
    fn parts(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        self.widths.iter().enumerate().scan(0, |start, (part, width)| {
            let columns = *start..*start + width;
            *start = columns.end;
            Some((part + 2, columns))
        })
    }
}

impl Operation for Product {
    /// The pre-activations, where the derivative of the activation needs them; else empty.
    type Saved<E: Element> = Vec<E>;

    const OVERWRITES: bool = true;

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<Vec<E>, OperationError> {
        let ForwardPass { inputs, output, workspace, records } = pass;
        let rows = output.len() / self.outputs.max(1);
        match &*inputs[1] {
            [] => output.fill(E::zero()),
            bias => {
                let each = output.chunks_exact_mut(self.outputs.max(1));
                each.for_each(|row| row.copy_from_slice(bias));
            }
        }
        let weight = Matrix::new(&inputs[0], self.outputs, self.width());
        for (input, columns) in self.parts() {
            let part = Matrix::new(&inputs[input], rows, columns.len());
            multiply(part, weight.columns(columns).transposed(), output, Add::ToOutput);
        }
        let mut sums = Vec::new();
        if records && self.function.needs_input() {
            sums = workspace.acquire_zeroed(output.len())?;
            sums.copy_from_slice(output);
        }
        self.function.forward(output, self.outputs);
        Ok(sums)
    }

    fn backward<E: Element>(
        &self,
        sums: Vec<E>,
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        let BackwardPass { inputs, output, gradient, workspace } = pass;
        self.function.backward(&sums, output, gradient, self.outputs);
        workspace.release(sums);
        let rows = gradient.len() / self.outputs.max(1);
        let by_output = Matrix::new(gradient, rows, self.outputs);
        if self.origin == Origin::Computed {
            let weight = Matrix::new(&inputs[0], self.outputs, self.width());
            for (input, columns) in self.parts() {
                gradients.edit(input, |dx| {
                    multiply(by_output, weight.columns(columns.clone()), dx, Add::ToOutput);
                })?;
            }
        }
        gradients.edit(0, |dw| {
            for (input, columns) in self.parts() {
                let part = Matrix::new(&inputs[input], rows, columns.len());
                let dw = &mut dw[columns.start..];
                multiply_into(by_output.transposed(), part, dw, [self.width(), 1], Add::ToOutput);
            }
        })?;
        gradients.edit(1, |db| {
            for row in gradient.chunks_exact(self.outputs.max(1)) {
                db.iter_mut().zip(row).for_each(|(db, grad)| *db += *grad);
            }
        })
    }
}

/// The shape of a batch of vectors or of sequences of vectors, whose last axis [`Dense`] maps from
/// `I` to `O`.
pub trait LastAxis<const I: usize, const O: usize>: Shape {
    /// This shape with `O` in place of `I`.
    type Output: Shape;

    /// The output shape for this input shape.
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
        const N: usize,
        const INIT: usize,
    > Module<Tensor<S, E, D, T>> for Dense<I, O, A, E, D, N, INIT>
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
    use dfdx::{
        nn::{BuildModule, NumParams},
        tensor::{AsArray, Cpu, RandomU64, SampleTensor},
    };

    use super::{super::activation::Tanh, *};
    use crate::check_gradients::{check_gradients, Traced};

    type Layer = Dense<5, 3, Tanh, f64, Cpu>;

    fn parts() -> (Tensor<Rank2<4, 2>, f64, Cpu>, Tensor<Rank2<4, 3>, f64, Cpu>) {
        let device = Cpu::seed_from_u64(4);
        (device.sample_normal(), device.sample_normal())
    }

    fn operands<const N: usize, const M: usize>(
        a: &Tensor<Rank2<4, N>, f64, Cpu>,
        b: &Tensor<Rank2<4, M>, f64, Cpu>,
    ) -> Vec<MergeInput<f64, Cpu>> {
        vec![MergeInput::new(a).unwrap(), MergeInput::new(b).unwrap()]
    }

    #[test]
    fn operands_side_by_side_are_their_concatenation() {
        let layer: Layer = BuildModule::build(&Cpu::seed_from_u64(3));
        let (a, b) = parts();
        let separate =
            layer.forward_parts(&operands(&a, &b), Rank2::default(), Origin::Computed, NoneTape);
        let shape: Rank2<4, 5> = Default::default();
        let joined = layer.try_forward_concat(
            operands(&a, &b),
            -1,
            shape,
            Origin::Computed,
            Traced::default(),
        );
        let (separate, joined): (Tensor<Rank2<4, 3>, _, _>, _) =
            (separate.unwrap(), joined.unwrap());
        for (separate, joined) in
            separate.array().iter().flatten().zip(joined.array().iter().flatten())
        {
            assert!((separate - joined).abs() < 1e-14, "{separate} is not {joined}");
        }
    }

    #[test]
    fn gradients_of_operands_side_by_side_are_right() {
        let layer: Layer = BuildModule::build(&Cpu::seed_from_u64(3));
        let (a, b) = parts();
        check_gradients(&(a, b, layer), |(a, b, layer), tape| {
            let shape: Rank2<4, 3> = Default::default();
            layer.forward_parts(&operands(a, b), shape, Origin::Computed, tape).unwrap()
        });
        // One tensor as both operands.
        let layer: Dense<4, 3, Tanh, f64, Cpu> = BuildModule::build(&Cpu::seed_from_u64(3));
        check_gradients(&(parts().0, layer), |(a, layer), tape| {
            let shape: Rank2<4, 3> = Default::default();
            layer.forward_parts(&operands(a, a), shape, Origin::Computed, tape).unwrap()
        });
    }

    #[test]
    fn the_output_is_on_the_device_of_what_flows_in() {
        let layer: Layer = BuildModule::build(&Cpu::seed_from_u64(3));
        let device = Cpu::seed_from_u64(4);
        let (a, b): (Tensor<Rank2<4, 2>, f64, Cpu>, Tensor<Rank2<4, 3>, f64, Cpu>) =
            (device.zeros(), device.zeros());
        let shape: Rank2<4, 3> = Default::default();
        let separate =
            layer.forward_parts(&operands(&a, &b), shape, Origin::Data, NoneTape).unwrap();
        let x: Tensor<Rank2<4, 5>, f64, Cpu> = device.zeros();
        // Devices that are one draw from one sequence.
        let expected = Cpu::seed_from_u64(4);
        for output in [separate, layer.forward(x)] {
            assert_eq!(output.device().random_u64(), expected.random_u64());
        }
    }

    #[test]
    fn without_a_bias_there_is_none() {
        let device = Cpu::seed_from_u64(3);
        let mut layer: Dense<3, 5, Tanh, f64, Cpu, 0> = BuildModule::build(&device);
        let with: Dense<3, 5, Tanh, f64, Cpu> = BuildModule::build(&Cpu::seed_from_u64(3));
        assert_eq!(layer.num_trainable_params(), 15);
        assert_eq!(layer.weight.array(), with.weight.array());
        let x: Tensor<Rank2<1, 3>, f64, Cpu> = device.sample_normal();
        assert_eq!(layer.forward(x.clone()).array(), with.forward(x.clone()).array());
        layer.weight.fill_with_zeros();
        assert_eq!(layer.forward(x.clone()).array(), [[0.0; 5]]);
        let layer: Dense<3, 5, Tanh, f64, Cpu, 0, 3> = BuildModule::build(&device);
        check_gradients(&(x, layer), |(x, layer), tape| layer.forward(x.clone().put_tape(tape)));
        let layer: Dense<5, 3, Tanh, f64, Cpu, 0, 6> = BuildModule::build(&device);
        let (a, b) = parts();
        check_gradients(&(a, b, layer), |(a, b, layer), tape| {
            let shape: Rank2<4, 3> = Default::default();
            layer.forward_parts(&operands(a, b), shape, Origin::Computed, tape).unwrap()
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
