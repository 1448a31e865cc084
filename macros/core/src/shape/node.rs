//! The shapes of one node: its input, its branch, and its declared type.

use multi_input_spec::{step::Inverse, Kind, Shape, Size};

use super::{
    derived,
    flow::Flow,
    formula::{Formula, Operand, OwnLoss},
    layer::{self, ShapedLayer},
    step::{self, ShapedStep},
    Check, Scope,
};
use crate::{
    diagnostics::Diagnostics,
    graph::{Graph, Node},
    parse::{Element, FieldType, LossCall, Merge, SizeExpr, Source},
};

/// The shapes of a node; `None` after an earlier mistake.
#[derive(Default)]
pub(crate) struct ShapedNode {
    /// For an input: the shape of its rows, and the preprocessing steps.
    pub(crate) raw: Option<Flow>,
    pub(crate) steps: Vec<ShapedStep>,
    /// For an output: the preprocessing steps of its target.
    pub(crate) target_steps: Vec<ShapedStep>,
    /// The input of the branch.
    pub(crate) input: Option<Flow>,
    pub(crate) layers: Vec<ShapedLayer>,
    /// The output of the branch.
    pub(crate) output: Option<Flow>,
}

/// The shapes of a node that are known; `None` after an earlier mistake.
#[derive(Clone, Copy)]
pub(crate) struct Shapes<'a> {
    pub(crate) input: Option<&'a Flow>,
    pub(crate) layers: &'a [ShapedLayer],
    pub(crate) output: Option<&'a Flow>,
}

impl ShapedNode {
    /// Its shapes as far as they are known.
    pub(crate) fn shapes(&self) -> Shapes<'_> {
        Shapes { input: self.input.as_ref(), layers: &self.layers, output: self.output.as_ref() }
    }
}

