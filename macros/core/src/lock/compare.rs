//! The lines of a lock compared with those of the model.

use std::collections::BTreeSet;

use multi_input_spec::rename;
use proc_macro2::Span;
use syn::LitStr;

use super::{
    file::{Line, Lock, What},
    form::Form,
    VARIABLE,
};
use crate::{
    check::CheckedGraph, diagnostics::Diagnostics, graph::Graph, parse::Source, suggest::list,
    text::plain,
};

/// Reports what a saved model of the lock has otherwise.
pub(super) fn compare(
    checked: &CheckedGraph,
    lock: &Lock,
    form: &Form,
    path: &LitStr,
    errors: &mut Diagnostics,
) {
    let mut before = lock.lines.clone();
    apply_renames(&checked.graph, &mut before);
    let (name, anew) = (path.value(), format!("`{VARIABLE}=1 cargo check` writes it anew"));
    for (node, former) in apply_guesses(&checked.graph, form, &mut before) {
        let field = &checked.graph.nodes[node].field.name;
        let tensors = form.of_node(node).filter(|line| line.what == What::Tensor);
        let tensors = tensors.map(|line| line.name.replacen(&plain(field), &former, 1));
        let tensors: Vec<String> = tensors.collect();
        let what = match tensors.is_empty() {
            true => format!("`{former}`"),
            false => quoted(tensors.iter().map(String::as_str)),
        };
        let text = format!(
            "`{field}`: `{name}` has {what} where this has `{field}`; if the field was renamed, write \
             `#[renamed({former})]` on it, and else {anew}"
        );
        errors.at(field.span(), text);
    }
    let mut found = Found { checked, form, before: &before, problems: Vec::new() };
    found.absent_and_new(path.span());
    found.changed();
    if found.problems.is_empty() {
        found.order(path.span());
    }
    for problem in found.problems {
        let text = format!(
            "{}, so that files of `{name}` do not load; where none is needed, {anew}",
            problem.text()
        );
        errors.at(problem.span, text);
    }
}

/// The first tensors, with their sizes; `None` without any.
pub(super) fn listed<'a>(lines: impl Iterator<Item = &'a Line>) -> Option<String> {
    let names: Vec<String> = lines
        .map(|line| format!("{}: {}", line.name, line.is).replace(": those of", " of"))
        .collect();
    (!names.is_empty()).then(|| quoted(names.iter().map(String::as_str)))
}

/// The first names, in backquotes.
fn quoted<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 4;
    let more = names.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("and {more} more"));
    let shown: Vec<String> = names.take(MOST).map(|name| format!("`{name}`")).collect();
    let last = more.iter().map(String::as_str);
    shown.iter().map(String::as_str).chain(last).collect::<Vec<_>>().join(", ")
}

/// Replaces the former names of fields, as the runtime does on loading a file.
fn apply_renames(graph: &Graph, lines: &mut [Line]) {
    for node in &graph.nodes {
        let has = |name: &str| lines.iter().any(|line| is_node(line, name));
        let now = plain(node.name());
        if has(&now) {
            continue;
        }
        let former = node.field.renamed.iter().rev().map(plain).find(|former| has(former));
        if let Some(former) = former {
            rename_node(lines, &former, &now);
        }
    }
}

fn is_node(line: &Line, name: &str) -> bool {
    line.what == What::Node && line.name == name
}

fn rename_node(lines: &mut [Line], former: &str, now: &str) {
    for line in lines {
        if line.node() == former {
            line.name = format!("{now}{}", &line.name[former.len()..]);
        }
        line.is = renamed(line, &|word| if word == former { now } else { word });
    }
}

/// The description of a line with other names of nodes.
fn renamed<'a>(line: &'a Line, name: &dyn Fn(&'a str) -> &'a str) -> String {
    match line.what {
        What::Node => rename::node(&line.is, name),
        What::Derived => {
            // Steps come after the inputs.
            let (of, steps) = line.is.split_at(line.is.find(')').unwrap_or(line.is.len()));
            format!("{}{steps}", rename::source(of, name))
        }
        _ => line.is.clone(),
    }
}

