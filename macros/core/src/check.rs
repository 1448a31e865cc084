//! [`ShapedGraph`] to [`CheckedGraph`]: rules across attributes and nodes.
//!
//! [`check`] lists the rules; each rule is a function that reports its own mistakes.

mod budget;
mod cells;
mod columns;
mod derives;
mod export;
mod flow;
mod logarithm;
mod metrics;
mod own_modules;
mod renamed;
mod stages;
mod target_steps;
mod units;

use multi_input_spec::{merge::MaskMerge, step::calendar, Kind, Loss, Target};
use proc_macro2::Ident;

use crate::{
    diagnostics::Diagnostics,
    expression::Expressions,
    graph::{Graph, Node},
    names,
    parse::{Argument, Date, DerivedBy, Element, LossWeight, Missing, NamedLoss, Source},
    requirement::Requirement,
    shape::{
        Check, Constant, Flow, Module, ShapedGraph, ShapedLayer, ShapedNode, ShapedStep, Shapes,
    },
    suggest::list,
};

/// A model without mistakes; only [`check`] constructs it.
pub(crate) struct CheckedGraph {
    pub(crate) graph: Graph,
    /// One per node of the graph.
    pub(crate) shapes: Vec<CheckedNode>,
    pub(crate) expressions: Expressions,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) checks: Vec<Check>,
}

/// A node with all shapes known.
pub(crate) struct CheckedNode {
    /// The input of the branch.
    pub(crate) input: Flow,
    /// For an input: the shape of its rows, and the preprocessing steps.
    pub(crate) raw: Option<Flow>,
    pub(crate) steps: Vec<ShapedStep>,
    /// For an output: the preprocessing steps of its target.
    pub(crate) target_steps: Vec<ShapedStep>,
    pub(crate) layers: Vec<ShapedLayer>,
    /// The output of the branch.
    pub(crate) output: Flow,
}

impl CheckedNode {
    /// Its shapes.
    pub(crate) fn shapes(&self) -> Shapes<'_> {
        Shapes { input: Some(&self.input), layers: &self.layers, output: Some(&self.output) }
    }
}

/// Applies every rule. Returns the mistakes of all stages, if there are any.
pub(crate) fn check(shaped: ShapedGraph, mut errors: Diagnostics) -> syn::Result<CheckedGraph> {
    let graph = &shaped.graph;
    has_nodes_and_outputs(graph, &mut errors);
    for (position, node) in graph.nodes.iter().enumerate() {
        is_used(position, graph, &mut errors);
        branch_is_used(position, graph, &mut errors);
        presence_needs_no_value(position, graph, &mut errors);
        value_is_numbers(node, &shaped.nodes[position], &mut errors);
        output_feeds_nothing(position, graph, &mut errors);
        output_is_fed(node, &mut errors);
        optional_has_a_policy(node, &mut errors);
        mean_is_of_numbers(node, &mut errors);
        imputed_may_be_missing(node, &mut errors);
        missing_operands_are_imputed(node, graph, &mut errors);
        units::sums_are_of_one(node, graph, &mut errors);
        units::merged_are_of_one(node, graph, &mut errors);
        mask_is_of_padding(node, &shaped.nodes[position], &mut errors);
        weights_are_summed(node, graph, &shaped.nodes[position], &mut errors);
        vectors_have_entries(node, graph, &shaped.nodes[position], &mut errors);
        split_comes_first(node, &mut errors);
        logarithm::comes_first(node, &mut errors);
        presence_is_of_optional(node, graph, &mut errors);
        weights_are_padded_alike(node, graph, &mut errors);
        dates_have_their_parts(node, &mut errors);
        columns::are_read_by_ours(node, graph, &mut errors);
        columns::are_named_once(node, &mut errors);
        cells::fit(node, &mut errors);
        columns::hold_no_target(node, graph, &mut errors);
        shared_has_a_branch(node, graph, &mut errors);
        names_are_free(node, graph, &mut errors);
        renamed::former_names_are_free(position, graph, &mut errors);
        loss_fits(node, &shaped.nodes[position], &mut errors);
        metrics::fit(node, &mut errors);
        own_modules::are_not_the_model(node, graph, &mut errors);
        target_steps::fit(node, &mut errors);
        categories_fit(node, &mut errors);
    }
    flow::is_as_stated(graph, &mut errors);
    stages::are_in_order(graph, &mut errors);
    columns::are_read_alike(graph, &mut errors);
    budget::is_kept(&shaped, &mut errors);
    export::is_possible(&shaped, &mut errors);
    definition_is_no_parameter(graph, &mut errors);
    derives::fit(graph, &mut errors);
    errors.finish()?;
    all_known(shaped)
}

