//! `TimeDistributed`: applies a layer to each step.

use super::{numbers_only, Form, Inner, Layer, Sizes};
use crate::{ArgumentKind, Doc, MaskRule, Onnx, Parameter, Shape, Size, Text, Value, MAX_RANK};

/// The row of the table.
pub const LAYER: Layer = Layer {
    name: "TimeDistributed",
    module: "time_distributed",
    doc: Doc {
        computes: "one layer, with the same weights, on each step by itself",
        shape: "`[steps, ..]` to `[steps, ..]`",
        keras: "`TimeDistributed`",
        torch: "",
        also: &["Distributed"],
        onnx: Onnx::since(14, &["Reshape"]),
    },
    parameters: &[Parameter::required(
        "layer",
        ArgumentKind::Layer {
            among: &[
                "Dense",
                "Flatten",
                "Reshape",
                "LayerNorm",
                "Conv1D",
                "Conv2D",
                "SeparableConv2D",
                "MaxPool1D",
                "MaxPool2D",
                "AvgPool1D",
                "AvgPool2D",
                "GlobalMaxPool1D",
                "GlobalMaxPool2D",
                "GlobalAveragePool1D",
                "GlobalAveragePool2D",
                "ZeroPad2D",
                "UpSampling2D",
            ],
            without: &[],
        },
    )],
    output,
    count,
    flops,
    held,
    sizes,
    form: Form {
        inner: Some(Inner { input, of_step: true, fields: &["layer"] }),
        mask: MaskRule::Keeps,
        ..Form::STATELESS
    },
};

/// One step.
pub const fn input(input: &Shape) -> Result<Shape, Text> {
    if let Some(text) = numbers_only("TimeDistributed", input) {
        return Err(text);
    }
    if input.rank() < 2 {
        return Err(Text::new(
            "`TimeDistributed` takes a sequence, [steps, ..], but what flows in is ",
        )
        .shape(input)
        .str("; put `Reshape(steps, features)` before it, or leave `TimeDistributed` out"));
    }
    Ok(input.of_step())
}

/// The steps, with the output of the inner layer for each.
pub const fn output(input: &Shape, arguments: &[Value]) -> Result<Shape, Text> {
    let step = arguments[0].layer().output;
    if step.rank() == MAX_RANK {
        return Err(Text::new("`TimeDistributed` would give more than ")
            .number(MAX_RANK)
            .str(" dimensions: ")
            .shape(&step)
            .str(" for each step"));
    }
    let mut output = Shape::numbers(&[input.dim(0)]);
    let mut axis = 0;
    while axis < step.rank() {
        output = output.push(step.dim(axis));
        axis += 1;
    }
    Ok(output)
}

/// The parameters of the inner layer.
pub const fn count(_: &Shape, arguments: &[Value]) -> Size {
    arguments[0].layer().count
}

/// The operations of the inner layer in each step.
pub const fn flops(input: &Shape, arguments: &[Value]) -> Size {
    arguments[0].layer().flops.times(input.dim(0))
}

/// What the inner layer holds in one step.
pub const fn held(_: &Shape, arguments: &[Value]) -> Size {
    arguments[0].layer().held
}

/// `TimeDistributed<Layer>`.
pub const fn sizes(_: &Shape, _: &[Value]) -> Sizes {
    Sizes::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nested;

    #[test]
    fn the_steps_stay_and_each_becomes_what_the_layer_gives() {
        const INPUT: Shape =
            Shape::numbers(&[Size::Known(7), Size::Known(3), Size::Unknown, Size::Known(4)]);
        let step = input(&INPUT).unwrap();
        assert_eq!(Text::new("").shape(&step).as_str(), "[3, ?, 4]");
        let nested = Nested {
            output: Shape::numbers(&[Size::Known(8)]),
            count: Size::Known(5),
            flops: Size::Known(9),
            held: Size::Known(2),
        };
        let shape = output(&INPUT, &[Value::Layer(nested)]).unwrap();
        assert_eq!(Text::new("").shape(&shape).as_str(), "[7, 8]");
        assert_eq!(count(&INPUT, &[Value::Layer(nested)]), Size::Known(5));
        assert_eq!(flops(&INPUT, &[Value::Layer(nested)]), Size::Known(7 * 9));
        assert_eq!(held(&INPUT, &[Value::Layer(nested)]), Size::Known(2));
    }

    #[test]
    fn what_is_no_sequence_is_refused() {
        assert_eq!(
            input(&Shape::numbers(&[Size::Known(7)])).unwrap_err().as_str(),
            "`TimeDistributed` takes a sequence, [steps, ..], but what flows in is [7]; put \
             `Reshape(steps, features)` before it, or leave `TimeDistributed` out"
        );
        assert!(input(&Shape::categories(&[Size::Known(7), Size::Known(2)])).is_err());
    }
}
