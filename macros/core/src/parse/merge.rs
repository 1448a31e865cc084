//! `#[merge(concat(a, b, present(b), axis = 0))]`.

use multi_input_spec::merge::{self, MERGES};
use proc_macro2::{Span, TokenStream};
use syn::{
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
    Expr, Ident, Token,
};

use super::{
    argument::{self, Argument, Given},
    claim::Claim,
    own::{self, Own},
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
    text::compact,
};

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
    if Own::is_written(&tokens, MERGES.iter().map(|merge| merge.name)) {
        return read_own(tokens, text, errors);
    }
    let Call { name, entries } = errors.ok(syn::parse2(tokens).map_err(|error| {
        let hint = "expected a rule and its operands: `#[merge(concat(first, second))]`";
        let at = if text.is_empty() { span } else { error.span() };
        syn::Error::new(at, hint)
    }))?;
    let Some(rule) = merge::named(&name.to_string()) else {
        let names = MERGES.iter().map(|merge| merge.name);
        let near = suggest(&name.to_string(), names.clone());
        let all = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
        errors.at(name.span(), format!("there is no merge `{name}`{all}"));
        return None;
    };
    let mut operands = Vec::new();
    let mut given = Vec::new();
    let mut sound = true;
    for entry in entries {
        let entry = argument::flag_by_name(entry, rule.parameters);
        match entry.name {
            Some(_) => given.push(entry),
            None => match errors.ok(operand(&entry.value)) {
                Some(operand) => operands.push(operand),
                None => sound = false,
            },
        }
    }
    let arguments = argument::read(rule.name, name.span(), rule.parameters, given, errors)?;
    if sound && !check_count(rule, &name, operands.len(), errors) {
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
        operands.iter().map(|value| errors.ok(operand(value))).collect();
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

/// `name(entry, entry)`.
pub(super) struct Call {
    pub(super) name: Ident,
    pub(super) entries: Punctuated<Given, Token![,]>,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let content;
        syn::parenthesized!(content in input);
        Ok(Call { name, entries: Punctuated::parse_terminated(&content)? })
    }
}

fn operand(value: &Expr) -> syn::Result<Operand> {
    match value {
        Expr::Path(path) => path.path.get_ident().cloned().map(Operand::Node),
        Expr::Call(call) => match (&*call.func, call.args.first()) {
            (Expr::Path(function), Some(Expr::Path(node)))
                if function.path.is_ident("present") && call.args.len() == 1 =>
            {
                node.path.get_ident().cloned().map(Operand::Present)
            }
            _ => None,
        },
        _ => None,
    }
    .ok_or_else(|| {
        syn::Error::new(value.span(), "an operand is the name of a node, or `present(input)`")
    })
}

/// `#[from(node)]`.
pub(super) fn read_from(
    tokens: TokenStream,
    span: Span,
    errors: &mut Diagnostics,
) -> Option<Ident> {
    let parser = |input: ParseStream<'_>| input.parse::<Ident>();
    let error = syn::Error::new(span, "expected the name of one node: `#[from(node)]`");
    errors.ok(parser.parse2(tokens).map_err(|_| error))
}