/// Renames fields that differ from one of the lock in their name alone. Returns them with their former
/// names.
fn apply_guesses(graph: &Graph, form: &Form, lines: &mut [Line]) -> Vec<(usize, String)> {
    let mut guesses = Vec::new();
    for &node in &graph.order {
        let now = plain(graph.nodes[node].name());
        if lines.iter().any(|line| is_node(line, &now)) {
            continue;
        }
        let is_left = |name: &str| graph.nodes.iter().all(|node| plain(node.name()) != name);
        let left = lines.iter().filter(|line| line.what == What::Node && is_left(&line.name));
        let alike = left.map(|line| line.name.clone()).filter(|former| {
            let mut own: Vec<Line> =
                lines.iter().filter(|line| line.node() == former).cloned().collect();
            rename_node(&mut own, former, &now);
            own.iter().eq(form.of_node(node))
        });
        if let [former] = &alike.collect::<Vec<_>>()[..] {
            rename_node(lines, former, &now);
            guesses.push((node, former.clone()));
        }
    }
    guesses
}

/// A difference, with what it changes further on.
struct Problem {
    span: Span,
    /// The nodes that it is about.
    nodes: BTreeSet<usize>,
    /// The field, or nothing.
    subject: String,
    /// The lines of saved models, and of this one.
    before: Vec<Line>,
    now: Vec<Line>,
}

impl Problem {
    fn text(&self) -> String {
        let differs = |lines: &[Line], others: &[Line], what: fn(&Line) -> bool| {
            let lines = lines.iter().filter(|line| !others.contains(line) && what(line));
            lines.cloned().collect::<Vec<_>>()
        };
        let is_tensor = |line: &Line| line.what == What::Tensor;
        let (before, now) = (
            differs(&self.before, &self.now, is_tensor),
            differs(&self.now, &self.before, is_tensor),
        );
        let subject = &self.subject;
        match (listed(before.iter()), listed(now.iter())) {
            (Some(before), Some(now)) => {
                format!("{subject}saved models have the tensors {before}, and this one {now}")
            }
            (Some(before), None) => {
                format!("{subject}saved models have the tensors {before}, which have no place here")
            }
            (None, Some(now)) => format!("{subject}saved models have no tensors {now}"),
            (None, None) if self.before.is_empty() && self.now.is_empty() => subject.clone(),
            (None, None) => {
                let is_part = |line: &Line| line.what != What::Tensor;
                let before = differs(&self.before, &self.now, is_part);
                let now = differs(&self.now, &self.before, is_part);
                let (before, now) = differing(before.first(), now.first());
                format!("{subject}saved models have {before}, and this one {now}")
            }
        }
    }
}

/// The parts in which two descriptions differ: of nodes the layer alone.
fn differing(before: Option<&Line>, now: Option<&Line>) -> (String, String) {
    let (Some(before), Some(now)) = (before, now) else {
        let shown = |line: Option<&Line>| match line {
            Some(line) => format!("`{} {}: {}`", line.what.word(), line.name, line.is),
            None => "nothing of that kind".to_owned(),
        };
        return (shown(before), shown(now));
    };
    if before.what != What::Node {
        return (format!("`{}`", before.is), format!("`{}`", now.is));
    }
    let [before, now] = [before, now].map(|line| line.is.split(' ').collect::<Vec<_>>());
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = before.iter().zip(&now).take_while(same).count();
    let tail = before.iter().rev().zip(now.iter().rev()).take_while(same).count();
    let tail = tail.min(before.len().min(now.len()) - head);
    let shown = |words: &[&str]| {
        let begins = |word: &&str| word.contains('(') || word.starts_with('[');
        let start = words[..head].iter().rposition(begins).filter(|_| head > 0).unwrap_or(0);
        let last = words.len() - tail;
        let ends = |word: &&str| word.contains([')', ']']);
        let end = words[last.saturating_sub(1)..].iter().position(ends);
        let end = end.map_or(words.len(), |at| last.saturating_sub(1) + at + 1);
        let text = words[start.min(end)..end].join(" ");
        format!("`{}`", text.trim_start_matches('[').trim_end_matches(','))
    };
    (shown(&before), shown(&now))
}

