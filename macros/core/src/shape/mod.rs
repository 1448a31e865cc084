//! [`Graph`] to [`ShapedGraph`]: what flows along every edge.
//!
//! The spec's formulas run here. Where a size is a `const` path, they run as far as they can; the
//! same formula is then left to rustc as a [`Constant`], together with its error.

mod columns;
mod derived;
mod flow;
mod formula;
mod identity;
mod layer;
mod metrics;
mod node;
mod step;
mod vocabulary;

use multi_input_spec::Shape;
use proc_macro2::Span;

use crate::{diagnostics::Diagnostics, graph::Graph, requirement::Requirement};

pub(crate) use flow::{Flow, Unknown};
pub(crate) use formula::{Formula, LayerCall};
pub(crate) use layer::{Module, Named, ShapedLayer};
pub(crate) use node::ShapedNode;
pub(crate) use step::ShapedStep;

/// The graph with a shape at every edge.
pub(crate) struct ShapedGraph {
    pub(crate) graph: Graph,
    /// One for each node of the graph.
    pub(crate) nodes: Vec<ShapedNode>,
    /// What is left to rustc: what constants must be, shapes to compute, and mistakes to find.
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) checks: Vec<Check>,
}

/// A shape that rustc computes.
pub(crate) struct Constant {
    pub(crate) formula: Formula,
    /// As far as the macro knows it: its kind and rank, and some sizes.
    pub(crate) shape: Shape,
}

/// A formula in which rustc may find a mistake, in the spec's words.
pub(crate) struct Check {
    pub(crate) formula: Formula,
    /// The field that the error speaks of.
    pub(crate) field: String,
    /// The user's token.
    pub(crate) span: Span,
}

/// Infers all shapes, in the order of computation.
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
    let Scope { constants, checks } = scope;
    ShapedGraph { graph, nodes, requirements: errors.take_requirements(), constants, checks }
}

/// What the inference adds to as it goes.
#[derive(Default)]
pub(crate) struct Scope {
    constants: Vec<Constant>,
    checks: Vec<Check>,
}

impl Scope {
    /// Takes the macro's own result of a formula, or, where sizes are unknown to it, leaves the
    /// formula to rustc and takes the sizes from there.
    fn settle(
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

    /// The same for a formula that only compares.
    fn verify(
        &mut self,
        formula: Formula,
        field: &str,
        span: Span,
        errors: &mut Diagnostics,
    ) -> Option<Shape> {
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