/// Unwraps the fields that earlier stages have filled.
fn all_known(shaped: ShapedGraph) -> syn::Result<CheckedGraph> {
    let ShapedGraph { graph, nodes, expressions, requirements, constants, checks } = shaped;
    let known = |(node, shaped): (&Node, ShapedNode)| match (shaped.input, shaped.output) {
        (Some(input), Some(output)) => {
            let ShapedNode { raw, steps, target_steps, layers, .. } = shaped;
            Ok(CheckedNode { input, raw, steps, target_steps, layers, output })
        }
        _ => Err(syn::Error::new(
            node.name().span(),
            "multi-input could not infer this node's shape and found no mistake; please report it",
        )),
    };
    let shapes = graph.nodes.iter().zip(nodes).map(known).collect::<syn::Result<Vec<_>>>()?;
    Ok(CheckedGraph { graph, shapes, expressions, requirements, constants, checks })
}

/// Without a cycle every path begins at an input, so only a model without nodes lacks one.
fn has_nodes_and_outputs(graph: &Graph, errors: &mut Diagnostics) {
    let name = &graph.model.name;
    if graph.nodes.is_empty() {
        errors.at(
            name.span(),
            format!("`{name}` has no input and no output: mark a field `#[input]`, and one that it feeds `#[output(loss = ...)]`"),
        );
    } else if !graph.has_outputs() && !is_partly_unread(graph) {
        errors.at(
            name.span(),
            format!("`{name}` has no output: mark a fed node `#[output(loss = ...)]`"),
        );
    }
}

/// Whether a field could not be read; it may be the one that another rule misses.
fn is_partly_unread(graph: &Graph) -> bool {
    let is_unread = |node: &Node| node.broken || node.field.source.is_none() || node.field.unread;
    graph.model.is_partial || graph.nodes.iter().any(is_unread)
}

fn is_used(position: usize, graph: &Graph, errors: &mut Diagnostics) {
    let node = &graph.nodes[position];
    let used = node.field.output.is_some()
        || node.field.value.is_some()
        || graph.consumers(position).next().is_some()
        || graph.stays_raw(position)
        || is_partly_unread(graph)
        // The missing output, which is reported, would use it.
        || !graph.has_outputs();
    if !used {
        let (name, what) = (node.name(), if node.is_input() { "input" } else { "node" });
        errors.at(
            name.span(),
            format!("nothing uses the {what} `{name}`: merge it, feed it on with `#[from({name})]`, or remove it"),
        );
    }
}

/// A derived node takes the raw value of an input, and `present(...)` takes none, so the input's
/// branch needs another consumer.
fn branch_is_used(position: usize, graph: &Graph, errors: &mut Diagnostics) {
    let node = &graph.nodes[position];
    let Some(branch) = node.field.branch.as_ref().filter(|_| node.is_input()) else { return };
    if graph.stays_raw(position) && !is_partly_unread(graph) {
        let name = node.name();
        let first = branch.layers.first().map(|layer| layer.span);
        let because = match graph.is_derived_from(position) {
            true => "what is derived of it is made of its raw value",
            false => "`present(...)` asks only whether it is there",
        };
        errors.at(
            first.unwrap_or_else(|| name.span()),
            format!(
                "nothing uses the branch of `{name}`: {because}; merge `{name}` as well, or remove \
                 the branch"
            ),
        );
    }
}