/// Infers one node from its sources.
pub(super) fn infer(
    position: usize,
    graph: &Graph,
    shaped: &[ShapedNode],
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> ShapedNode {
    let node = &graph.nodes[position];
    let name = node.name().to_string();
    let mut result = ShapedNode::default();
    if node.broken {
        return result;
    }
    result.input = match &node.field.source {
        Some(Source::Input(input)) => {
            result.raw = raw(node, errors);
            let encoded = result
                .raw
                .clone()
                .and_then(|raw| step::infer(node, input, raw, &mut result.steps, scope, errors));
            match graph.stays_raw(position) {
                true => encoded,
                false => encoded.and_then(|encoded| step::flows_on(node, encoded, errors)),
            }
        }
        Some(Source::Derived(derived)) => {
            let flow = derived::infer(node, derived, graph, shaped, scope, errors);
            result.raw = flow.clone();
            flow.and_then(|raw| {
                step::through(node, &derived.steps, raw, &mut result.steps, scope, errors)
            })
            .filter(|_| !derived.broken)
            .and_then(|encoded| step::flows_on(node, encoded, errors))
        }
        Some(Source::Merge(merge)) => merged(node, merge, graph, shaped, scope, errors),
        Some(Source::From(_)) => shaped[node.feeds[0].node].output.clone(),
        None => None,
    };
    let Some(input) = result.input.clone() else { return result };
    let output = match node.shared.filter(|&owner| comes_before(owner, position, graph)) {
        // There is no branch to share.
        Some(owner) if graph.nodes[owner].field.branch.is_none() => return result,
        Some(owner) => {
            let owner_node = &shaped[owner];
            let there = owner_node.input.as_ref();
            compare(position, owner, Some(&input), there, graph, scope, errors);
            // The owner's sizes, even if rustc finds them unequal, so that only the comparison
            // fails.
            result.input = owner_node.input.clone();
            result.layers = owner_node.layers.clone();
            owner_node.output.clone()
        }
        None => {
            let owner = node.shared.map_or(node, |owner| &graph.nodes[owner]);
            let branch = owner.field.branch.as_ref();
            let (layers, output) = match branch.filter(|_| !graph.stays_raw(position)) {
                Some(branch) if branch.broken => return result,
                Some(branch) => layer::infer(&branch.layers, &input, &name, scope, errors),
                None if node.shared.is_some() && branch.is_none() => return result,
                None => (Vec::new(), Some(input)),
            };
            result.layers = layers;
            output
        }
    };
    if let Some(output) = output {
        result.output = declared(node, output, scope, errors);
    }
    let target = result.output.as_ref().and_then(|_| target(node));
    let index = graph.outputs().position(|output| output == position);
    result.target_steps = step::of_target(node, index.unwrap_or(0), target, scope, errors);
    result
}

/// The shape of an input's rows.
fn raw(node: &Node, errors: &mut Diagnostics) -> Option<Flow> {
    let (name, ty) = (node.name(), node.field.ty.as_ref()?);
    if ty.masked {
        errors.at(
            ty.span,
            format!(
                "`{name}`: a row holds no mask; `pad(length)` masks the padding of a `Vec`, \
                 `Embedding(categories, width, mask)` or `Masking(value)` that of an array"
            ),
        );
        return None;
    }
    let flow = match &ty.element {
        Element::F32 | Element::F64 | Element::I64 | Element::U64 | Element::Bool => {
            Flow::declared(Kind::Numbers, &ty.dims)
        }
        Element::U32 => Flow::declared(Kind::Categories, &ty.dims),
        Element::Text => Flow::declared(Kind::Texts, &ty.dims),
        Element::Image(_) if ty.list => {
            errors.at(ty.span, format!("`{name}`: a row holds one picture, not a list of them"));
            return None;
        }
        Element::Image(channels) if ty.dims.is_empty() => {
            Flow::declared(Kind::Pictures, std::slice::from_ref(channels))
        }
        Element::Date(_) if ty.dims.is_empty() => Flow::declared(Kind::Dates, &[]),
        Element::Image(_) | Element::Date(_) => {
            errors.at(
                ty.span,
                format!("`{name}`: a row holds one picture or date, not an array of them"),
            );
            return None;
        }
        Element::Inferred => {
            errors.at(
                ty.span,
                format!("`{name}`: an input's type is what a row holds; `_` says nothing"),
            );
            return None;
        }
        Element::Class(_) => {
            errors.at(
                ty.span,
                format!("`{name}`: `Class` is a target's type; a category that flows in is `u32`"),
            );
            return None;
        }
    };
    // `pad` makes a dimension of the list.
    if ty.dims.len() + usize::from(ty.list) > multi_input_spec::MAX_RANK {
        let most = multi_input_spec::MAX_RANK;
        errors.at(ty.span, format!("`{name}`: a sample has at most {most} dimensions"));
        return None;
    }
    Some(flow.with_list(ty.list))
}

/// The operands of a merge; `output` gives the output of a node.
pub(crate) fn operands<'a>(
    node: &Node,
    graph: &Graph,
    output: impl Fn(usize) -> Option<&'a Flow>,
) -> Option<Vec<Operand>> {
    let operands = node.feeds.iter().map(|edge| {
        let name = graph.nodes[edge.node].name();
        Some(match edge.present {
            true => Operand {
                name: format!("present({name})"),
                flow: Flow::known(Shape::numbers(&[Size::Known(1)])),
            },
            false => Operand { name: name.to_string(), flow: output(edge.node)?.clone() },
        })
    });
    operands.collect()
}

/// The output of a merge.
fn merged(
    node: &Node,
    merge: &Merge,
    graph: &Graph,
    shaped: &[ShapedNode],
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let operands = operands(node, graph, |node| shaped[node].output.as_ref())?;
    let formula = match &merge.own {
        None => {
            let (rule, arguments) = (merge.rule, merge.arguments.clone());
            Formula::Merge { rule, operands, arguments }
        }
        Some((own, claim)) => {
            let claimed = step::claimed(own, claim.as_ref(), &operands[0].flow);
            Formula::OwnMerge { claimed, operands }
        }
    };
    let is_of_categories = |node: usize| {
        shaped[node].output.as_ref().is_some_and(|flow| flow.shape.kind == Kind::Categories)
    };
    let fed_by = node.feeds.iter().filter(|edge| !edge.present).map(|edge| edge.node);
    let categories: Vec<usize> = fed_by.filter(|node| is_of_categories(*node)).collect();
    if categories.iter().any(|node| scope.refused.contains(node)) {
        return None;
    }
    let merged = scope.evaluate(formula, &node.name().to_string(), merge.name.span(), errors);
    if merged.is_none() {
        scope.refused.extend(categories);
    }
    merged
}

