//! `#[derived(crossed(a, b, 1000))]`, `#[derived(my::Distance(a, b))]`, `#[derived(a / b, standardize)]`.

mod formula;
mod sums;

use multi_input_spec::derived::{self, arithmetic::FUNCTIONS, Derivation, DERIVATIONS};
use proc_macro2::{Span, TokenStream};
use syn::{parse::Parser, spanned::Spanned, Expr, Ident};

use super::{
    argument::{self, Argument, Given},
    attribute,
    cells::CellOptions,
    input::{self, Step},
    merge::Call,
    own::Own,
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
    text::compact,
};

pub(crate) use formula::Operation;

/// The contents of `#[derived(...)]`.
#[derive(Clone)]
pub(crate) struct Derived {
    pub(crate) by: DerivedBy,
    /// The user's token for errors.
    pub(crate) span: Span,
    /// The inputs.
    pub(crate) inputs: Vec<Ident>,
    /// The preprocessing steps, in order.
    pub(crate) steps: Vec<Step>,
    /// Whether a step could not be read, so that the shape is unknown.
    pub(crate) broken: bool,
    /// Of arithmetic, the inputs of every sum.
    pub(crate) sums: Vec<Vec<Ident>>,
    /// What is derived, as the user wrote it, in one line.
    pub(crate) text: String,
}

/// How a node is derived.
#[derive(Clone)]
pub(crate) enum DerivedBy {
    /// By a derivation of the spec.
    Named { spec: &'static Derivation, arguments: Vec<Argument> },
    /// By one of the user's own.
    Own(Own),
    /// By arithmetic, in postfix order.
    Formula(Vec<Operation>),
}

const HINT: &str = "expected what is derived of which inputs: `#[derived(crossed(first, second, \
                    1000))]`, or arithmetic such as `#[derived(first / second)]`";

/// Reads the tokens between the parentheses; `None` after reporting mistakes.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Option<Derived> {
    let mut entries = attribute::entries(tokens).into_iter();
    let Some(first) = entries.next() else {
        errors.at(span, HINT);
        return None;
    };
    let what = read_what(first, errors);
    let (mut steps, mut broken) = (Vec::new(), false);
    for entry in entries {
        broken |= read_step(entry, &mut steps, errors).is_none();
    }
    let derived = what?;
    if let (DerivedBy::Named { spec, .. }, Some(step)) = (&derived.by, steps.first()) {
        let name = spec.name;
        errors.at(step.span, format!("`{name}` gives a category, which has no steps"));
        return None;
    }
    Some(Derived { steps, broken, ..derived })
}

/// Reads what is derived.
fn read_what(tokens: TokenStream, errors: &mut Diagnostics) -> Option<Derived> {
    let text = compact(&tokens);
    let expr = syn::parse2::<Expr>(tokens.clone());
    let expr = errors.ok(expr.map_err(|error| syn::Error::new(error.span(), HINT)))?;
    let is_function = |name: &Ident| FUNCTIONS.iter().any(|(known, _)| name == known);
    match &expr {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if name.to_string().starts_with(char::is_uppercase) => {
                    own(tokens, text, errors)
                }
                Some(name) if is_function(name) => arithmetic(&expr, text, errors),
                Some(_) => of_the_spec(tokens, text, errors),
                None => own(tokens, text, errors),
            },
            _ => arithmetic(&expr, text, errors),
        },
        Expr::Path(path) => {
            errors.at(path.span(), HINT);
            None
        }
        _ => arithmetic(&expr, text, errors),
    }
}

/// `crossed(a, b, 1000)`.
fn of_the_spec(tokens: TokenStream, text: String, errors: &mut Diagnostics) -> Option<Derived> {
    let Call { name, entries } = errors.ok(syn::parse2(tokens))?;
    let Some(spec) = derived::named(&name.to_string()) else {
        let names = DERIVATIONS.iter().map(|derivation| derivation.name);
        let functions = FUNCTIONS.iter().map(|(name, _)| *name);
        let near = suggest(&name.to_string(), names.clone().chain(functions));
        let all = match near.is_empty() {
            true => {
                format!("; there is {}, and one of your own has a path: `my::{name}`", list(names))
            }
            false => near,
        };
        errors.at(name.span(), format!("nothing is derived by `{name}`{all}"));
        return None;
    };
    let (inputs, given) = errors.ok(split(entries.into_iter().collect(), &name))?;
    let inputs = read_inputs(&inputs, errors);
    let arguments = argument::read(spec.name, name.span(), spec.parameters, given, errors);
    let (inputs, arguments) = (inputs?, arguments?);
    if inputs.len() < spec.least {
        let (least, found) = (spec.least, inputs.len());
        errors.at(name.span(), format!("`{name}` takes at least {least} inputs; found {found}"));
        return None;
    }
    Some(Derived::new(DerivedBy::Named { spec, arguments }, name.span(), inputs, text))
}

/// `my::Distance(a, b, scale = 2.0)`.
fn own(tokens: TokenStream, text: String, errors: &mut Diagnostics) -> Option<Derived> {
    let (own, inputs) = errors.ok(Own::parse_of_nodes.parse2(tokens))?;
    let inputs = read_inputs(&inputs, errors)?;
    if inputs.is_empty() {
        let name = own.name();
        errors.at(own.span, format!("`{name}` takes at least one input: `{name}(first)`"));
        return None;
    }
    let span = own.span;
    Some(Derived::new(DerivedBy::Own(own), span, inputs, text))
}

/// `a / (b + 1)`.
fn arithmetic(expr: &Expr, text: String, errors: &mut Diagnostics) -> Option<Derived> {
    let (operations, inputs) = errors.ok(formula::read(expr))?;
    let Some(first) = inputs.first() else {
        errors.at(expr.span(), "this is of no input: name inputs, which begin with a small letter");
        return None;
    };
    let span = first.span();
    let derived = Derived::new(DerivedBy::Formula(operations), span, inputs, text);
    Some(Derived { sums: sums::sums(expr), ..derived })
}

impl Derived {
    fn new(by: DerivedBy, span: Span, inputs: Vec<Ident>, text: String) -> Derived {
        Derived { by, span, inputs, steps: Vec::new(), broken: false, sums: Vec::new(), text }
    }

    /// Whether a step fills missing numbers.
    pub(crate) fn fills(&self) -> bool {
        self.steps.iter().any(|step| step.spec.form.fills)
    }
}

/// Reads a step behind what is derived.
fn read_step(entry: TokenStream, steps: &mut Vec<Step>, errors: &mut Diagnostics) -> Option<()> {
    if Step::is_own(&entry) {
        return input::read_own(entry, steps, errors);
    }
    let entry = attribute::read_entry(entry, errors)?;
    // What is computed is in no file.
    let mut cells = CellOptions::default();
    if multi_input_spec::step::named(&entry.name.to_string()).is_none() {
        let (name, names) = (entry.name.to_string(), input::names());
        let near = suggest(&name, names.clone());
        let all = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
        errors.at(entry.name.span(), format!("there is no step `{name}`{all}"));
        return None;
    }
    input::read_into(&entry.name, entry.form, steps, &mut cells, errors)
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

fn read_inputs(inputs: &[Expr], errors: &mut Diagnostics) -> Option<Vec<Ident>> {
    inputs.iter().map(|value| errors.ok(input(value))).collect()
}

fn input(value: &Expr) -> syn::Result<Ident> {
    let name = match value {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    };
    name.ok_or_else(|| syn::Error::new(value.span(), "expected the name of an input"))
}