/// Of an input of which only `present(...)` is taken, no value is preprocessed or replaced.
fn presence_needs_no_value(position: usize, graph: &Graph, errors: &mut Diagnostics) {
    let node = &graph.nodes[position];
    let Some(Source::Input(input)) = &node.field.source else { return };
    if !graph.stays_raw(position) || graph.is_derived_from(position) || is_partly_unread(graph) {
        return;
    }
    let step = input.steps.first().map(|step| (step.span, step.name().to_owned()));
    let policy = match input.missing {
        Some((policy @ (Missing::Mean | Missing::Learned), span)) => {
            let word = if policy == Missing::Mean { "mean" } else { "learned" };
            Some((span, format!("missing = {word}")))
        }
        _ => None,
    };
    let name = node.name();
    for (span, option) in step.into_iter().chain(policy) {
        errors.at(
            span,
            format!(
                "nothing uses the value of `{name}` that `{option}` is about: `present(...)` asks \
                 only whether it is there; merge `{name}` as well, or write no more than \
                 `missing = zeros`"
            ),
        );
    }
}

/// Predictions are numbers.
fn value_is_numbers(node: &Node, shaped: &ShapedNode, errors: &mut Diagnostics) {
    let (Some(span), Some(output)) = (node.field.value, &shaped.output) else { return };
    if output.shape.kind != Kind::Numbers || output.shape.is_list() {
        let name = node.name();
        errors.at(
            span,
            format!(
                "`{name}` is categories, and an output is numbers; give it a branch that makes \
                 numbers of them, such as `Embedding(categories, width)`"
            ),
        );
    }
}

fn output_feeds_nothing(position: usize, graph: &Graph, errors: &mut Diagnostics) {
    let node = &graph.nodes[position];
    if node.field.output.is_none() || node.is_input() || node.is_derived() || node.broken {
        return;
    }
    for other in &graph.nodes {
        if let Some(edge) = other.feeds.iter().find(|edge| edge.node == position) {
            let (name, by) = (node.name(), other.name());
            errors.at(
                edge.name.span(),
                format!(
                    "`{name}` is an output with a loss and feeds nothing, but `{by}` takes it; put what both \
                     need into a node between"
                ),
            );
        }
    }
}

fn output_is_fed(node: &Node, errors: &mut Diagnostics) {
    let Some(output) = &node.field.output else { return };
    let what = match &node.field.source {
        Some(Source::Input(_)) => "an input",
        Some(Source::Derived(_)) => "derived of inputs",
        _ => return,
    };
    let name = node.name();
    errors.at(
        output.span,
        format!("`{name}` is {what}, so its value is given; an output is fed by `#[merge]` or `#[from]`"),
    );
}

fn optional_has_a_policy(node: &Node, errors: &mut Diagnostics) {
    let (Some(Source::Input(input)), Some(ty)) = (&node.field.source, &node.field.ty) else {
        return;
    };
    let name = node.name();
    match (ty.optional, &input.missing) {
        (true, None) if !input.missing_unread => errors.at(
            ty.span,
            format!("`{name}` may be absent: say what stands in, `#[input(missing = zeros)]`, `mean` or `learned`"),
        ),
        (false, Some((_, span))) => errors.at(
            *span,
            format!("`{name}` is never absent: make its type `Option<{}>`, or leave `missing` out", ty.text),
        ),
        _ => {}
    }
}

fn mean_is_of_numbers(node: &Node, errors: &mut Diagnostics) {
    let (Some(Source::Input(input)), Some(ty)) = (&node.field.source, &node.field.ty) else {
        return;
    };
    let Some((Missing::Mean, span)) = input.missing else { return };
    let what = match &ty.element {
        _ if ty.list => "lists of any length have",
        Element::U32 => "categories have",
        Element::Text => "texts have",
        Element::Image(_) => "pictures of any size have",
        Element::Date(_) => "dates have",
        _ => return,
    };
    let name = node.name();
    errors.at(
        span,
        format!("`{name}`: {what} no mean; use `missing = zeros` or `missing = learned`"),
    );
}

