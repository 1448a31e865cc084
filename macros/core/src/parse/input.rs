//! `#[input(standardize, resize(64, 64), missing = zeros, columns("rooms", "age"))]`.

use multi_input_spec::step::{self, STEPS};
use proc_macro2::{Span, TokenStream};
use syn::{
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    Ident, Token,
};

use super::{
    argument::{self, Argument, Given},
    attribute::{self, expected, once, Entry, Form},
    cells::{self, CellOptions},
    claim::Claim,
    own::{self, Own},
    wraps::{self, Wraps},
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
};

/// The contents of `#[input(...)]`.
#[derive(Clone, Default)]
pub(crate) struct Input {
    /// The preprocessing steps, in order.
    pub(crate) steps: Vec<Step>,
    /// The index of the first step that could not be read, after which the shape is unknown.
    pub(crate) broken_at: Option<usize>,
    /// The replacement of absent values.
    pub(crate) missing: Option<(Missing, Span)>,
    /// Whether `missing` is given but could not be read.
    pub(crate) missing_unread: bool,
    /// How the value is written in files.
    pub(crate) cells: CellOptions,
    /// What its newtype wraps.
    pub(crate) wraps: Option<Wraps>,
}

/// A preprocessing step with its arguments.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) spec: &'static step::Step,
    pub(crate) arguments: Vec<Argument>,
    /// The step, where it is of the user's own, with the shape claimed for its output.
    pub(crate) own: Option<(Own, Option<Claim>)>,
    /// The span of its name.
    pub(crate) span: Span,
}

impl Input {
    /// Whether a step fills missing numbers.
    pub(crate) fn fills(&self) -> bool {
        self.steps.iter().any(|step| step.spec.form.fills)
    }

    /// Whether its texts are read for their content, not as names of categories. A step that only
    /// divides texts says that of a text, not of the items of a list.
    pub(crate) fn reads_within(&self, are_items: bool) -> bool {
        let mut steps =
            self.steps.iter().filter(|step| !(are_items && step.spec.form.keeps_values));
        steps.any(|step| step.spec.form.reads_within)
    }
}

impl Step {
    /// Whether an entry is a step of the user's own.
    pub(super) fn is_own(entry: &TokenStream) -> bool {
        Own::is_written(entry, names().chain(["missing", wraps::NAME]).chain(cells::NAMES))
    }

    /// As the user calls it.
    pub(crate) fn name(&self) -> &str {
        self.own.as_ref().map_or(self.spec.name, |(own, _)| &own.text)
    }

    /// The argument of the parameter `name`.
    pub(crate) fn argument(&self, name: &str) -> Option<&Argument> {
        let index = self.spec.parameters.iter().position(|parameter| parameter.name == name);
        self.arguments.get(index?)
    }

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
    for entry in attribute::entries(tokens) {
        let index = input.steps.len();
        if Step::is_own(&entry) {
            if read_own(entry, &mut input.steps, errors).is_none() {
                input.broken_at.get_or_insert(index);
            }
            continue;
        }
        let Some(Entry { name, form }) = attribute::read_entry(entry, errors) else {
            Wraps::may_be_meant(Span::call_site(), &mut input.wraps);
            continue;
        };
        let span = name.span();
        let spec = step::named(&name.to_string());
        match (name.to_string().as_str(), spec, form) {
            (_, Some(_), form) => {
                let Input { steps, cells, .. } = &mut input;
                if read_into(&name, form, steps, cells, errors).is_none() {
                    input.broken_at.get_or_insert(index);
                }
            }
            ("missing", _, Form::Value(value)) => match errors.ok(policy(value)) {
                Some(policy) => once(&mut input.missing, policy, "missing", span, errors),
                None => input.missing_unread = true,
            },
            ("missing", _, Form::Word) => {
                input.missing_unread = true;
                expected(&name, "missing = zeros` or `missing(\"NA\")", errors);
            }
            (wraps::NAME, _, form) => Wraps::read(&name, form, &mut input.wraps, errors),
            (unknown, _, form) => {
                if input.cells.read(&name, form, errors).is_none() {
                    continue;
                }
                let names = names().chain(cells::NAMES).chain([wraps::NAME]);
                let near = suggest(unknown, names.clone());
                let all =
                    if near.is_empty() { format!("; there are {}", list(names)) } else { near };
                errors.at(span, format!("`#[input]` has no option `{unknown}`{all}"));
                Wraps::may_be_meant(span, &mut input.wraps);
            }
        }
    }
    input
}

/// The names of all steps of ours.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    STEPS.iter().map(|step| step.name)
}

/// Reads a step of the user's own, `my::Winsorize(0.01)` or `my::Polynomial(3) => [3]`; `None` after
/// reporting mistakes.
pub(super) fn read_own(
    entry: TokenStream,
    steps: &mut Vec<Step>,
    errors: &mut Diagnostics,
) -> Option<()> {
    let parser = |input: ParseStream<'_>| {
        let read = (Own::parse(input)?, Claim::parse(input)?);
        own::end(input).map(|()| read)
    };
    let (own, claim) = errors.ok(parser.parse2(entry))?;
    claim.iter().for_each(|claim| claim.require(errors));
    let span = own.span;
    steps.push(Step {
        spec: &step::own::STEP,
        arguments: Vec::new(),
        own: Some((own, claim)),
        span,
    });
    Some(())
}

/// Reads the step called `name`; `None` after reporting mistakes.
pub(super) fn read_into(
    name: &Ident,
    form: Form,
    steps: &mut Vec<Step>,
    cells: &mut CellOptions,
    errors: &mut Diagnostics,
) -> Option<()> {
    let (spec, span) = (step::named(&name.to_string())?, name.span());
    if steps.iter().any(|known| known.spec.name == spec.name) {
        errors.at(span, format!("`{name}` is given twice"));
        return None;
    }
    let arguments = read_arguments(spec, name, form, cells, errors)?;
    steps.push(Step { spec, arguments, own: None, span });
    Some(())
}

/// The arguments of a step, or `None` after reporting mistakes.
fn read_arguments(
    spec: &'static step::Step,
    name: &Ident,
    form: Form,
    cells: &mut CellOptions,
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
    let mut given: Vec<Given> = given.into_iter().collect();
    if spec.form.reads_dates {
        given = cells.take_date(given, errors);
    }
    argument::read(spec.name, name.span(), spec.parameters, given, errors)
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
