//! The budget of a prediction. Where a size or a limit is known to rustc alone, `codegen/cost.rs` emits
//! the comparison.

use multi_input_spec::cost;

use crate::{
    cost::Cost, diagnostics::Diagnostics, lint::Lint, parse::Limit, shape::ShapedGraph,
    suggest::list,
};

/// Compares the cost of a prediction with the budget.
pub(super) fn is_kept(shaped: &ShapedGraph, errors: &mut Diagnostics) {
    let options = &shaped.graph.model.options;
    let Some(first) = options.budget.first() else { return };
    let shapes = |position: usize| shaped.nodes[position].shapes();
    let Some(cost) = crate::cost::of(&shaped.graph, shapes) else { return };
    if !cost.uncounted.is_empty() && !options.allowed.contains(&Lint::Uncounted) {
        errors.at(first.span, uncounted(first, &cost));
    }
    for limit in &options.budget {
        let Some(most) = limit.known().filter(|_| cost.is_known(limit.quantity)) else { continue };
        let items = cost.items(limit.quantity);
        let items: Vec<cost::Item<'_>> = items
            .iter()
            .map(|(node, layer, size)| cost::Item { node, layer, size: *size })
            .collect();
        let (lasting, moves) = cost.memory();
        if let Err(text) = cost::check(limit.quantity, most, &items, (lasting, &moves)) {
            errors.at(limit.span, format!("`{}`: {}", limit.name(), text.as_str()));
        }
    }
}

fn uncounted(limit: &Limit, cost: &Cost<'_>) -> String {
    let mut own: Vec<String> = Vec::new();
    for (node, text) in &cost.uncounted {
        let text = format!("{text}` of `{}", node.name());
        if !own.contains(&text) {
            own.push(text);
        }
    }
    let own = list(own.iter().map(String::as_str));
    format!(
        "`{}`: the cost of {own} is not known, because it is of your own; \
         `#[multi_input_model(allow(uncounted))]` leaves it out of the budget",
        limit.name()
    )
}
