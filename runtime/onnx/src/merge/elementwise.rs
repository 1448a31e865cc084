//! `add`, `subtract`, `multiply`, `average`, `maximum` and `minimum`.

use super::{mask_of, MergeCall, Operand};
use crate::{
    graph::Graph,
    layer::{aligned, Flow},
    refusal::Refusal,
    value::{DataType, Value},
};

/// `add`, `subtract` and `multiply`: the operator between one operand and the next.
pub(super) fn folded(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let operator = match merge.spec.name {
        "subtract" => "Sub",
        "multiply" => "Mul",
        _ => "Add",
    };
    let values = stretched(graph, merge);
    Ok(finished(graph, merge, |graph| fold(graph, operator, &values)))
}

/// `average` of the operands that a row has.
pub(super) fn average(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let values = stretched(graph, merge);
    if merge.operands.iter().all(|operand| operand.present.is_none()) {
        let count = graph.float(values.len() as f32);
        return Ok(finished(graph, merge, |graph| {
            let sum = fold(graph, "Add", &values);
            graph.div(&sum, &count)
        }));
    }
    let (mut counted, mut counts) = (Vec::new(), Vec::new());
    let (zero, one) = (graph.float(0.0), graph.float(1.0));
    for (value, Operand { present, .. }) in values.iter().zip(&merge.operands) {
        let Some(present) = present else {
            counted.push(value.clone());
            counts.push(one.clone());
            continue;
        };
        let condition = aligned(graph, present, value.rank());
        counted.push(graph.choose(&condition, value, &zero));
        counts.push(graph.cast(&condition, DataType::Float));
    }
    Ok(finished(graph, merge, |graph| {
        let (sum, count) = (fold(graph, "Add", &counted), fold(graph, "Add", &counts));
        let count = graph.max(&count, &one);
        graph.div(&sum, &count)
    }))
}

/// `maximum` and `minimum` of the operands in which a step counts.
pub(super) fn extreme(graph: &mut Graph, merge: &MergeCall<'_>) -> Result<Flow, Refusal> {
    let operator = if merge.spec.name == "maximum" { "Max" } else { "Min" };
    let values = stretched(graph, merge);
    let rank = merge.output.len() + 1;
    let masks: Vec<Option<Value>> = merge
        .operands
        .iter()
        .map(|operand| operand.flow.mask.as_ref().map(|mask| aligned(graph, mask, rank)))
        .collect();
    Ok(finished(graph, merge, |graph| {
        let mut values = values.iter().zip(masks);
        let Some((first, mut counts)) = values.next() else { return Value::none() };
        let mut chosen = first.clone();
        for (value, mask) in values {
            let both = graph.broadcast(operator, &chosen, value);
            // Where one of them does not count, it is the other one.
            let with_next = match &counts {
                Some(counts) => graph.choose(counts, &both, value),
                None => both,
            };
            chosen = match &mask {
                Some(mask) => graph.choose(mask, &with_next, &chosen),
                None => with_next,
            };
            counts = match (counts, mask) {
                (Some(counts), Some(mask)) => Some(graph.or(&counts, &mask)),
                _ => None,
            };
        }
        chosen
    }))
}

/// The operands with as many axes as the output: shorter ones get axes of size 1 behind the batch.
fn stretched(graph: &mut Graph, merge: &MergeCall<'_>) -> Vec<Value> {
    let operands = merge.operands.iter().map(|operand| {
        let own = operand.flow.value.row();
        let mut row = vec![1; merge.output.len().saturating_sub(own.len())];
        row.extend(own);
        graph.reshape(&operand.flow.value, &row)
    });
    operands.collect()
}

fn fold(graph: &mut Graph, operator: &'static str, values: &[Value]) -> Value {
    let mut values = values.iter();
    let first = values.next().cloned().unwrap_or_else(Value::none);
    values.fold(first, |sum, value| graph.broadcast(operator, &sum, value))
}

fn finished(
    graph: &mut Graph,
    merge: &MergeCall<'_>,
    value: impl FnOnce(&mut Graph) -> Value,
) -> Flow {
    let (value, mask) = (value(graph), mask_of(graph, merge, false));
    Flow { value, mask, weights: None }
}

#[cfg(test)]
mod tests {
    use crate::testing::merged;

    #[test]
    fn shorter_operands_get_axes_behind_the_batch() {
        let operands: [(&[usize], bool, bool); 3] =
            [(&[3], false, false), (&[4, 3], false, false), (&[4, 1], false, false)];
        assert_eq!(
            merged("multiply", &[], &operands),
            ["Reshape = Reshape(a, [-1, 1, 3])", "Mul = Mul(Reshape, b)", "Mul_2 = Mul(Mul, c)"]
        );
        assert_eq!(merged("subtract", &[], &operands[1..]), ["Sub = Sub(a, b)"]);
    }

    #[test]
    fn a_mean_is_over_the_operands_that_are_present() {
        assert_eq!(
            merged("average", &[], &[(&[3], false, true), (&[3], false, false)]),
            [
                "Where = Where(a.present, a, [0.0])",
                "Cast = Cast(a.present) to=1",
                "Add = Add(Where, b)",
                "Add_2 = Add(Cast, [1.0])",
                "Max = Max(Add_2, [1.0])",
                "Div = Div(Add, Max)",
            ]
        );
    }

    #[test]
    fn a_maximum_is_over_the_operands_in_which_a_step_counts() {
        assert_eq!(
            merged("maximum", &[], &[(&[5, 3], true, false), (&[1, 3], true, false)]),
            [
                "Reshape = Reshape(a.mask, [-1, 5, 1])",
                "Reshape_2 = Reshape(b.mask, [-1, 1, 1])",
                "Max = Max(a, b)",
                "Where = Where(Reshape, Max, b)",
                "Where_2 = Where(Reshape_2, Where, a)",
                "Or = Or(Reshape, Reshape_2)",
                "Or_2 = Or(a.mask, b.mask)",
            ]
        );
        assert_eq!(
            merged("minimum", &[], &[(&[5, 3], false, false), (&[5, 3], true, false)]),
            [
                "Reshape = Reshape(b.mask, [-1, 5, 1])",
                "Min = Min(a, b)",
                "Where = Where(Reshape, Min, a)",
            ]
        );
    }
}