/// A date has no time of day; its hour would be equal in all rows.
fn dates_have_their_parts(node: &Node, errors: &mut Diagnostics) {
    let (Some(Source::Input(input)), Some(ty)) = (&node.field.source, &node.field.ty) else {
        return;
    };
    if !matches!(ty.element, Element::Date(Date::Day)) {
        return;
    }
    let calendar = input.steps.iter().filter(|step| step.spec.name == calendar::STEP.name);
    for part in calendar.flat_map(|step| &step.arguments) {
        let Argument::Word(part, span) = part else { continue };
        if calendar::PARTS_OF_TIME.contains(part) {
            let name = node.name();
            errors.at(
                *span,
                format!(
                    "`{name}`: a `NaiveDate` has no `{part}`; make the type `NaiveDateTime`, or \
                     leave the part out"
                ),
            );
        }
    }
}

fn imputed_may_be_missing(node: &Node, errors: &mut Diagnostics) {
    let (Some(Source::Input(input)), Some(ty)) = (&node.field.source, &node.field.ty) else {
        return;
    };
    let Some(step) = input.steps.iter().find(|step| step.spec.form.fills) else { return };
    let instead = match &ty.element {
        Element::Bool => "f32",
        Element::I64 | Element::U64 => "f64",
        _ => return,
    };
    let (name, step, span) = (node.name(), step.spec.name, step.span);
    errors.at(
        span,
        format!(
            "`{name}`: `{step}` replaces NaN, which `{}` cannot hold; declare it with `{instead}`",
            ty.text
        ),
    );
}

/// The result of arithmetic with a missing number is missing.
fn missing_operands_are_imputed(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let Some(Source::Derived(derived)) = &node.field.source else { return };
    if !matches!(derived.by, DerivedBy::Formula(_)) || derived.fills() || derived.broken {
        return;
    }
    for edge in &node.made_of {
        let field = &graph.nodes[edge.node].field;
        let is_optional = field.ty.as_ref().is_some_and(|ty| ty.optional || ty.optional_items);
        let has_blanks =
            matches!(&field.source, Some(Source::Input(input)) if input.fills()) || is_optional;
        if has_blanks {
            let (name, input, text) = (node.name(), &edge.name, &derived.text);
            errors.at(
                input.span(),
                format!(
                    "`{name}`: `{input}` may be missing, and the result with it: fill it with \
                     `#[derived({text}, impute(mean))]`"
                ),
            );
        }
    }
}

/// `mask` treats category 0 as padding, regardless of the tokenizer file.
fn mask_is_of_padding(node: &Node, shaped: &ShapedNode, errors: &mut Diagnostics) {
    let Some(Source::Input(input)) = &node.field.source else { return };
    let (Some(step), Some(first)) = (input.steps.last(), shaped.layers.first()) else { return };
    let [Argument::Tokenizer(file), .., pad] = &step.arguments[..] else { return };
    let padding = match pad {
        Argument::Number(id) => id.value,
        _ => file.padding.map_or(0.0, f64::from),
    };
    if first.output.shape.is_masked() && padding != 0.0 && !padding.is_nan() {
        let name = node.name();
        errors.at(
            first.span,
            format!(
                "`{name}`: a mask takes category 0 for padding, but this tokenizer pads with \
                 {padding}; leave `mask` out, or say `pad = 0`"
            ),
        );
    }
}

