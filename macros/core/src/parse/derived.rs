//! `#[derived(crossed(a, b, 1000))]`, `#[derived(my::Distance(a, b))]`, `#[derived(a / b, standardize)]`.

mod formula;
mod sums;

use multi_input_spec::{
    derived::{self, arithmetic::FUNCTIONS, Derivation, DERIVATIONS},
    names::Kind,
    Range,
};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{parse::Parser, spanned::Spanned, Expr, Ident};

use super::{
    argument::{self, Argument},
    attribute,
    cells::CellOptions,
    given::{self, Given},
    input::{self, Step},
    own::Own,
    word::{plain, Word},
};
use crate::{diagnostics::Diagnostics, suggest::list, text::compact};

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
    let mut entries = attribute::listed(tokens, errors).into_iter();
    let Some(first) = entries.next() else {
        errors.at(span, HINT);
        return None;
    };
    let what = read_what(first, errors);
    let (mut steps, mut broken) = (Vec::new(), false);
    let derived = what?;
    for entry in entries {
        broken |= read_step(entry, &mut steps, errors).is_none();
    }
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
                Some(name) if is_of_user(&name.to_string()) => own(tokens, text, errors),
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

/// Whether a derivation of this name is the user's own.
fn is_of_user(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && Kind::Derivation.find(name).is_none()
}

/// `crossed(a, b, 1000)`.
fn of_the_spec(tokens: TokenStream, text: String, errors: &mut Diagnostics) -> Option<Derived> {
    let Some((word, entries)) =
        Word::alone(&tokens).and_then(|mut word| word.arguments.take().map(|given| (word, given)))
    else {
        errors.at(tokens.span(), HINT);
        return None;
    };
    let otherwise = || {
        let names = list(DERIVATIONS.iter().map(|derivation| derivation.name));
        format!("; there is {names}, and one of your own has a path: `my::{}`", word.text)
    };
    let kinds = &[Kind::Derivation, Kind::Function];
    let (meant, is_reported) = word.name_of(kinds, "nothing is derived by", otherwise, errors)?;
    let (spec, name) = (derived::named(meant)?, Ident::new(meant, word.span));
    match is_reported {
        true => errors.quietly(|errors| of_spec(spec, name, entries, text, errors)).0,
        false => of_spec(spec, name, entries, text, errors),
    }
}

/// A derivation of the spec of what stands in its parentheses.
fn of_spec(
    spec: &'static Derivation,
    name: Ident,
    entries: TokenStream,
    text: String,
    errors: &mut Diagnostics,
) -> Option<Derived> {
    let entries = given::read(entries, errors)?;
    let (inputs, given) = errors.ok(split(entries, &name))?;
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
    let (mut own, inputs) = errors.ok(Own::parse_of_nodes.parse2(tokens))?;
    own.leave_to_rustc(errors);
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
    let (mut operations, inputs) = errors.ok(formula::read(expr))?;
    for operation in &mut operations {
        if let Operation::Constant(number) = operation {
            number.require("derived", "constant", Range::Finite, errors);
        }
    }
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
    let before = errors.guesses();
    let entry = attribute::read_entry(entry, errors)?;
    let entry = input::option(entry, "#[derived]", &[], errors)?;
    // What is computed is in no file.
    let mut cells = CellOptions::default();
    errors.unless_guessed(before, |errors| input::read_into(entry, steps, &mut cells, errors))
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
    plain(value).cloned().ok_or_else(|| {
        let found = compact(&value.to_token_stream());
        syn::Error::new(value.span(), format!("expected the name of an input; found `{found}`"))
    })
}
