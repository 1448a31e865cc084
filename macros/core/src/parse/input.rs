//! `#[input(standardize, resize(64, 64), missing = zeros, columns("rooms", "age"))]`.

use multi_input_spec::step::{self, STEPS};
use proc_macro2::{Span, TokenStream};
use syn::{
    parse::Parser, punctuated::Punctuated, spanned::Spanned, Expr, ExprLit, Ident, Lit, LitStr,
    Token,
};

use super::{
    argument::{self, Argument, Given},
    attribute::{self, expected, once, Entry, Form},
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
};

/// The contents of `#[input(...)]`.
#[derive(Default)]
pub(crate) struct Input {
    /// The preprocessing steps, in order.
    pub(crate) steps: Vec<Step>,
    /// Whether a step could not be read, so that the encoded shape is unknown.
    pub(crate) broken: bool,
    /// The replacement of absent values.
    pub(crate) missing: Option<(Missing, Span)>,
    /// Whether `missing` is given but could not be read.
    pub(crate) missing_unread: bool,
    /// The columns of the value in a file.
    pub(crate) columns: Option<(Vec<LitStr>, Span)>,
}

/// A preprocessing step with its arguments.
pub(crate) struct Step {
    pub(crate) spec: &'static step::Step,
    pub(crate) arguments: Vec<Argument>,
    /// The span of its name.
    pub(crate) span: Span,
}

impl Step {
    /// The input whose vocabulary it shares.
    pub(crate) fn shared_with(&self) -> Option<&Ident> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Input(name) => Some(name),
            _ => None,
        })
    }
}

/// The replacement of an absent value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Zeros,
    Mean,
    Learned,
}

const POLICIES: [(&str, Missing); 3] =
    [("zeros", Missing::Zeros), ("mean", Missing::Mean), ("learned", Missing::Learned)];

/// Reads the tokens between the parentheses.
pub(super) fn read(tokens: TokenStream, errors: &mut Diagnostics) -> Input {
    let mut input = Input::default();
    for Entry { name, form } in attribute::read(tokens, errors) {
        let span = name.span();
        let spec = step::named(&name.to_string());
        match (name.to_string().as_str(), spec, form) {
            (_, Some(_), form) => {
                let read = read_into(&name, form, &mut input.steps, errors);
                input.broken |= read.is_none();
            }
            ("missing", _, Form::Value(value)) => match errors.ok(policy(value)) {
                Some(policy) => once(&mut input.missing, policy, "missing", span, errors),
                None => input.missing_unread = true,
            },
            ("missing", ..) => {
                input.missing_unread = true;
                expected(&name, "missing = zeros", errors);
            }
            ("columns", _, Form::Call(names)) => {
                if let Some(names) = errors.ok(column_names(names)) {
                    once(&mut input.columns, (names, span), "columns", span, errors);
                }
            }
            ("columns", ..) => expected(&name, "columns(\"first\", \"second\")", errors),
            (unknown, ..) => {
                let names = STEPS.iter().map(|step| step.name).chain(["missing", "columns"]);
                let near = suggest(unknown, names.clone());
                let all =
                    if near.is_empty() { format!("; there are {}", list(names)) } else { near };
                errors.at(span, format!("`#[input]` has no option `{unknown}`{all}"));
            }
        }
    }
    input
}

/// Reads the step called `name`; `None` after reporting mistakes.
pub(super) fn read_into(
    name: &Ident,
    form: Form,
    steps: &mut Vec<Step>,
    errors: &mut Diagnostics,
) -> Option<()> {
    let (spec, span) = (step::named(&name.to_string())?, name.span());
    if steps.iter().any(|known| known.spec.name == spec.name) {
        errors.at(span, format!("`{name}` is given twice"));
    }
    let arguments = read_arguments(spec, name, form, errors)?;
    steps.push(Step { spec, arguments, span });
    Some(())
}

/// The arguments of a step, or `None` after reporting mistakes.
fn read_arguments(
    spec: &'static step::Step,
    name: &Ident,
    form: Form,
    errors: &mut Diagnostics,
) -> Option<Vec<Argument>> {
    let given = match form {
        Form::Word => Punctuated::new(),
        Form::Call(tokens) => {
            errors.ok(Punctuated::<Given, Token![,]>::parse_terminated.parse2(tokens))?
        }
        Form::Value(_) => {
            let names: Vec<&str> = spec.parameters.iter().map(|p| p.name).collect();
            let form = match names.is_empty() {
                true => spec.name.to_owned(),
                false => format!("{}({})", spec.name, names.join(", ")),
            };
            expected(name, &form, errors);
            return None;
        }
    };
    argument::read(spec.name, name.span(), spec.parameters, given.into_iter().collect(), errors)
}

fn column_names(names: TokenStream) -> syn::Result<Vec<LitStr>> {
    let names = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(names)?;
    let name = |name: Expr| match name {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => Ok(name),
        other => {
            let text = "a column is named in quotes, for the reader of rows is generated from its \
                        name: `columns(\"first\", \"second\")`";
            Err(syn::Error::new(other.span(), text))
        }
    };
    names.into_iter().map(name).collect()
}

fn policy(value: TokenStream) -> syn::Result<(Missing, Span)> {
    let name: Ident = syn::parse2(value)?;
    POLICIES
        .iter()
        .find(|(known, _)| name == known)
        .map(|(_, policy)| (*policy, name.span()))
        .ok_or_else(|| {
            let names = POLICIES.iter().map(|(name, _)| *name);
            let known = list(names);
            syn::Error::new(name.span(), format!("`missing` is one of {known}, not `{name}`"))
        })
}