/// `weighted` computes nothing itself: the bag after it multiplies and adds.
fn weights_are_summed(node: &Node, graph: &Graph, shaped: &ShapedNode, errors: &mut Diagnostics) {
    let Some(Source::Merge(merge)) = &node.field.source else { return };
    if merge.rule.masks != MaskMerge::Both || shaped.input.is_none() {
        return;
    }
    let name = node.name();
    for (edge, is_list) in node.feeds.iter().zip([true, false]) {
        let learns = graph.nodes[edge.node].learns_a_stand_in();
        let mistake = match (edge.present, is_list && learns) {
            (true, _) => "a weight is a number of each value, not `present(...)`",
            (_, true) => "no vector can stand in for categories; use `missing = zeros`",
            _ => continue,
        };
        return errors.at(edge.name.span(), format!("`{name}`: {mistake}"));
    }
    let first = shaped.layers.first();
    let call = first.and_then(|first| first.module.call());
    let is_bag = call.is_some_and(|call| call.spec.name == "EmbeddingBag");
    let mode = call.and_then(|call| match call.arguments.get(2) {
        Some(Argument::Word(mode, span)) => Some((*mode, *span)),
        _ => None,
    });
    if is_bag && mode.is_some_and(|(mode, _)| mode == "sum") {
        return;
    }
    let (span, found) = match (mode.filter(|_| is_bag), first) {
        (Some((mode, span)), _) => (span, format!(", not `{mode}`")),
        (None, Some(first)) if is_bag => (first.span, ", not `mean`".to_owned()),
        (None, first) => {
            (first.map_or_else(|| merge.name.span(), |first| first.span), String::new())
        }
    };
    errors.at(
        span,
        format!(
            "`{name}`: the weights of `weighted` are factors in a sum: begin the branch with \
             `EmbeddingBag(categories, width, sum)`{found}"
        ),
    );
}

/// A file of vectors has one for each word, so a vocabulary has to say which index is which word.
fn vectors_have_entries(node: &Node, graph: &Graph, shaped: &ShapedNode, errors: &mut Diagnostics) {
    const VOCABULARIES: [&str; 3] = ["words", "categories", "tokenizer"];
    let Some(file) = shaped.layers.iter().find_map(ShapedLayer::vectors) else { return };
    let name = node.name();
    let steps = match looked_up(node, graph).map(|input| (input, &input.field.source)) {
        Some((_, Some(Source::Input(input)))) => &input.steps[..],
        _ => &[],
    };
    if steps.iter().any(|step| VOCABULARIES.contains(&step.spec.name)) {
        return;
    }
    errors.at(
        file.span(),
        format!(
            "`{name}`: a file of vectors has one for each word, but nothing says which word an \
             index is; put `words`, `categories` or `tokenizer` into `#[input(...)]`, or leave \
             `from` out"
        ),
    );
}

/// The input whose indices the branch of a node looks up.
fn looked_up<'a>(node: &'a Node, graph: &'a Graph) -> Option<&'a Node> {
    match &node.feeds[..] {
        [] => node.is_input().then_some(node),
        // Of a weighted list the first operand is looked up.
        [first, ..] => {
            let fed_by = &graph.nodes[first.node];
            looked_up(fed_by, graph).filter(|_| fed_by.field.branch.is_none())
        }
    }
}

/// `split` cuts what a row or a file holds.
fn split_comes_first(node: &Node, errors: &mut Diagnostics) {
    let Some(Source::Input(input)) = &node.field.source else { return };
    let late = input.steps.iter().skip(1).find(|step| step.spec.name == "split");
    if let Some(step) = late {
        let name = node.name();
        errors.at(step.span, format!("`{name}`: `split` cuts the text of a row; put it first"));
    }
}

fn presence_is_of_optional(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    for edge in node.feeds.iter().filter(|edge| edge.present) {
        let fed_by = &graph.nodes[edge.node];
        // A missing policy is reported separately.
        let optional = fed_by.field.ty.as_ref().is_none_or(|ty| ty.optional);
        if fed_by.absence.is_none() && !(fed_by.is_input() && optional) && !fed_by.broken {
            let name = &edge.name;
            errors.at(
                name.span(),
                format!("`{name}` is always present: `present(...)` asks for an optional input"),
            );
        }
    }
}

