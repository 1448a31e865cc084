//! The shapes through an input's preprocessing.

use multi_input_spec::{own::ClaimForm, step};

use super::{
    flow::Flow,
    formula::{Claimed, Formula, Length, StepCall},
    Scope,
};
use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    parse::{Claim, Input, LossCall, Own, Step},
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
    let read = &input.steps[..input.broken_at.unwrap_or(input.steps.len())];
    let flow = through(node, read, raw, steps, scope, errors)?;
    input.broken_at.is_none().then_some(flow)
}

/// The output of steps, which are pushed to `shaped` up to the first mistake.
pub(super) fn through(
    node: &Node,
    steps: &[Step],
    mut flow: Flow,
    shaped: &mut Vec<ShapedStep>,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let name = node.name().to_string();
    for step in steps {
        flow = one(step, flow, &name, shaped, scope, errors)?;
    }
    Some(flow)
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
    output: usize,
    shape: Option<Flow>,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Vec<ShapedStep> {
    let (Some(target), Some(shape)) = (&node.field.output, shape) else { return Vec::new() };
    let name = node.name().to_string();
    let mut steps = Vec::new();
    let mut flow = Some(shape);
    let length = match &target.loss {
        Some(LossCall::Named(loss)) => Length::Known(loss.spec.form.target_steps.length()),
        Some(LossCall::Own(_)) => Length::OfOwnLoss(output),
        None => Length::Known(None),
    };
    for step in &target.steps {
        flow = flow.and_then(|flow| one(step, flow, &name, &mut steps, scope, errors));
        if let Some((own, _)) = &step.own {
            let formula = Formula::Inverse { own: own.clone(), length };
            scope.verify(formula, &name, step.span, errors);
        }
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
    let (own, arguments) = (step.own.as_ref().map(|(own, _)| own.clone()), step.arguments.clone());
    let call = StepCall { spec: step.spec, own, input, arguments };
    let formula = match &step.own {
        None => Formula::Step(call.clone()),
        Some((own, claim)) => Formula::OwnStep {
            claimed: claimed(own, claim.as_ref(), &call.input),
            input: call.input.clone(),
        },
    };
    let mut output = scope.evaluate(formula, name, step.span, errors)?;
    if step.spec.form.keeps_values {
        output = output.bounded_as(&call.input);
    }
    steps.push(ShapedStep { call, output: output.clone() });
    Some(output)
}

/// What a thing of the user's own is claimed to give; by default the shape that flows in.
pub(super) fn claimed(own: &Own, claim: Option<&Claim>, input: &Flow) -> Claimed {
    let (shape, form) = match claim {
        Some(claim) => (Flow::declared(claim.kind, &claim.dims), ClaimForm::Written),
        // Of a list, the shape of one item.
        None => (input.clone().with_list(false), ClaimForm::Kept),
    };
    Claimed { own: own.clone(), shape, form }
}
