//! The shapes through an input's preprocessing.

use multi_input_spec::step;

use super::{
    flow::Flow,
    formula::{Formula, StepCall},
    Scope,
};
use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    parse::{Input, Step},
};

/// A step with its output shape.
pub(crate) struct ShapedStep {
    pub(crate) call: StepCall,
    pub(crate) output: Flow,
}

/// The output of the last step for an input whose rows hold `raw`; the steps up to the first
/// mistake are pushed to `steps`.
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
    for step in input.steps.iter().take(input.broken_at.unwrap_or(usize::MAX)) {
        flow = one(step, flow, &name, steps, scope, errors)?;
    }
    input.broken_at.is_none().then_some(flow)
}

/// The input of an input's branch, from the output of its last step.
pub(super) fn flows_on(node: &Node, flow: Flow, errors: &mut Diagnostics) -> Option<Flow> {
    let name = node.name();
    // Whether layers accept it depends on the kind, which the macro always knows.
    match step::encoded(&flow.shape) {
        Ok(encoded) if encoded.rank() > flow.shape.rank() => Some(Flow::known(encoded)),
        Ok(_) => Some(flow),
        Err(text) => {
            let span = node.field.ty.as_ref().map_or_else(|| node.name().span(), |ty| ty.span);
            errors.at(span, format!("`{name}`: {}", text.as_str()));
            None
        }
    }
}

/// The steps of an output's target, which do not change its shape.
pub(super) fn of_target(
    node: &Node,
    shape: Option<Flow>,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Vec<ShapedStep> {
    let (Some(target), Some(shape)) = (&node.field.output, shape) else { return Vec::new() };
    let name = node.name().to_string();
    let mut steps = Vec::new();
    let mut flow = Some(shape);
    for step in &target.steps {
        flow = flow.and_then(|flow| one(step, flow, &name, &mut steps, scope, errors));
    }
    steps
}

/// Pushes one step to `steps` and returns its output.
fn one(
    step: &Step,
    input: Flow,
    name: &str,
    steps: &mut Vec<ShapedStep>,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let call = StepCall { spec: step.spec, input, arguments: step.arguments.clone() };
    let mut output = scope.evaluate(Formula::Step(call.clone()), name, step.span, errors)?;
    if step.spec.form.keeps_values {
        output = output.bounded_as(&call.input);
    }
    steps.push(ShapedStep { call, output: output.clone() });
    Some(output)
}