/// A list and its weights are padded and cut on the same sides, so that each weight stands beside its
/// value.
fn weights_are_padded_alike(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let Some(Source::Merge(merge)) = &node.field.source else { return };
    let [list, weights] = &node.feeds[..] else { return };
    if merge.rule.name != "weighted" {
        return;
    }
    let (Some(one), Some(other)) = (sides(graph, list.node), sides(graph, weights.node)) else {
        return;
    };
    for ((what, one), (_, other)) in one.into_iter().zip(other).filter(|(a, b)| a != b) {
        let (list, weights) = (&list.name, &weights.name);
        errors.at(
            weights.span(),
            format!(
                "`{}`: `{list}` is {what} {one} its values and `{weights}` {other} them, so weights \
                 would stand beside other values; `pad` both alike",
                node.name()
            ),
        );
    }
}

/// The sides of a node's `pad`, before its first merge: where zeros go, and where values are cut off.
fn sides(graph: &Graph, node: usize) -> Option<[(&'static str, &'static str); 2]> {
    let node = &graph.nodes[node];
    match (&node.field.source, &node.feeds[..]) {
        (Some(Source::Input(input)), _) => {
            let pad = input.steps.iter().find(|step| step.spec.name == "pad")?;
            let side = |name: &str| match pad.argument(name)? {
                Argument::Word(word, _) => Some(*word),
                _ => pad.spec.parameters.iter().find(|p| p.name == name).map(|p| p.default),
            };
            Some([("padded", side("side")?), ("cut", side("cut")?)])
        }
        (_, [only]) => sides(graph, only.node),
        _ => None,
    }
}

fn shared_has_a_branch(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let Some(owner) = node.shared.map(|owner| &graph.nodes[owner]) else { return };
    let span = node
        .field
        .branch
        .as_ref()
        .and_then(|b| b.shared.as_ref())
        .map_or_else(|| node.name().span(), Ident::span);
    let (name, owner_name) = (node.name(), owner.name());
    match &owner.field.branch {
        None => errors.at(span, format!("`{owner_name}` has no branch to share with `{name}`")),
        Some(branch) if branch.shared.is_some() => errors.at(
            span,
            format!("`{owner_name}` shares another node's branch itself: name the node where it is written"),
        ),
        Some(_) => {}
    }
    if owner.field.output.is_some() || node.field.output.is_some() {
        errors.at(
            span,
            format!(
                "`{name}`: an output's branch is its own, because its last activation belongs to \
                 the loss; share the layers before it"
            ),
        );
    }
}

/// A definition cannot have the name of a type parameter of what is generated for it.
fn definition_is_no_parameter(graph: &Graph, errors: &mut Diagnostics) {
    let name = &graph.model.name;
    if names::is_a_parameter(name) {
        errors.at(
            name.span(),
            format!(
                "`{name}` is what the generated types call a parameter of theirs, `{name}Model<E, D>`; \
                 choose another name"
            ),
        );
    }
}

fn names_are_free(node: &Node, graph: &Graph, errors: &mut Diagnostics) {
    let name = node.name();
    let is_output = node.field.output.is_some() || node.field.value.is_some();
    let is_in_batch = node.is_input() || node.is_derived() || is_output;
    if is_in_batch && names::is_in_the_batch(name) {
        errors.at(
            name.span(),
            "`tape` is what the generated batch calls its gradient tape; choose another name",
        );
    }
    if node.field.output.is_some() && names::is_in_the_definition(name) {
        let model = &graph.model.name;
        errors.at(
            name.span(),
            format!("`{model}::{name}` is there already, for another purpose; choose another name"),
        );
    }
    if let Some(owner) = names::weighs(name) {
        let mut nodes = graph.nodes.iter();
        let learned = nodes.any(|other| *other.name() == owner && other.learns_its_weight());
        if learned && node.field.branch.is_some() {
            errors.at(
                name.span(),
                format!("`{name}` is what the generated model calls the learned weight of `{owner}`; choose another name"),
            );
        }
    }
    if let Some(owner) = names::stands_in_for(name) {
        let learned = graph.nodes.iter().any(|other| {
            *other.name() == owner
                && other.absence.is_some_and(|absence| absence.policy == Missing::Learned)
        });
        if learned && node.field.branch.is_some() {
            errors.at(
                name.span(),
                format!("`{name}` is what the generated model calls the vector that stands in for `{owner}`; choose another name"),
            );
        }
    }
}

