//! `layer!`: the declaration of a layer.

/// Declares a layer by its name and its module, and defines `LAYER`, `output`, `count`, `flops`,
/// `held` and `sizes`. All parts except `doc`, `output` and `flops` are optional, in this order:
///
/// - `doc`: its row in the table of layers.
/// - `parameters`: its parameters.
/// - `form`: further properties of the runtime's type.
/// - `refuses`: an error for the layer's name, input and arguments, if they are invalid.
/// - `output`: the output shape of a valid input.
/// - `count`: the number of parameters.
/// - `flops`: the floating-point operations of a prediction; see [`cost`](crate::cost).
/// - `held`: the numbers that are alive only while it is computed.
/// - `sizes`: the const arguments of the runtime's type.
macro_rules! layer {
    (
        $name:literal, $module:literal;
        doc: $doc:expr,
        $(parameters: $parameters:expr,)?
        $(form: $form:expr,)?
        $(refuses: |$refused_name:pat_param, $refused:pat_param, $refused_by:pat_param| $text:expr,)?
        output: |$input:pat_param, $arguments:pat_param| $output:expr,
        $(count: |$counted:pat_param, $counted_by:pat_param| $count:expr,)?
        flops: |$operated:pat_param, $operated_by:pat_param| $flops:expr,
        $(held: |$holding:pat_param, $holding_by:pat_param| $held:expr,)?
        $(sizes: |$sized:pat_param, $sized_by:pat_param| $sizes:expr,)?
    ) => {
        /// The row of the table.
        pub const LAYER: $crate::layer::Layer = $crate::layer::Layer {
            $(parameters: $parameters,)?
            $(form: $form,)?
            ..$crate::layer::Layer::plain($name, $module, $doc, (output, count, sizes), (flops, held))
        };

        /// The output shape, or an error.
        pub const fn output(
            input: &$crate::Shape,
            arguments: &[$crate::Value],
        ) -> Result<$crate::Shape, $crate::Text> {
            $(
                let ($refused_name, $refused, $refused_by) = ($name, input, arguments);
                if let Some(text) = $text {
                    return Err(text);
                }
            )?
            let ($input, $arguments) = (input, arguments);
            Ok($output)
        }

        /// The number of parameters.
        pub const fn count(input: &$crate::Shape, arguments: &[$crate::Value]) -> $crate::Size {
            $crate::layer::layer!(@or $crate::Size::Known(0), (input, arguments) $(|$counted, $counted_by| $count)?)
        }

        /// The floating-point operations of a prediction.
        pub const fn flops(input: &$crate::Shape, arguments: &[$crate::Value]) -> $crate::Size {
            let ($operated, $operated_by) = (input, arguments);
            $flops
        }

        /// The numbers that are alive only while it is computed.
        pub const fn held(input: &$crate::Shape, arguments: &[$crate::Value]) -> $crate::Size {
            $crate::layer::layer!(@or $crate::Size::Known(0), (input, arguments) $(|$holding, $holding_by| $held)?)
        }

        /// The const arguments of the runtime's type.
        pub const fn sizes(
            input: &$crate::Shape,
            arguments: &[$crate::Value],
        ) -> $crate::layer::Sizes {
            $crate::layer::layer!(
                @or $crate::layer::Sizes::of(&[]), (input, arguments)
                $(|$sized, $sized_by| $sizes)?
            )
        }
    };

    (@or $default:expr, $given:tt) => {{
        let _ = $given;
        $default
    }};
    (@or $default:expr, $given:tt |$input:pat_param, $arguments:pat_param| $formula:expr) => {{
        let ($input, $arguments) = $given;
        $formula
    }};
}
pub(super) use layer;
