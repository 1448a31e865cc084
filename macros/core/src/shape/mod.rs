//! [`Graph`] to [`ShapedGraph`]: what flows along every edge.
//!
//! The spec's formulas run here. Where a size is a `const` path, they run as far as they can; the
//! same formula is then left to rustc as a [`Constant`], together with its error.

mod columns;
mod derived;
mod flow;
mod identity;
mod layer;
mod metrics;
mod node;
mod step;
mod vocabulary;

use multi_input_spec::{Kind, Shape, Text};
use proc_macro2::{Ident, Span, TokenStream};

use crate::{diagnostics::Diagnostics, graph::Graph, requirement::Requirement};

pub(crate) use flow::{kind, Flow};
pub(crate) use layer::{value_tokens, Module, ShapedLayer};
pub(crate) use node::ShapedNode;
pub(crate) use step::ShapedStep;

/// The graph with a shape at every edge.
pub(crate) struct ShapedGraph {
    pub(crate) graph: Graph,
    /// One for each node of the graph.
    pub(crate) nodes: Vec<ShapedNode>,
    /// What is left to rustc: shapes to compute, and mistakes to find.
    pub(crate) constants: Vec<Constant>,
    pub(crate) checks: Vec<Check>,
}

/// A formula that rustc evaluates to a shape.
pub(crate) struct Constant {
    /// The associated constant that holds the shape.
    pub(crate) name: Ident,
    /// An expression of type `Result<Shape, Text>`.
    pub(crate) formula: TokenStream,
    /// The kind and rank of the shape, which the macro always knows.
    pub(crate) kind: Kind,
    pub(crate) rank: usize,
}

/// A formula in which rustc may find a mistake, in the spec's words.
pub(crate) struct Check {
    /// An expression of type `Result<_, Text>`.
    pub(crate) formula: TokenStream,
    /// The field that the error speaks of.
    pub(crate) field: String,
    /// The user's token.
    pub(crate) span: Span,
}

/// Infers all shapes, in the order of computation.
pub(crate) fn infer(graph: Graph, errors: &mut Diagnostics) -> ShapedGraph {
    let mut nodes: Vec<ShapedNode> = graph.nodes.iter().map(|_| ShapedNode::default()).collect();
    let mut scope = Scope::new(&graph, errors.take_requirements());
    for &position in &graph.order {
        nodes[position] = node::infer(position, &graph, &nodes, &mut scope, errors);
    }
    node::compare_shared(&graph, &nodes, &mut scope, errors);
    vocabulary::compare(&graph, &nodes, &mut scope, errors);
    columns::compare(&graph, &mut scope, errors);
    metrics::compare(&graph, &mut scope, errors);
    let Scope { constants, checks, .. } = scope;
    ShapedGraph { graph, nodes, constants, checks }
}

/// What the inference adds to as it goes.
pub(crate) struct Scope {
    /// The definition type, on which constants lie.
    definition: Ident,
    /// The path of the spec in the expansion.
    spec: TokenStream,
    constants: Vec<Constant>,
    checks: Vec<Check>,
}

impl Scope {
    fn new(graph: &Graph, requirements: Vec<Requirement>) -> Scope {
        let krate = &graph.model.options.krate;
        let spec = quote::quote!(#krate::private::spec);
        let checks = requirements.into_iter().map(|requirement| {
            let formula = requirement.formula(&spec);
            Check { formula, field: requirement.field, span: requirement.span }
        });
        let checks = checks.collect();
        Scope { definition: graph.model.name.clone(), spec, constants: Vec::new(), checks }
    }

    /// Takes the macro's own result of a formula, or, where sizes are unknown to it, leaves the
    /// formula to rustc and takes the sizes from there.
    fn settle(
        &mut self,
        result: Result<Shape, Text>,
        deferred: Option<TokenStream>,
        field: &str,
        span: Span,
        errors: &mut Diagnostics,
    ) -> Option<Flow> {
        let shape = self.verify(result, deferred.clone(), field, span, errors)?;
        let Some(formula) = deferred else { return Some(Flow::known(shape)) };
        let name = quote::format_ident!("SHAPE_{}", self.constants.len());
        let definition = &self.definition;
        let flow = Flow::computed(shape, quote::quote!(#definition::#name));
        self.constants.push(Constant { name, formula, kind: shape.kind, rank: shape.rank() });
        Some(flow)
    }

    /// The same for a formula that only compares.
    fn verify(
        &mut self,
        result: Result<Shape, Text>,
        deferred: Option<TokenStream>,
        field: &str,
        span: Span,
        errors: &mut Diagnostics,
    ) -> Option<Shape> {
        match result {
            Ok(shape) => {
                let field = field.to_owned();
                self.checks.extend(deferred.map(|formula| Check { formula, field, span }));
                Some(shape)
            }
            Err(text) => {
                errors.at(span, format!("`{field}`: {}", text.as_str()));
                None
            }
        }
    }
}
