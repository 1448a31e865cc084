//! `#[merge(concat(a, b, present(b), axis = 0))]`.

use multi_input_spec::{
    merge::{self, MERGES},
    names::Kind,
};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{quote, ToTokens};
use syn::{
    parse::{ParseStream, Parser},
    spanned::Spanned,
    BinOp, Expr, Ident,
};

use super::{
    argument::{self, Argument},
    attribute,
    claim::Claim,
    field::Source,
    given,
    own::{self, Own},
    word::Word,
};
use crate::{diagnostics::Diagnostics, suggest::list, text::compact};

/// The contents of `#[merge(...)]`.
#[derive(Clone)]
pub(crate) struct Merge {
    pub(crate) rule: &'static merge::Merge,
    /// The merge, where it is of the user's own, with the shape claimed for its output.
    pub(crate) own: Option<(Own, Option<Claim>)>,
    /// The rule's name, as the user's token.
    pub(crate) name: Ident,
    pub(crate) operands: Vec<Operand>,
    pub(crate) arguments: Vec<Argument>,
    /// As the user wrote it, in one line.
    pub(crate) text: String,
}

/// An operand of a merge.
#[derive(Clone)]
pub(crate) enum Operand {
    /// The output of a node.
    Node(Ident),
    /// `present(input)`: 1 if the input is present, 0 if it is absent.
    Present(Ident),
}

impl Operand {
    /// The node.
    pub(crate) fn node(&self) -> &Ident {
        match self {
            Operand::Node(name) | Operand::Present(name) => name,
        }
    }
}

/// Reads the tokens between the parentheses; `None` after reporting mistakes.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Option<Merge> {
    let text = compact(&tokens);
    if Own::is_written(&tokens, MERGES.iter().map(|merge| merge.name), Kind::Merge) {
        return read_own(tokens, text, errors);
    }
    let Rule { word, operands, is_reported } = rule(tokens, span, errors)?;
    let otherwise = || format!("; there are {}", list(MERGES.iter().map(|merge| merge.name)));
    let named = |errors: &mut Diagnostics| {
        word.name_of(&[Kind::Merge], "there is no merge", otherwise, errors)
    };
    let (name, is_renamed) = match is_reported {
        true => errors.quietly(named).0,
        false => named(errors),
    }?;
    let (rule, name) = (merge::named(name)?, Ident::new(name, word.span));
    match is_reported || is_renamed {
        true => errors.quietly(|errors| of_rule(rule, name, operands, text, errors)).0,
        false => of_rule(rule, name, operands, text, errors),
    }
}

/// The rule's name and what stands in its parentheses.
struct Rule {
    word: Word,
    operands: TokenStream,
    /// Whether a mistake in the form has been reported; this is what is meant.
    is_reported: bool,
}

const HINT: &str = "expected a rule and its operands: `#[merge(concat(first, second))]`";

