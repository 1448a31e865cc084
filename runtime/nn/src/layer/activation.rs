//! Activation functions: as layers, or fused into a layer that takes one.
//!
//! Each is a type without fields. [`Activation`] applies it to whole buffers, and as a dfdx module
//! it takes tensors of any shape:
//!
//! ```
//! use dfdx::{nn::Module, prelude::*};
//! use multi_input::layer::activation::LeakyRelu;
//!
//! let x = Cpu::default().tensor([-2.0f32, 5.0]);
//! assert_eq!(LeakyRelu.forward(x).array(), [-0.6, 5.0]);
//! ```
//!
//! All outputs are finite where the function is finite, for inputs of any size. A NaN stays a NaN.

use dfdx::nn::ZeroSizedModule;

use crate::{operation::*, tensor::*};

/// An activation function, as the type argument of a layer.
pub trait Activation: Default + Clone + std::fmt::Debug + 'static {
    /// The function as a value.
    const FUNCTION: Function;
}

/// An activation function and its derivative.
///
/// Both work in place on whole buffers. `width` is the length of a row, which only [`Softmax`]
/// uses.
trait Rule {
    /// Whether the derivative is computed from the input rather than from the output.
    const NEEDS_INPUT: bool = false;

    /// Whether an output depends on its whole row of inputs rather than on one input.
    const ROW_WISE: bool = false;

    /// Whether the function is monotonically increasing, so that it commutes with the maximum.
    const INCREASING: bool = false;

    /// The cost per element, in multiplications.
    const COST: usize = 16;

    /// Replaces every input by its output.
    fn forward<E: Element>(values: &mut [E], width: usize);

    /// Replaces `gradient`, the gradient of the loss with respect to the output, by that with
    /// respect to the input. `input` is empty unless [`NEEDS_INPUT`](Rule::NEEDS_INPUT).
    fn backward<E: Element>(input: &[E], output: &[E], gradient: &mut [E], width: usize);
}

/// The identity. `keras.activations.linear`, `torch.nn.Identity`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "identity")]
#[doc(alias = "no_activation")]
#[doc(alias = "none")]
pub struct Linear;

impl Rule for Linear {
    const INCREASING: bool = true;
    const COST: usize = 0;

    fn forward<E: Element>(_: &mut [E], _: usize) {}
    fn backward<E: Element>(_: &[E], _: &[E], _: &mut [E], _: usize) {}
}

/// max(x, 0). `keras.activations.relu`, `torch.nn.ReLU`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "rectify")]
#[doc(alias = "rectifier")]
#[doc(alias = "rectified_linear")]
pub struct Relu;

impl Rule for Relu {
    const INCREASING: bool = true;
    const COST: usize = 1;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        // Not `max`, which would turn a NaN into 0 and hide it.
        each(values, |x| if x < E::zero() { E::zero() } else { x });
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        scale_each(gradient, output, |y| if y <= E::zero() { E::zero() } else { E::one() });
    }
}

/// x where positive, else 0.3 x. `keras.layers.LeakyReLU()`, `torch.nn.LeakyReLU(0.3)`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "lrelu")]
pub struct LeakyRelu;

impl LeakyRelu {
    const NEGATIVE_SLOPE: f64 = 0.3;
}

impl Rule for LeakyRelu {
    const INCREASING: bool = true;
    const COST: usize = 1;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        let negative_slope = E::of(Self::NEGATIVE_SLOPE);
        each(values, |x| if x < E::zero() { negative_slope * x } else { x });
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        let negative_slope = E::of(Self::NEGATIVE_SLOPE);
        scale_each(gradient, output, |y| if y <= E::zero() { negative_slope } else { E::one() });
    }
}

/// x where positive, else exp(x) - 1. `keras.activations.elu`, `torch.nn.ELU`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "exponential_linear")]
pub struct Elu;

impl Rule for Elu {
    const INCREASING: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        each(values, |x| if x > E::zero() { x } else { x.exp_m1() });
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        scale_each(gradient, output, |y| if y < E::zero() { y + E::one() } else { E::one() });
    }
}

/// s x where positive, else s a (exp(x) - 1), with s = 1.0507 and a = 1.6733, for which mean 0 and
/// variance 1 are a fixed point. `keras.activations.selu`, `torch.nn.SELU`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "scaled_elu")]
pub struct Selu;

impl Selu {
    const SCALE: f64 = 1.050_700_987_355_480_5;
    const SCALE_ALPHA: f64 = Self::SCALE * 1.673_263_242_354_377_2;
}

