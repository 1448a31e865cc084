//! Rules about preprocessing steps of targets: which steps a loss allows.

use multi_input_spec::{step::Inverse, Target};

use crate::{diagnostics::Diagnostics, graph::Node, parse::Step};

/// Checks the steps of an output's target against its type and its loss. A loss of the user's own is
/// compared by rustc.
pub(super) fn fit(node: &Node, errors: &mut Diagnostics) {
    let Some(output) = &node.field.output else { return };
    let (Some(first), Some(target)) = (output.steps.first(), node.target()) else { return };
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
    let Some(loss) = output.loss.as_ref().and_then(|loss| loss.named()) else { return };
    let curved = |step: &&Step| step.spec.form.inverse == Inverse::Nonlinear;
    let curved = output.steps.iter().find(curved);
    let form = &loss.spec.form;
    if let Err(text) = form.check_steps(step, None) {
        errors.at(first.span, format!("`{name}`: {}", text.as_str()));
    } else if let (Some(curved), Err(text)) =
        (curved, form.check_steps(step, curved.map(Step::name)))
    {
        errors.at(curved.span, format!("`{name}`: {}", text.as_str()));
    }
}