/// Takes the rule from the tokens between the parentheses.
fn rule(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Option<Rule> {
    if let Some(rule) = of_operators(&tokens, errors) {
        return Some(rule);
    }
    let Some((mut word, rest)) = Word::begins(&tokens) else {
        errors.at(if tokens.is_empty() { span } else { tokens.span() }, HINT);
        return None;
    };
    let given = word.arguments.take();
    let mut trees = rest.clone().into_iter();
    let (operands, is_right) = match (given, trees.next(), trees.next()) {
        (Some(operands), None, _) => (operands, true),
        // `concat()([a, b])`, as in Keras.
        (Some(_), Some(TokenTree::Group(group)), None) => (group.stream(), false),
        (None, Some(TokenTree::Group(group)), None) => (group.stream(), false),
        (None, Some(TokenTree::Punct(mark)), Some(_)) if matches!(mark.as_char(), '=' | ':') => {
            (attribute::without_brackets(rest.into_iter().skip(1).collect()), false)
        }
        (None, Some(TokenTree::Punct(mark)), Some(_))
            if mark.as_char() == ',' && Kind::Merge.find(&word.text).is_some() =>
        {
            (rest.into_iter().skip(1).collect(), false)
        }
        (None, Some(TokenTree::Punct(mark)), Some(_)) if mark.as_char() == ',' => {
            let nodes = compact(&tokens);
            let text = format!(
                "by which rule? Nodes are merged as in `#[merge(concat({nodes}))]` or \
                 `#[merge(add({nodes}))]`"
            );
            errors.at(word.span, text);
            return None;
        }
        _ => {
            errors.at(word.span, HINT);
            return None;
        }
    };
    let inner = operands_alone(&operands);
    if !is_right || inner.is_some() {
        let rule = Kind::Merge.find(&word.text).unwrap_or(&word.text);
        let operands = compact(inner.as_ref().unwrap_or(&operands));
        word.report(format!("write `#[merge({rule}({operands}))]`"), errors);
    }
    let is_reported = !is_right || inner.is_some();
    Some(Rule { word, operands: inner.unwrap_or(operands), is_reported })
}

/// `a, b, axis = 0` of `[a, b], axis = 0`.
fn operands_alone(operands: &TokenStream) -> Option<TokenStream> {
    let mut trees = operands.clone().into_iter();
    match trees.next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some(group.stream().into_iter().chain(trees).collect())
        }
        _ => None,
    }
}

/// The rule that is meant by `a + b`.
fn of_operators(tokens: &TokenStream, errors: &mut Diagnostics) -> Option<Rule> {
    let Ok(Expr::Binary(sum)) = syn::parse2::<Expr>(tokens.clone()) else { return None };
    let name = match sum.op {
        BinOp::Add(_) => "add",
        BinOp::Sub(_) => "subtract",
        BinOp::Mul(_) => "multiply",
        BinOp::Div(_) => "divide",
        _ => return None,
    };
    let mut operands = Vec::new();
    operands_of(&Expr::Binary(sum.clone()), &sum.op, &mut operands);
    let operands = quote!(#(#operands),*);
    let text = match merge::named(name) {
        Some(_) => {
            format!("nodes are merged by a rule: `#[merge({name}({}))]`", compact(&operands))
        }
        None => "no merge divides; `#[derived(first / second)]` divides inputs".to_owned(),
    };
    errors.guess(sum.op.span(), text);
    let word = Word::begins(&name.parse().ok()?)?.0;
    Some(Rule { word, operands, is_reported: true })
}

/// The operands of a chain of one operator.
fn operands_of(expr: &Expr, op: &BinOp, operands: &mut Vec<TokenStream>) {
    let is_same = |other: &BinOp| std::mem::discriminant(other) == std::mem::discriminant(op);
    match expr {
        Expr::Binary(chain) if is_same(&chain.op) && !matches!(op, BinOp::Sub(_)) => {
            operands_of(&chain.left, op, operands);
            operands_of(&chain.right, op, operands);
        }
        Expr::Binary(last) if is_same(&last.op) => {
            operands.extend([last.left.to_token_stream(), last.right.to_token_stream()]);
        }
        other => operands.push(other.to_token_stream()),
    }
}

/// A merge by a rule of ours.
fn of_rule(
    rule: &'static merge::Merge,
    name: Ident,
    operands: TokenStream,
    text: String,
    errors: &mut Diagnostics,
) -> Option<Merge> {
    let entries = given::read(operands, errors)?;
    let mut operands = Vec::new();
    let mut given = Vec::new();
    let mut sound = true;
    let before = errors.guesses();
    for entry in entries {
        let entry = argument::flag_by_name(entry, rule.parameters);
        match entry.name {
            Some(_) => given.push(entry),
            None => match errors.guess_once(before, |errors| operand(&entry.value, errors)) {
                Some(operand) => operands.push(operand),
                None => sound = false,
            },
        }
    }
    let arguments = argument::read(rule.name, name.span(), rule.parameters, given, errors)?;
    let count = operands.len();
    if sound && !errors.unless_guessed(before, |errors| check_count(rule, &name, count, errors)) {
        return None;
    }
    sound.then_some(Merge { rule, own: None, name, operands, arguments, text })
}

/// Reads a merge of the user's own: `my::Gated(a, present(b), at = 0.5) => [3]`.
fn read_own(tokens: TokenStream, text: String, errors: &mut Diagnostics) -> Option<Merge> {
    let parser = |input: ParseStream<'_>| {
        let (own, operands) = Own::parse_of_nodes(input)?;
        let claim = Claim::parse(input)?;
        own::end(input).map(|()| (own, operands, claim))
    };
    let (mut own, operands, mut claim) = errors.ok(parser.parse2(tokens))?;
    own.leave_to_rustc(errors);
    claim.iter_mut().for_each(|claim| claim.require(errors));
    let operands: Option<Vec<Operand>> =
        operands.iter().map(|value| operand(value, errors)).collect();
    let (rule, name) = (&merge::own::MERGE, own.path.segments.last()?.ident.clone());
    let operands = operands?;
    check_count(rule, &name, operands.len(), errors).then_some(Merge {
        rule,
        own: Some((own, claim)),
        name,
        operands,
        arguments: Vec::new(),
        text,
    })
}