impl Rule for Selu {
    const INCREASING: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        let (above, below) = (E::of(Self::SCALE), E::of(Self::SCALE_ALPHA));
        each(values, |x| if x > E::zero() { above * x } else { below * x.exp_m1() });
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        let (above, below) = (E::of(Self::SCALE), E::of(Self::SCALE_ALPHA));
        scale_each(gradient, output, |y| if y < E::zero() { y + below } else { above });
    }
}

/// x Phi(x) with the cumulative distribution function Phi of the standard normal distribution,
/// computed with erf and not by the tanh approximation. `keras.activations.gelu`, `torch.nn.GELU`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "AccurateGeLU")]
pub struct Gelu;

impl Gelu {
    fn phi<E: Element>(x: E) -> E {
        E::of(0.5) * (E::one() + (x * E::of(std::f64::consts::FRAC_1_SQRT_2)).erf())
    }
}

impl Rule for Gelu {
    const NEEDS_INPUT: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        each(values, |x| x * Self::phi(x));
    }
    fn backward<E: Element>(input: &[E], _: &[E], gradient: &mut [E], _: usize) {
        let peak = E::of(0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2);
        scale_each(gradient, input, |x| Self::phi(x) + x * peak * (E::of(-0.5) * x * x).exp());
    }
}

/// x sigmoid(x), also called swish. `keras.activations.silu`, `torch.nn.SiLU`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "swish")]
pub struct Silu;

impl Rule for Silu {
    const NEEDS_INPUT: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        each(values, |x| x * sigmoid(x));
    }
    fn backward<E: Element>(input: &[E], _: &[E], gradient: &mut [E], _: usize) {
        scale_each(gradient, input, |x| {
            let s = sigmoid(x);
            s * (E::one() + x * (E::one() - s))
        });
    }
}

/// ln(1 + exp(x)). `keras.activations.softplus`, `torch.nn.Softplus`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Softplus;

impl Rule for Softplus {
    const INCREASING: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        // exp(-|x|) cannot overflow. It also propagates the NaN that `max` drops.
        each(values, |x| x.max(E::zero()) + (-x.abs()).exp().ln_1p());
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        // sigmoid(x) in terms of the output y: 1 - exp(-y).
        scale_each(gradient, output, |y| -(-y).exp_m1());
    }
}

/// 1 / (1 + exp(-x)). `keras.activations.sigmoid`, `torch.nn.Sigmoid`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "logistic")]
#[doc(alias = "expit")]
#[doc(alias = "sigm")]
pub struct Sigmoid;

impl Rule for Sigmoid {
    const INCREASING: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        each(values, sigmoid);
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        scale_each(gradient, output, |y| y * (E::one() - y));
    }
}

/// The hyperbolic tangent. `keras.activations.tanh`, `torch.nn.Tanh`.
#[derive(Clone, Copy, Debug, Default)]
#[doc(alias = "hyperbolic_tangent")]
pub struct Tanh;

impl Rule for Tanh {
    const INCREASING: bool = true;

    fn forward<E: Element>(values: &mut [E], _: usize) {
        each(values, E::tanh);
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], _: usize) {
        scale_each(gradient, output, |y| E::one() - y * y);
    }
}

/// exp(x_i) / sum_j exp(x_j) along the last axis. `keras.activations.softmax`,
/// `torch.nn.Softmax(dim=-1)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Softmax;

impl Rule for Softmax {
    const ROW_WISE: bool = true;

    fn forward<E: Element>(values: &mut [E], width: usize) {
        for row in values.chunks_exact_mut(width.max(1)) {
            // With the maximum subtracted no exponential overflows, and the sum is at least 1.
            let largest = row.iter().copied().fold(E::neg_infinity(), E::max);
            each(row, |x| (x - largest).exp());
            let sum: E = row.iter().copied().sum();
            each(row, |x| x / sum);
        }
    }
    fn backward<E: Element>(_: &[E], output: &[E], gradient: &mut [E], width: usize) {
        let rows = gradient.chunks_exact_mut(width.max(1)).zip(output.chunks_exact(width.max(1)));
        for (gradient, output) in rows {
            let mean: E = gradient.iter().zip(output).map(|(grad, y)| *grad * *y).sum();
            for (gradient, y) in gradient.iter_mut().zip(output) {
                *gradient = *y * (*gradient - mean);
            }
        }
    }
}

/// The exponent is never positive, so the exponential cannot overflow.
fn sigmoid<E: Element>(x: E) -> E {
    let small = (-x.abs()).exp();
    if x < E::zero() {
        small / (E::one() + small)
    } else {
        E::one() / (E::one() + small)
    }
}

