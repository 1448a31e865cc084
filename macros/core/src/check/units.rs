//! The rules about inputs of different newtypes.

use proc_macro2::Ident;

use crate::{
    diagnostics::Diagnostics,
    graph::{Edge, Graph, Node},
    parse::Source,
};

/// Inputs that a formula adds, subtracts or compares are of one newtype. A plain number may be in any
/// unit.
pub(super) fn sums_are_of_one(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let Some(Source::Derived(derived)) = &node.field.source else { return };
    let unit = |input: &Ident| {
        let edge = node.made_of.iter().find(|edge| edge.name == *input)?;
        unit(edge, graph)
    };
    for sum in &derived.sums {
        let mend = |input: &Ident| format!("such as `{input} * FACTOR`, which is a plain number");
        are_one(node, sum.iter().filter_map(|input| Some((input, unit(input)?))), mend, errors);
    }
}

/// Inputs that are merged as rows hold them, by a rule that adds, subtracts or compares, are of one
/// newtype. Steps and layers give numbers without a unit.
pub(super) fn merged_are_of_one(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let Some(Source::Merge(merge)) = &node.field.source else { return };
    let compares = ["add", "subtract", "average", "maximum", "minimum", "distance"];
    if merge.own.is_some() || !compares.contains(&merge.rule.name) {
        return;
    }
    let is_raw = |edge: &&Edge| {
        let field = &graph.nodes[edge.node].field;
        let has_steps =
            matches!(&field.source, Some(Source::Input(input)) if !input.steps.is_empty());
        !edge.present && field.branch.is_none() && !has_steps
    };
    let raw = node.feeds.iter().filter(is_raw);
    let mend =
        |input: &Ident| format!("or scale both: `{input}` has no step such as `standardize`");
    are_one(node, raw.filter_map(|edge| Some((&edge.name, unit(edge, graph)?))), mend, errors);
}

/// The newtype of an input.
fn unit<'a>(edge: &Edge, graph: &'a Graph) -> Option<&'a str> {
    let field = &graph.nodes[edge.node].field;
    field.source.as_ref().filter(|source| matches!(source, Source::Input(_)))?;
    Some(field.ty.as_ref()?.newtype.as_ref()?.text.as_str())
}

/// Reports the first input of another newtype than the first one.
fn are_one<'a>(
    node: &Node,
    mut of_units: impl Iterator<Item = (&'a Ident, &'a str)>,
    mend: impl Fn(&Ident) -> String,
    errors: &mut Diagnostics,
) {
    let Some((first, unit)) = of_units.next() else { return };
    if let Some((other, others)) = of_units.find(|(_, others)| *others != unit) {
        let (name, mend) = (node.name(), mend(other));
        errors.at(
            other.span(),
            format!(
                "`{name}`: `{first}` is `{unit}`, but `{other}` is `{others}`; bring one into the \
                 unit of the other, {mend}"
            ),
        );
    }
}