/// The type that a loss or metric takes where the two kinds of labels are confused.
fn other_type(node: &Node, target: Target, accepted: &[Target]) -> &'static str {
    let is_array = node.field.ty.as_ref().is_some_and(|ty| !ty.dims.is_empty());
    match target {
        Target::Flags if accepted == [Target::Class] => {
            "; where exactly one label holds in a row, the type is `Class<N>`"
        }
        Target::Class | Target::Numbers
            if accepted.contains(&Target::Flags) && (is_array || target == Target::Class) =>
        {
            "; where several labels may hold in a row, the type is `[bool; N]`"
        }
        _ => "",
    }
}

/// A loss of the user's own is compared by rustc; see `shape/node.rs`.
fn loss_fits(node: &Node, shaped: &ShapedNode, errors: &mut Diagnostics) {
    let loss = node.field.output.as_ref().and_then(|output| output.loss.as_ref()?.named());
    let (Some(loss), Some(target)) = (loss, node.target()) else { return };
    let (name, loss_name, form) = (node.name(), &loss.name, &loss.spec.form);
    if !form.takes(target) {
        let fitting = multi_input_spec::LOSSES.iter().filter(|l| l.form.takes(target));
        let (what, fitting) = (target.in_words(), list(fitting.map(Loss::name)));
        let instead = other_type(node, target, form.targets);
        errors.at(
            loss_name.span(),
            format!(
                "`{name}` is {what}, which `{loss_name}` does not compare: use {fitting}{instead}"
            ),
        );
        return;
    }
    let weight = node.field.output.as_ref().map(|output| &output.weight);
    if let (Some(LossWeight::Learned(span)), Err(text)) = (weight, form.check_learned_weight()) {
        errors.at(*span, format!("`{name}`: {}", text.as_str()));
    }
    let mut layers = shaped.layers.iter().rev();
    let Some(mut last) = layers.next() else { return };
    if last.module.ends_in(form.link) {
        // The loss removes an activation layer that is its link. Before it may be another
        // activation layer, or a layer with an activation of its own.
        let Module::Activation { .. } = &last.module else { return };
        let Some(before) = layers.next() else { return };
        last = before;
    }
    let Some(activation) = last.module.last_activation() else {
        return inner_activation_is_no_link(name, loss, last, errors);
    };
    if let Err(text) = form.check_activation(activation) {
        errors.at(last.end, format!("`{name}`: {}", text.as_str()));
    }
}

/// An activation inside the last layer cannot be the link of the loss.
fn inner_activation_is_no_link(
    name: &Ident,
    loss: &NamedLoss,
    last: &ShapedLayer,
    errors: &mut Diagnostics,
) {
    let Module::Named(named) = &last.module else { return };
    let Some(activation) = &named.activation else { return };
    if let (Some(link), false) =
        (loss.spec.form.link, *activation == multi_input_spec::Activation::Linear)
    {
        let (layer, loss, link) = (named.call.spec.name, &loss.name, link.name());
        errors.at(
            last.end,
            format!(
                "`{name}`: `{loss}` is computed from logits, but the `{}` of `{layer}` is inside of \
                 it; end the branch in `Dense(units, {link})`",
                activation.name()
            ),
        );
    }
}

fn categories_fit(node: &Node, errors: &mut Diagnostics) {
    let Some(output) = &node.field.output else { return };
    let (Some(span), Some(target)) = (output.categories, node.target()) else { return };
    if target != Target::Class {
        let (name, what) = (node.name(), target.in_words());
        errors.at(
            span,
            format!(
                "`{name}` is {what}; `categories` gives the labels of a `Class<N>` their classes"
            ),
        );
    }
}