fn each<E: Element>(values: &mut [E], function: impl Fn(E) -> E) {
    values.iter_mut().for_each(|value| *value = function(*value));
}

/// Multiplies every gradient by the derivative at its point.
fn scale_each<E: Element>(gradient: &mut [E], points: &[E], derivative: impl Fn(E) -> E) {
    gradient.iter_mut().zip(points).for_each(|(gradient, point)| *gradient *= derivative(*point));
}

macro_rules! functions {
    ($($activation:ident),+) => {
        /// An activation function, as a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $(#[doc = concat!("[`", stringify!($activation), "`](struct@", stringify!($activation), ")")] $activation,)+
        }

        impl Function {
            /// Whether the derivative is computed from the input rather than from the output.
            pub(crate) const fn needs_input(self) -> bool {
                match self { $(Function::$activation => <$activation as Rule>::NEEDS_INPUT,)+ }
            }

            /// Whether an output depends on its whole row of inputs.
            pub(crate) fn is_row_wise(self) -> bool {
                match self { $(Function::$activation => <$activation as Rule>::ROW_WISE,)+ }
            }

            /// Whether the function is monotonically increasing.
            pub(crate) fn is_increasing(self) -> bool {
                match self { $(Function::$activation => <$activation as Rule>::INCREASING,)+ }
            }

            /// The cost per element, in multiplications.
            pub(crate) fn cost(self) -> usize {
                match self { $(Function::$activation => <$activation as Rule>::COST,)+ }
            }

            /// Replaces every input by its output. `width` is the length of a row.
            pub(crate) fn forward<E: Element>(self, values: &mut [E], width: usize) {
                match self {
                    $(Function::$activation => <$activation as Rule>::forward(values, width),)+
                }
            }

            /// Replaces `gradient`, the gradient with respect to the output, by that with respect
            /// to the input. `input` is empty unless the function [needs](Function::needs_input)
            /// it.
            pub(crate) fn backward<E: Element>(
                self,
                input: &[E],
                output: &[E],
                gradient: &mut [E],
                width: usize,
            ) {
                match self {
                    $(Function::$activation => {
                        <$activation as Rule>::backward(input, output, gradient, width);
                    })+
                }
            }
        }

        $(
            impl Activation for $activation {
                const FUNCTION: Function = Function::$activation;
            }

            impl ZeroSizedModule for $activation {}
            impl NonMutableModule for $activation {}

            impl<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>> Module<Tensor<S, E, D, T>>
                for $activation
            {
                type Output = Tensor<S, E, D, T>;
                type Error = D::Err;

                fn try_forward(&self, x: Tensor<S, E, D, T>) -> Result<Self::Output, D::Err> {
                    let (x, tape) = x.split_tape();
                    let width = x.shape().concrete().as_ref().last().copied().unwrap_or(1);
                    let operation = Activate { function: Function::$activation, width };
                    record(&operation, &[&x], *x.shape(), x.device(), tape)
                }
            }
        )+
    };
}

functions!(Linear, Relu, LeakyRelu, Elu, Selu, Gelu, Silu, Softplus, Sigmoid, Tanh, Softmax);

/// Applies a function to rows of `width` numbers.
#[derive(Clone)]
struct Activate {
    function: Function,
    width: usize,
}

compiled!(Activate);

impl Operation for Activate {
    type Saved<E: Element> = ();

    fn forward<E: Element>(&self, pass: ForwardPass<'_, E>) -> Result<(), OperationError> {
        pass.output.copy_from_slice(&pass.inputs[0]);
        self.function.forward(pass.output, self.width);
        Ok(())
    }

