//! `log1p` is of numbers above -1, so it stands before the steps whose results are below.

use crate::{
    diagnostics::Diagnostics,
    graph::Node,
    parse::{Argument, Source, Step},
};

pub(super) fn comes_first(node: &Node, errors: &mut Diagnostics) {
    let of_source = match &node.field.source {
        Some(Source::Input(input)) => &input.steps[..],
        Some(Source::Derived(derived)) => &derived.steps[..],
        _ => &[],
    };
    let of_target = node.field.output.as_ref().map_or(&[][..], |output| &output.steps[..]);
    for steps in [of_source, of_target] {
        for pair in steps.windows(2) {
            let (before, logarithm) = (&pair[0], &pair[1]);
            if logarithm.name() == "log1p" && falls_below(before) {
                let (name, before) = (node.name(), before.name());
                let text = format!(
                    "`{name}`: `{before}` gives numbers of -1 and below, of which there is no \
                     `log1p`; write `log1p, {before}`"
                );
                errors.at(logarithm.span, text);
            }
        }
    }
}

/// Whether a step gives numbers that are not above -1, whatever it takes.
fn falls_below(step: &Step) -> bool {
    match step.name() {
        "standardize" | "robust" => true,
        "min_max" => {
            matches!(step.argument("low"), Some(Argument::Number(low)) if low.value <= -1.0)
        }
        _ => false,
    }
}