struct Found<'a> {
    checked: &'a CheckedGraph,
    form: &'a Form,
    /// The lines of saved models.
    before: &'a [Line],
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn before(&self, name: &str) -> Vec<Line> {
        self.before.iter().filter(|line| line.node() == name).cloned().collect()
    }

    fn now(&self, node: usize) -> Vec<Line> {
        self.form.of_node(node).cloned().collect()
    }

    /// Nodes that only saved models have, and nodes that only this model has.
    fn absent_and_new(&mut self, option: Span) {
        let graph = &self.checked.graph;
        let names: Vec<String> = graph.nodes.iter().map(|node| plain(node.name())).collect();
        let is_absent = |line: &&Line| {
            let is_known = names.contains(&line.name);
            line.what == What::Node
                && !is_known
                && !self.before(&line.name).iter().all(Line::is_bare)
        };
        let absent = self.before.iter().filter(is_absent);
        let absent: Vec<&str> = absent.map(|line| line.name.as_str()).collect();
        if !absent.is_empty() {
            let took = |node: usize| {
                let is = self.before(&names[node]);
                let source = is.into_iter().find(|line| line.what == What::Node);
                source.is_some_and(|line| absent.iter().any(|name| names_node(&line.is, name)))
            };
            let fields = if absent.len() == 1 { "is no field" } else { "are no fields" };
            let subject = format!(
                "{} {fields} any more (`#[renamed(..)]` says what a field was called): ",
                list(absent.iter().copied())
            );
            self.problems.push(Problem {
                span: option,
                nodes: (0..names.len()).filter(|&node| took(node)).collect(),
                subject,
                before: absent.iter().flat_map(|name| self.before(name)).collect(),
                now: Vec::new(),
            });
        }
        for &node in &graph.order {
            let is_bare = self.form.of_node(node).all(Line::is_bare);
            if self.before(&names[node]).is_empty() && !is_bare {
                let takes =
                    |other: &usize| graph.nodes[*other].feeds.iter().any(|e| e.node == node);
                let name = graph.nodes[node].name();
                self.problems.push(Problem {
                    span: name.span(),
                    nodes: (0..names.len()).filter(takes).chain([node]).collect(),
                    subject: format!("`{name}` is new: "),
                    before: Vec::new(),
                    now: self.now(node),
                });
            }
        }
    }

    /// Nodes that are otherwise than before. What follows from an earlier difference is added to it.
    fn changed(&mut self) {
        let graph = &self.checked.graph;
        for &node in &graph.order {
            let name = plain(graph.nodes[node].name());
            let (before, now) = (self.before(&name), self.now(node));
            if before.is_empty() || before == now {
                continue;
            }
            let owner = graph.nodes[node].shared;
            let edges = graph.nodes[node].feeds.iter().chain(&graph.nodes[node].made_of);
            let above: BTreeSet<usize> = edges.map(|edge| edge.node).chain(owner).collect();
            let same = without_sizes(&before) == without_sizes(&now);
            let follows = |problem: &&mut Problem| {
                problem.nodes.contains(&node) || same && !problem.nodes.is_disjoint(&above)
            };
            match self.problems.iter_mut().find(follows) {
                Some(problem) => {
                    problem.nodes.insert(node);
                    problem.before.extend(before);
                    problem.now.extend(now);
                }
                None => {
                    let span = self.token(node, &before, &now);
                    let (nodes, subject) = ([node].into(), format!("`{name}`: "));
                    self.problems.push(Problem { span, nodes, subject, before, now });
                }
            }
        }
    }

    /// The user's token for the first difference in a node.
    fn token(&self, node: usize, before: &[Line], now: &[Line]) -> Span {
        let field = &self.checked.graph.nodes[node].field;
        let of = |lines: &[Line], what: What| lines.iter().find(|l| l.what == what).cloned();
        let differs = |what: What| of(before, what) != of(now, what);
        let name = field.name.span();
        if differs(What::Input) {
            let Some(Source::Input(input)) = &field.source else { return name };
            let before = of(before, What::Input).map(|line| line.is).unwrap_or_default();
            let raw = |is: &str| is.split(", ").next().unwrap_or_default().to_owned();
            let is_raw = of(now, What::Input).is_some_and(|line| raw(&line.is) != raw(&before));
            let ty = field.ty.as_ref().map(|ty| ty.span).filter(|_| is_raw);
            let policy = input.missing.map(|(_, span)| span).filter(|_| {
                let policy = |is: &str| is.split(", ").nth(1).map(str::to_owned);
                of(now, What::Input).map(|line| policy(&line.is)) != Some(policy(&before))
                    && before.contains(", missing = ")
            });
            let step = input.steps.iter().find(|step| !before.contains(step.name()));
            return ty
                .or(policy)
                .or(step.or(input.steps.first()).map(|step| step.span))
                .unwrap_or(name);
        }
        if differs(What::Derived) {
            let Some(Source::Derived(derived)) = &field.source else { return name };
            return derived.span;
        }
        if differs(What::Node) {
            let before = of(before, What::Node).map(|line| line.is).unwrap_or_default();
            if let Some(Source::Merge(merge)) = &field.source {
                if !before.starts_with(&merge.text) {
                    return merge.name.span();
                }
            }
            let layer =
                self.form.layers(node).find(|(start, _)| !before.starts_with(start.as_str()));
            return layer.map_or(name, |(_, span)| *span);
        }
        field.output.as_ref().map_or(name, |output| output.span)
    }

    /// The order in which fields are declared.
    fn order(&mut self, option: Span) {
        let names = |lines: &mut dyn Iterator<Item = &Line>, what: What| -> Vec<String> {
            lines.filter(|line| line.what == what).map(|line| line.name.clone()).collect()
        };
        for what in [What::Input, What::Derived, What::Node, What::Output] {
            let before = names(&mut self.before.iter(), what);
            let now = names(&mut self.form.lines(), what);
            // A bare node may be in one of them alone.
            let shared = |names: &[String], others: &[String]| -> Vec<String> {
                names.iter().filter(|name| others.contains(name)).cloned().collect()
            };
            let (before, now) = (shared(&before, &now), shared(&now, &before));
            if before != now {
                let order = |names: &[String]| quoted(names.iter().map(String::as_str));
                let subject = format!(
                    "the {}s were in the order {}, and now they are in the order {}",
                    what.word(),
                    order(&before),
                    order(&now)
                );
                let (nodes, before, now) = (BTreeSet::new(), Vec::new(), Vec::new());
                self.problems.push(Problem { span: option, nodes, subject, before, now });
                return;
            }
        }
    }
}

/// Whether the source in the description of a node names another node.
fn names_node(is: &str, name: &str) -> bool {
    let other = |word| if word == name { "" } else { word };
    rename::node(is, other) != is
}

/// The descriptions without the sizes that follow from other nodes.
fn without_sizes(lines: &[Line]) -> Vec<(What, String)> {
    let parts = lines.iter().filter(|line| line.what != What::Tensor);
    parts.map(|line| (line.what, stripped(&line.is))).collect()
}

/// A text without lists of sizes in brackets, and without the size of a stand-in.
fn stripped(text: &str) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(start) = rest.find('[') {
        let (before, list) = rest.split_at(start);
        let end =
            list[1..].find(|letter: char| !(letter.is_ascii_digit() || ", ?".contains(letter)));
        kept.push_str(before);
        match end {
            Some(end) if list[1 + end..].starts_with(']') => rest = &list[end + 2..],
            _ => {
                kept.push('[');
                rest = &list[1..];
            }
        }
    }
    kept.push_str(rest);
    match kept.find("stand-in of ") {
        Some(at) => kept[..at].to_owned(),
        None => kept,
    }
}