/// Compares the inferred shape with the field's type. `None` if the type itself is wrong.
fn declared(
    node: &Node,
    inferred: Flow,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) -> Option<Flow> {
    let Some(ty) = &node.field.ty else { return Some(inferred) };
    if node.is_input() || node.is_derived() {
        return Some(inferred);
    }
    let is_output = node.field.output.is_some();
    if !target_fits(node) {
        return Some(inferred);
    }
    let stated = match node.field.value {
        Some(_) => stated_by_value(ty),
        None => stated(ty, is_output),
    };
    let stated = match stated {
        Ok(None) => return Some(inferred),
        Ok(Some(stated)) => stated,
        Err(message) => {
            errors.at(ty.span, format!("`{}`: {message}", node.name()));
            return Some(inferred);
        }
    };
    let loss = node.field.output.as_ref().map(|output| output.loss.as_ref());
    let formula = match loss {
        None => Formula::Declared { stated, inferred: inferred.clone() },
        Some(Some(LossCall::Named(loss))) => {
            if let Err(text) = loss.spec.form.check_target(&stated.shape) {
                errors.at(ty.span, format!("`{}`: {}", node.name(), text.as_str()));
                return Some(inferred);
            }
            let needed = stated.head(&loss.spec.form, loss.listed.len().max(1));
            Formula::Head { stated: needed, inferred: inferred.clone() }
        }
        // Rustc knows the form of the user's own loss (`own_losses`); one that could not be read
        // may have any head.
        Some(Some(LossCall::Own(_)) | None) => return Some(inferred),
    };
    scope.verify(formula, &node.name().to_string(), ty.span, errors);
    Some(inferred)
}

/// Whether an output's loss accepts its type. If not, either may be the mistake, so the type is not
/// used.
fn target_fits(node: &Node) -> bool {
    let loss = node.field.output.as_ref().and_then(|output| output.loss.as_ref());
    match (loss, node.target()) {
        (Some(LossCall::Named(loss)), Some(target)) => loss.spec.form.takes(target),
        _ => true,
    }
}

/// The shape that the type of an output without a loss states, which is the type of its predictions.
fn stated_by_value(ty: &FieldType) -> Result<Option<Flow>, String> {
    match ty.element {
        Element::Class(_) | Element::Bool => Err(format!(
            "`{}` is the type of a target, which needs a loss: `#[output(loss = ...)]`; an output \
             without one is `[f32; N]`, or `_` for what comes out",
            ty.text
        )),
        _ if ty.optional => Err(format!(
            "`{}` may be absent, but an output without a loss is computed for every row; leave the \
             `Option` out",
            ty.text
        )),
        Element::F64 if !ty.list => {
            let one = Flow::known(Shape::numbers(&[Size::Known(1)]));
            let array = || Flow::declared(Kind::Numbers, &ty.dims).with_mask(ty.masked);
            Ok(Some(if ty.dims.is_empty() { one } else { array() }))
        }
        _ => stated(ty, false),
    }
}

/// The shape of an output's target.
pub(crate) fn target(node: &Node) -> Option<Flow> {
    stated(node.field.ty.as_ref()?, true).ok().flatten()
}

/// Leaves an output with a loss of the user's own to rustc.
pub(super) fn own_losses(graph: &Graph, nodes: &[ShapedNode], scope: &mut Scope) {
    for (index, position) in graph.outputs().enumerate() {
        let (node, shaped) = (&graph.nodes[position], &nodes[position]);
        let Some(output) = &node.field.output else { continue };
        let Some(LossCall::Own(own)) = &output.loss else { continue };
        let (Some(target), Some(stated), Some(inferred)) =
            (node.target(), self::target(node), shaped.output.clone())
        else {
            continue;
        };
        let before = shaped.layers.last().and_then(|last| last.module.last_activation());
        let curved = output.steps.iter().find(|step| step.spec.form.inverse == Inverse::Nonlinear);
        let steps =
            [output.steps.first(), curved].map(|step| step.map(|step| step.name().to_owned()));
        let learned_weight = node.learns_its_weight();
        let loss =
            OwnLoss { output: index, target, stated, inferred, before, steps, learned_weight };
        let field = node.name().to_string();
        scope.checks.push(Check { formula: Formula::OwnLoss(loss), field, span: own.span });
    }
}

