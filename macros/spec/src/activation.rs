//! The activation functions.

use crate::Onnx;

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The identity.
    Linear,
    /// max(x, 0).
    Relu,
    /// x if positive, else 0.3 x, as `keras.layers.LeakyReLU`.
    LeakyRelu,
    /// x if positive, else exp(x) - 1.
    Elu,
    /// The scaled exponential linear unit.
    Selu,
    /// x * Phi(x), the exact form with erf.
    Gelu,
    /// x * sigmoid(x), also called swish.
    Silu,
    /// ln(1 + exp(x)).
    Softplus,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// exp(x_i) / sum_j exp(x_j) along the last axis.
    Softmax,
}

/// Every activation with its name in the DSL and the runtime's type
/// (`multi_input::layer::activation::TYPE`).
pub const ACTIVATIONS: &[(Activation, &str, &str)] = &[
    (Activation::Linear, "linear", "Linear"),
    (Activation::Relu, "relu", "Relu"),
    (Activation::LeakyRelu, "leaky_relu", "LeakyRelu"),
    (Activation::Elu, "elu", "Elu"),
    (Activation::Selu, "selu", "Selu"),
    (Activation::Gelu, "gelu", "Gelu"),
    (Activation::Silu, "silu", "Silu"),
    (Activation::Softplus, "softplus", "Softplus"),
    (Activation::Sigmoid, "sigmoid", "Sigmoid"),
    (Activation::Tanh, "tanh", "Tanh"),
    (Activation::Softmax, "softmax", "Softmax"),
];

impl Activation {
    /// The activation with the DSL name `name`.
    pub fn named(name: &str) -> Option<Activation> {
        ACTIVATIONS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The formula in Markdown.
    pub const fn formula(self) -> &'static str {
        match self {
            Activation::Linear => "`x`",
            Activation::Relu => "`max(x, 0)`",
            Activation::LeakyRelu => "`x` where x > 0, else `0.3 x` (`keras.layers.LeakyReLU`)",
            Activation::Elu => "`x` where x > 0, else `exp(x) - 1`",
            Activation::Selu => "`1.0507 x` where x > 0, else `1.7581 (exp(x) - 1)`",
            Activation::Gelu => "`x Phi(x)`, exact (`approximate=False`)",
            Activation::Silu => "`x sigmoid(x)`, also called swish",
            Activation::Softplus => "`ln(1 + exp(x))`",
            Activation::Sigmoid => "`1 / (1 + exp(-x))`",
            Activation::Tanh => "`tanh(x)`",
            Activation::Softmax => "`exp(x_i) / sum(exp(x_j))` along the last axis",
        }
    }

    /// How it is written in an ONNX file.
    pub const fn onnx(self) -> Onnx {
        match self {
            Activation::Linear => Onnx::Nothing,
            Activation::Relu => Onnx::since(14, &["Relu"]),
            Activation::LeakyRelu => Onnx::since(16, &["LeakyRelu"]),
            Activation::Elu => Onnx::since(6, &["Elu"]),
            Activation::Selu => Onnx::since(6, &["Selu"]),
            Activation::Gelu => Onnx::since(14, &["Mul", "Erf", "Add"]),
            Activation::Silu => Onnx::since(14, &["Sigmoid", "Mul"]),
            Activation::Softplus => Onnx::since(1, &["Softplus"]),
            Activation::Sigmoid => Onnx::since(13, &["Sigmoid"]),
            Activation::Tanh => Onnx::since(13, &["Tanh"]),
            Activation::Softmax => Onnx::since(13, &["Softmax"]),
        }
    }

    /// Other names for it, as [`Doc::also`](crate::Doc::also).
    pub const fn also(self) -> &'static [&'static str] {
        match self {
            Activation::Linear => &["identity", "no_activation", "none"],
            Activation::Relu => &["rectify", "rectifier", "rectified_linear"],
            Activation::LeakyRelu => &["lrelu"],
            Activation::Elu => &["exponential_linear"],
            Activation::Selu => &["scaled_elu"],
            Activation::Gelu => &["AccurateGeLU"],
            Activation::Silu => &["swish"],
            Activation::Softplus => &[],
            Activation::Sigmoid => &["logistic", "expit", "sigm"],
            Activation::Tanh => &["hyperbolic_tangent"],
            Activation::Softmax => &[],
        }
    }

    /// The name in the DSL.
    pub const fn name(self) -> &'static str {
        ACTIVATIONS[self as usize].1
    }

    /// Whether its values are never negative.
    pub const fn is_non_negative(self) -> bool {
        use Activation::{Relu, Sigmoid, Softmax, Softplus};
        matches!(self, Relu | Sigmoid | Softmax | Softplus)
    }

    /// The name of the runtime's type.
    pub const fn type_name(self) -> &'static str {
        ACTIVATIONS[self as usize].2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (position, (activation, name, _)) in ACTIVATIONS.iter().enumerate() {
            assert_eq!(*activation as usize, position);
            assert_eq!(Activation::named(name), Some(*activation));
        }
    }
}
