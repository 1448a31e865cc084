//! The identity of a layer, which decides whether saved weights fit it.

use multi_input_spec::Size;

use crate::parse::{Argument, Layer, LayerKind, NumberExpr, PaddingExpr, SizeExpr};

/// Parameters that matter only in training or before it; weights fit regardless of their values.
const IN_TRAINING: [&str; 7] = ["dropout", "from", "init", "l1", "l2", "rate", "sharded"];

/// Whether the parameter `name` of a layer matters only in training or before it.
pub(crate) fn is_in_training(name: &str) -> bool {
    IN_TRAINING.contains(&name)
}

/// The real-valued arguments of a layer by name; only rustc knows the values of constants.
pub(super) fn numbers(layer: &Layer) -> Vec<(&'static str, NumberExpr)> {
    let LayerKind::Named { spec, arguments, .. } = &layer.kind else { return Vec::new() };
    let own =
        spec.parameters.iter().zip(arguments).filter_map(|(parameter, argument)| match argument {
            Argument::Number(number) => Some((parameter.name, number.clone())),
            Argument::Constant(constant) => Some((parameter.name, constant.number()?)),
            _ => None,
        });
    let inner = arguments.iter().filter_map(|argument| match argument {
        Argument::Layer(layer) => Some(numbers(layer)),
        _ => None,
    });
    let all = own.chain(inner.flatten());
    all.filter(|(name, _)| !IN_TRAINING.contains(name)).collect()
}

/// The layer with its other arguments by name and value, independent of their spelling. Constant
/// sizes are covered by the comparison of shapes.
pub(super) fn identity(layer: &Layer) -> String {
    let LayerKind::Named { spec, arguments, .. } = &layer.kind else { return layer.text.clone() };
    let given: Vec<String> = spec
        .parameters
        .iter()
        .zip(arguments)
        .filter(|(parameter, _)| !IN_TRAINING.contains(&parameter.name))
        .filter_map(|(parameter, argument)| {
            Some(format!("{} = {}", parameter.name, describe(argument)?))
        })
        .collect();
    match given.is_empty() {
        true => spec.name.to_owned(),
        false => format!("{}({})", spec.name, given.join(", ")),
    }
}

fn describe(argument: &Argument) -> Option<String> {
    match argument {
        // Numbers are compared by value, and a file is no argument of a layer.
        Argument::Absent
        | Argument::Number(_)
        | Argument::Constant(_)
        | Argument::Tokenizer(_)
        | Argument::Input(_)
        | Argument::Average(_) => None,
        Argument::Size(size) => Some(size_in_words(size)),
        Argument::Pair(sizes) => Some(in_words(sizes)),
        Argument::Margins(sizes) => Some(in_words(sizes)),
        Argument::Padding(PaddingExpr::Word(padding)) => Some(format!("{padding:?}")),
        Argument::Padding(PaddingExpr::Zeros(size)) => Some(size_in_words(size)),
        Argument::Text(text) => Some(format!("{:?}", text.value())),
        Argument::Axis(axis) => Some(axis.to_string()),
        Argument::Flag(flag) => Some(flag.to_string()),
        Argument::Activation(activation, _) => Some(activation.name().to_owned()),
        Argument::Word(word, _) => Some((*word).to_owned()),
        Argument::Numbers(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(number_in_words).collect();
            Some(format!("[{}]", numbers.join(", ")))
        }
        Argument::Layer(layer) => Some(identity(layer)),
    }
}

fn number_in_words(number: &NumberExpr) -> String {
    match number.value.is_nan() {
        true => number.written.to_string(),
        false => number.value.to_string(),
    }
}

fn in_words(sizes: &[SizeExpr]) -> String {
    let sizes: Vec<String> = sizes.iter().map(size_in_words).collect();
    format!("({})", sizes.join(", "))
}

fn size_in_words(size: &SizeExpr) -> String {
    match size.value {
        Size::Known(number) => number.to_string(),
        Size::Unknown => "_".to_owned(),
    }
}
