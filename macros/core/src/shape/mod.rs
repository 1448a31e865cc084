//! [`Graph`] to [`ShapedGraph`]: the shapes on every edge.
//!
//! The spec's formulas run here as far as sizes are known. A formula with a `const` path is also
//! left to rustc as a [`Constant`], together with its error.

mod columns;
mod derived;
mod flow;
mod formula;
mod guess;
mod identity;
mod layer;
mod metrics;
mod node;
mod step;
mod vocabulary;

use multi_input_spec::Shape;
use proc_macro2::Span;
use syn::spanned::Spanned;

use crate::{
    diagnostics::Diagnostics, expression::Expressions, graph::Graph, requirement::Requirement,
    text::compact,
};

pub(crate) use flow::{Flow, Unknown};
pub(crate) use formula::{values_of as values, Claimed, Formula, LayerCall, Length, Operand};
pub(crate) use identity::is_in_training;
pub(crate) use layer::{Module, Named, ShapedLayer};
pub(crate) use node::{operands, target, ShapedNode, Shapes};
pub(crate) use step::ShapedStep;

/// The graph with the shapes on its edges.
pub(crate) struct ShapedGraph {
    pub(crate) graph: Graph,
    /// One per node of the graph.
    pub(crate) nodes: Vec<ShapedNode>,
    /// The work for rustc: expressions of the user, requirements on them, shapes to compute, and checks.
    pub(crate) expressions: Expressions,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) checks: Vec<Check>,
}

/// A shape computed by rustc.
pub(crate) struct Constant {
    pub(crate) formula: Formula,
    /// As far as the macro knows it: its kind and rank, and some sizes.
    pub(crate) shape: Shape,
}

/// A formula in which rustc may find a mistake, with the message of the spec.
pub(crate) struct Check {
    pub(crate) formula: Formula,
    /// The field named in the error.
    pub(crate) field: String,
    /// The user's token.
    pub(crate) span: Span,
}

/// Infers all shapes, in topological order.
pub(crate) fn infer(graph: Graph, errors: &mut Diagnostics) -> ShapedGraph {
    let mut nodes: Vec<ShapedNode> = graph.nodes.iter().map(|_| ShapedNode::default()).collect();
    let mut scope = Scope::default();
    for &position in &graph.order {
        nodes[position] = node::infer(position, &graph, &nodes, &mut scope, errors);
    }
    node::compare_shared(&graph, &nodes, &mut scope, errors);
    vocabulary::compare(&graph, &nodes, &mut scope, errors);
    columns::compare(&graph, &mut scope, errors);
    metrics::compare(&graph, &mut scope, errors);
    node::own_losses(&graph, &nodes, &mut scope);
    let Scope { constants, checks, .. } = scope;
    let (expressions, requirements) = (errors.take_expressions(), errors.take_requirements());
    ShapedGraph { graph, nodes, expressions, requirements, constants, checks }
}

/// The constants and checks that inference collects.
#[derive(Default)]
pub(crate) struct Scope {
    constants: Vec<Constant>,
    checks: Vec<Check>,
    /// The nodes whose categories a merge has refused: every merge of a node would.
    refused: Vec<usize>,
}

impl Scope {
    /// The macro's result of a formula; if sizes are unknown, the formula is left to rustc and the
    /// sizes refer to its result.
    fn evaluate(
        &mut self,
        formula: Formula,
        field: &str,
        span: Span,
        errors: &mut Diagnostics,
    ) -> Option<Flow> {
        let deferred = (!formula.is_known()).then(|| formula.clone());
        let shape = self.verify(formula, field, span, errors)?;
        let Some(formula) = deferred else { return Some(Flow::known(shape)) };
        let flow = Flow::computed(shape, self.constants.len());
        self.constants.push(Constant { formula, shape });
        Some(flow)
    }

    /// [`evaluate`](Self::evaluate) for a formula that only compares.
    fn verify(
        &mut self,
        formula: Formula,
        field: &str,
        span: Span,
        errors: &mut Diagnostics,
    ) -> Option<Shape> {
        if let Some(constant) = formula.undecided() {
            let (written, span) = (compact(&constant.written), constant.written.span());
            errors.at(
                span,
                format!(
                    "`{field}`: the number of dimensions, or whether there is a mask, depends on \
                     `{written}`, so it has to be written here, not in a constant"
                ),
            );
            return None;
        }
        match formula.compute() {
            Ok(shape) => {
                if !formula.is_known() {
                    self.checks.push(Check { formula, field: field.to_owned(), span });
                }
                Some(shape)
            }
            Err(text) => {
                errors.at(span, format!("`{field}`: {}", text.as_str()));
                None
            }
        }
    }
}