/// Whether the rule accepts the number of nodes.
fn check_count(rule: &merge::Merge, name: &Ident, found: usize, errors: &mut Diagnostics) -> bool {
    let (least, most) = rule.operands;
    if found >= least && most.is_none_or(|most| found <= most) {
        return true;
    }
    let needed = match most {
        Some(most) if most == least => format!("exactly {least}"),
        _ => format!("at least {least}"),
    };
    errors.at(name.span(), format!("`{name}` merges {needed} nodes; found {found}"));
    false
}

/// The node's name, or `present(input)`; `None` after reporting mistakes.
fn operand(value: &Expr, errors: &mut Diagnostics) -> Option<Operand> {
    if let Expr::Reference(reference) = value {
        let node = compact(&reference.expr.to_token_stream());
        errors.guess(value.span(), format!("write `{node}` without `&`"));
        return errors.quietly(|errors| operand(&reference.expr, errors)).0;
    }
    let word = Word::of(value);
    let read = word.as_ref().and_then(|word| {
        let name = word.ident()?;
        match &word.arguments {
            None => Some(Operand::Node(name)),
            Some(node) if word.text == "present" => {
                Word::alone(node)?.ident().map(Operand::Present)
            }
            Some(_) => None,
        }
    });
    match (word.as_ref().and_then(Word::mistake), &read) {
        (Some(mistake), Some(_)) => errors.guess(value.span(), mistake),
        (_, Some(_)) => {}
        (_, None) => {
            let found = compact(&value.to_token_stream());
            let text = "an operand is the name of a node, or `present(input)`";
            errors.guess(value.span(), format!("{text}; found `{found}`"));
        }
    }
    read
}

/// `#[from(node)]`; of several nodes, what is meant is a merge.
pub(super) fn read_from(
    tokens: TokenStream,
    span: Span,
    errors: &mut Diagnostics,
) -> Option<Source> {
    let nodes = attribute::entries(tokens.clone());
    if nodes.len() > 1 {
        let all = compact(&tokens);
        errors.at(
            span,
            format!("`from` takes one node; several are merged: `#[merge(concat({all}))]`"),
        );
        let merge = errors.quietly(|errors| read(quote!(concat(#tokens)), span, errors)).0;
        return merge.map(Source::Merge);
    }
    let word = Word::alone(&tokens).filter(|word| word.arguments.is_none());
    let Some((name, word)) = word.and_then(|word| Some((word.ident()?, word))) else {
        let at = if tokens.is_empty() { span } else { tokens.span() };
        errors.at(at, "expected the name of one node: `#[from(node)]`");
        return None;
    };
    if let Some(mistake) = word.mistake() {
        word.report(mistake, errors);
    }
    Some(Source::From(name))
}
