//! The shapes through an input's preprocessing.

use multi_input_spec::{step, Value};
use proc_macro2::TokenStream;

use super::{
    flow::Flow,
    layer::{value, Call},
    Scope,
};
use crate::{diagnostics::Diagnostics, graph::Node, parse::Input};

/// A step between two shapes.
pub(crate) struct ShapedStep {
    pub(crate) spec: &'static step::Step,
    /// `[Value::Size(..), ..]`
    pub(crate) arguments: TokenStream,
    pub(crate) input: Flow,
    pub(crate) output: Flow,
}

/// What flows on from an input whose rows hold `raw`; every step that could be inferred before the
/// first mistake is put into `steps`.
pub(super) fn infer(
    node: &Node,
    input: &Input,
    raw: Flow,
    steps: &mut Vec<ShapedStep>,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let name = node.name().to_string();
    let mut flow = raw;
    for step in &input.steps {
        step.arguments
            .iter()
            .flat_map(|argument| argument.sizes())
            .for_each(|size| scope.require_size(size, &name));
        let values: Vec<Value> =
            step.arguments.iter().map(|argument| value(argument, None)).collect();
        let call = Call::new(("step", step.spec.name), &flow, (&step.arguments, None), scope);
        let result = (step.spec.output)(&flow.shape, &values);
        let deferred = call.deferred.then(|| call.formula("output"));
        let output = scope.settle(result, deferred, &name, step.span, errors)?;
        let (spec, arguments) = (step.spec, call.arguments);
        steps.push(ShapedStep { spec, arguments, input: flow, output: output.clone() });
        flow = output;
    }
    if input.broken {
        return None;
    }
    // What layers take is a matter of kinds, which the macro always knows.
    match step::encoded(&flow.shape) {
        Ok(_) => Some(flow),
        Err(text) => {
            let span = node.field.ty.as_ref().map_or_else(|| node.name().span(), |ty| ty.span);
            errors.at(span, format!("`{name}`: {}", text.as_str()));
            None
        }
    }
}