    fn backward<E: Element>(
        &self,
        (): (),
        pass: BackwardPass<'_, E>,
        gradients: &mut InputGradients<'_, E>,
    ) -> Result<(), OperationError> {
        self.function.backward(&pass.inputs[0], pass.output, pass.gradient, self.width);
        gradients.add(0, pass.gradient)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::tensor::{AsArray, Cpu, TensorFrom};

    use super::*;
    use crate::check_gradients::check_gradients;

    const POINTS: [f64; 5] = [-1000.0, -1.5, 0.0, 0.5, 1000.0];

    fn values<A: Rule>() -> [f64; 5] {
        let mut values = POINTS;
        A::forward(&mut values, 5);
        values
    }

    #[track_caller]
    fn assert_near(found: [f64; 5], expected: [f64; 5]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn values_are_those_of_the_formulas_and_finite_far_out() {
        assert_near(values::<Linear>(), POINTS);
        assert_near(values::<Relu>(), [0.0, 0.0, 0.0, 0.5, 1000.0]);
        assert_near(values::<LeakyRelu>(), [-300.0, -0.45, 0.0, 0.5, 1000.0]);
        assert_near(values::<Elu>(), [-1.0, -0.776_869_839_851_570_2, 0.0, 0.5, 1000.0]);
        let selu = [
            -1.758_099_340_847_376_6,
            -1.365_814_353_367_252_7,
            0.0,
            0.525_350_493_677_740_2,
            1_050.700_987_355_480_5,
        ];
        assert_near(values::<Selu>(), selu);
        let gelu = [0.0, -0.100_210_801_903_287_12, 0.0, 0.345_731_230_637_007_17, 1000.0];
        assert_near(values::<Gelu>(), gelu);
        let silu = [0.0, -0.273_638_285_709_534_5, 0.0, 0.311_229_665_600_926_2, 1000.0];
        assert_near(values::<Silu>(), silu);
        let softplus = [0.0, 0.201_413_277_982_752_4, 2f64.ln(), 0.974_076_984_180_106_8, 1000.0];
        assert_near(values::<Softplus>(), softplus);
        let sigmoid = [0.0, 0.182_425_523_806_356_35, 0.5, 0.622_459_331_201_854_5, 1.0];
        assert_near(values::<Sigmoid>(), sigmoid);
        let tanh = [-1.0, -0.905_148_253_644_866_5, 0.0, 0.462_117_157_260_009_8, 1.0];
        assert_near(values::<Tanh>(), tanh);
        assert_near(values::<Softmax>(), [0.0, 0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn softmax_rows_are_independent() {
        let x = Cpu::default().tensor([[0.0f64, 0.0], [2f64.ln(), 0.0]]);
        let y = Softmax.forward(x).array();
        assert_eq!(y[0], [0.5, 0.5]);
        assert!((y[1][0] - 2.0 / 3.0).abs() < 1e-15 && (y[1][1] - 1.0 / 3.0).abs() < 1e-15);
    }

    fn check<A>(activation: A)
    where
        A: Activation + Rule,
        A: Module<
                Tensor<Rank2<1, 1>, f64, Cpu, OwnedTape<f64, Cpu>>,
                Output = Tensor<Rank2<1, 1>, f64, Cpu, OwnedTape<f64, Cpu>>,
            > + Module<
                Tensor<(Const<2>, Const<2>, Const<3>), f64, Cpu, OwnedTape<f64, Cpu>>,
                Output = Tensor<(Const<2>, Const<2>, Const<3>), f64, Cpu, OwnedTape<f64, Cpu>>,
            >,
    {
        let device = Cpu::default();
        // No input is 0, where the derivative of ReLU does not exist.
        let x = device
            .tensor([[[-2.0, -0.7, 0.1], [0.4, 1.3, 3.0]], [[0.2, -0.1, -4.0], [2.0, -1.1, 0.9]]]);
        check_gradients(&x, |x, tape| activation.forward(x.clone().put_tape(tape)));
        let x = device.tensor([[0.6]]);
        check_gradients(&x, |x, tape| activation.forward(x.clone().put_tape(tape)));

        let mut nan = [1.0, f64::NAN];
        <A as Rule>::forward(&mut nan, 2);
        assert!(nan[1].is_nan(), "{activation:?} lets a NaN through");
    }

    #[test]
    fn gradients_are_right_and_a_nan_stays_one() {
        check(Linear);
        check(Relu);
        check(LeakyRelu);
        check(Elu);
        check(Selu);
        check(Gelu);
        check(Silu);
        check(Softplus);
        check(Sigmoid);
        check(Tanh);
        check(Softmax);
    }

    #[test]
    fn derivatives_stay_finite_far_out() {
        let x = Cpu::default().tensor([-1000.0f32, 1000.0]);
        let y = Softplus.forward(x.clone().put_tape(OwnedTape::<f32, Cpu>::default()));
        let mut grad = [1.0f32, 1.0];
        Softplus::backward(&[], &Cpu::values(&y), &mut grad, 2);
        assert_eq!(grad, [0.0, 1.0]);
        let mut grad = [1.0f32, 1.0];
        Silu::backward(&Cpu::values(&x), &[], &mut grad, 2);
        assert_eq!(grad, [0.0, 1.0]);
        let mut grad = [1.0f32, 1.0];
        Gelu::backward(&Cpu::values(&x), &[], &mut grad, 2);
        assert_eq!(grad, [0.0, 1.0]);
    }
}