/// The shape that a type states; `None` for `_`.
fn stated(ty: &FieldType, is_output: bool) -> Result<Option<Flow>, String> {
    if ty.optional && !is_output {
        return Err("only an input or an output may be an `Option`: it is the data that is absent"
            .to_owned());
    }
    if ty.masked && is_output {
        return Err("no loss leaves the steps of padding out, so no target is `Masked`".to_owned());
    }
    if ty.list {
        return Err(format!(
            "`{}` has no fixed size: only an input is a list of any length, which `pad(length)` ends",
            ty.text
        ));
    }
    let one = || Flow::known(Shape::numbers(&[Size::Known(1)]));
    match (&ty.element, is_output) {
        (Element::Inferred, false) if ty.masked => {
            Err("`Masked<_>` says too little: write the inner type, or `_` alone".to_owned())
        }
        (Element::Inferred, false) => Ok(None),
        (Element::Inferred, true) => {
            Err("an output's type is its target: `f32`, `f64`, `bool`, arrays of them, or `Class<N>`".to_owned())
        }
        (Element::F32, _) | (Element::F64 | Element::Bool, true) if ty.dims.is_empty() => {
            Ok(Some(one()))
        }
        (Element::F32, _) | (Element::F64 | Element::Bool, true) => {
            Ok(Some(Flow::declared(Kind::Numbers, &ty.dims).with_mask(ty.masked)))
        }
        (Element::Class(classes), true) if ty.dims.is_empty() => {
            let classes: &SizeExpr = classes;
            Ok(Some(Flow::declared(Kind::Numbers, std::slice::from_ref(classes))))
        }
        (_, true) => Err(format!(
            "`{}` is no target: an output is `f32`, `f64`, `bool`, arrays of them, `Class<N>`, or an \
             `Option` of one",
            ty.text
        )),
        (_, false) => Err(format!(
            "`{}` does not flow between nodes: a hidden node is `[f32; N]`, or `_` for what comes out",
            ty.text
        )),
    }
}

/// A shared branch takes the same shape everywhere. Nodes computed before the branch's owner could
/// not be compared earlier.
pub(super) fn compare_shared(
    graph: &Graph,
    shaped: &[ShapedNode],
    scope: &mut Scope,
    errors: &mut Diagnostics,
) {
    for (position, node) in graph.nodes.iter().enumerate() {
        let Some(owner) = node.shared.filter(|&owner| !comes_before(owner, position, graph)) else {
            continue;
        };
        let (here, there) = (shaped[position].input.as_ref(), shaped[owner].input.as_ref());
        compare(position, owner, here, there, graph, scope, errors);
    }
}

/// Whether the node `first` is computed before `second`.
fn comes_before(first: usize, second: usize, graph: &Graph) -> bool {
    graph.order.iter().take_while(|&&node| node != second).any(|&node| node == first)
}

/// Compares the input of a shared branch with that of its owner.
fn compare(
    position: usize,
    owner: usize,
    here: Option<&Flow>,
    there: Option<&Flow>,
    graph: &Graph,
    scope: &mut Scope,
    errors: &mut Diagnostics,
) {
    let (Some(here), Some(there)) = (here, there) else { return };
    let node = &graph.nodes[position];
    let branch = node.field.branch.as_ref();
    let shared = branch.and_then(|branch| branch.shared.as_ref()).unwrap_or(node.name());
    let owner = graph.nodes[owner].name().to_string();
    let formula = Formula::Shared { owner, here: here.clone(), there: there.clone() };
    scope.verify(formula, &node.name().to_string(), shared.span(), errors);
}
