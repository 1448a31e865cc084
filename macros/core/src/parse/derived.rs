//! `#[derived(crossed(a, b, 1000))]`.

use multi_input_spec::derived::{self, Derivation, DERIVATIONS};
use proc_macro2::{Span, TokenStream};
use syn::{spanned::Spanned, Expr, Ident};

use super::{
    argument::{self, Argument, Given},
    merge::Call,
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
    text::compact,
};

/// The contents of `#[derived(...)]`.
#[derive(Clone)]
pub(crate) struct Derived {
    pub(crate) spec: &'static Derivation,
    /// The derivation's name, as the user's token.
    pub(crate) name: Ident,
    /// The inputs.
    pub(crate) inputs: Vec<Ident>,
    pub(crate) arguments: Vec<Argument>,
    /// As the user wrote it, in one line.
    pub(crate) text: String,
}

/// Reads the tokens between the parentheses; `None` after reporting mistakes.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Option<Derived> {
    let text = compact(&tokens);
    let Call { name, entries } = errors.ok(syn::parse2(tokens).map_err(|error| {
        let hint = "expected what is derived of which inputs: \
                    `#[derived(crossed(first, second, 1000))]`";
        let at = if text.is_empty() { span } else { error.span() };
        syn::Error::new(at, hint)
    }))?;
    let Some(spec) = derived::named(&name.to_string()) else {
        let names = DERIVATIONS.iter().map(|derivation| derivation.name);
        let near = suggest(&name.to_string(), names.clone());
        let all = if near.is_empty() { format!("; there is {}", list(names)) } else { near };
        errors.at(name.span(), format!("nothing is derived by `{name}`{all}"));
        return None;
    };
    let (inputs, given) = errors.ok(split(entries.into_iter().collect(), &name))?;
    let read: Option<Vec<Ident>> =
        inputs.iter().map(|input| errors.ok(self::input(input))).collect();
    let arguments = argument::read(spec.name, name.span(), spec.parameters, given, errors);
    let (inputs, arguments) = (read?, arguments?);
    if inputs.len() < spec.least {
        let (least, found) = (spec.least, inputs.len());
        errors.at(name.span(), format!("`{name}` takes at least {least} inputs; found {found}"));
        return None;
    }
    Some(Derived { spec, name, inputs, arguments, text })
}

/// Splits the entries into inputs and arguments. If no argument is named, the last entry is the
/// number of buckets.
fn split(entries: Vec<Given>, name: &Ident) -> syn::Result<(Vec<Expr>, Vec<Given>)> {
    let (mut inputs, mut given) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.name {
            Some(_) => given.push(entry),
            None => inputs.push(entry.value),
        }
    }
    let named = |entry: &Given| entry.name.as_ref().is_some_and(|name| name == "buckets");
    if !given.iter().any(named) {
        let last = inputs.pop().filter(|last| !is_node(last));
        let value = last.ok_or_else(|| {
            let text = format!(
                "`{name}` needs the number of its buckets behind the inputs: \
                 `{name}(first, second, 1000)`"
            );
            syn::Error::new(name.span(), text)
        })?;
        given.insert(0, Given { name: None, value });
    }
    Ok((inputs, given))
}

/// Whether an identifier is named like a node, not like a constant.
fn is_node(value: &Expr) -> bool {
    input(value).is_ok_and(|name| name.to_string().chars().any(char::is_lowercase))
}

fn input(value: &Expr) -> syn::Result<Ident> {
    let name = match value {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    };
    name.ok_or_else(|| syn::Error::new(value.span(), "expected the name of an input"))
}
