//! Rules about preprocessing steps of targets: which steps a loss allows.

use multi_input_spec::{step::Inverse, Target, TargetSteps};

use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    parse::{Output, Step},
};

/// Checks the steps of an output's target against its type and its loss.
pub(super) fn fit(node: &Node, errors: &mut Diagnostics) {
    let Some(output) = &node.field.output else { return };
    let (Some(first), Some(target)) = (output.steps.first(), node.target()) else { return };
    let loss = output.loss.as_ref().map(|loss| loss.spec);
    let (name, step) = (node.name(), first.name());
    if target != Target::Numbers {
        errors.at(
            first.span,
            format!(
                "`{name}`: only numbers compared by a difference, as `mse` does, have `{step}`"
            ),
        );
        return;
    }
    match loss.map(|loss| (loss.name, loss.target_steps)) {
        Some((loss, TargetSteps::None(what))) => errors.at(
            first.span,
            format!(
                "`{name}`: `{loss}` compares with {what}, which `{step}` changes; leave `{step}` out, \
                 or use a loss of differences, as `mse` is"
            ),
        ),
        Some((_, TargetSteps::Affine(length))) => keeps_lengths(node, output, length, errors),
        _ => {}
    }
}

/// A length in the target's unit has no counterpart after a nonlinear step.
fn keeps_lengths(node: &Node, output: &Output, length: &str, errors: &mut Diagnostics) {
    let curved = |step: &&Step| step.spec.form.inverse == Inverse::Nonlinear;
    let Some(step) = output.steps.iter().find(curved) else { return };
    let (name, step_name) = (node.name(), step.name());
    errors.at(
        step.span,
        format!(
            "`{name}`: {length} is a difference in the target's unit, but equal differences are no \
             longer equal after `{step_name}`; use `mse` or `mae`, or leave `{step_name}` out"
        ),
    );
}
