//! `#[output(loss = huber(delta = 0.5), metrics(mae, r2), weight = 0.3, standardize)]`, and
//! `#[output]`.

use multi_input_spec::{
    loss,
    step::{self, Inverse, STEPS},
    ArgumentKind, Loss, Parameter, Range, LOSSES,
};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{parse::Parser, punctuated::Punctuated, Expr, Ident, Token};

use super::{
    argument::{self, Argument, Given},
    attribute::{self, expected, once, Entry, Form},
    cells::{self, CellOptions},
    input::{self, Step},
    metric::{self, OutputMetric},
    number::NumberExpr,
    own::Own,
    wraps::{self, Wraps},
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
};

/// The kind of an output.
pub(super) enum Kind {
    /// It has a loss, and so a target.
    WithLoss(Box<Output>),
    /// It has no loss: its value is a part of the predictions. With the span of the attribute's name.
    Value(Span),
}

/// The contents of `#[output(...)]` with a loss.
#[derive(Clone)]
pub(crate) struct Output {
    /// The loss and its arguments; `None` if it could not be read.
    pub(crate) loss: Option<LossCall>,
    pub(crate) metrics: Vec<OutputMetric>,
    /// The metrics in which rows count by their weights.
    pub(crate) weighted_metrics: Vec<OutputMetric>,
    /// The weight of this loss in the total loss.
    pub(crate) weight: LossWeight,
    /// The preprocessing steps of the target, in order.
    pub(crate) steps: Vec<Step>,
    /// Whether the target is a label, whose class is learned from the training rows.
    pub(crate) categories: Option<Span>,
    /// How the target is written in files.
    pub(crate) cells: CellOptions,
    /// What the newtype of the target wraps.
    pub(crate) wraps: Option<Wraps>,
    /// The attribute's name.
    pub(crate) span: Span,
}

impl Output {
    /// All metrics, first the unweighted ones.
    pub(crate) fn all_metrics(&self) -> impl Iterator<Item = &OutputMetric> {
        self.metrics.iter().chain(&self.weighted_metrics)
    }
}

/// The weight of a loss in the total loss.
#[derive(Clone)]
pub(crate) enum LossWeight {
    Given(TokenStream),
    /// `weight = learned`: by the uncertainty of the output.
    Learned(Span),
}

/// A loss with its arguments.
#[derive(Clone)]
pub(crate) enum LossCall {
    Named(NamedLoss),
    /// A loss of the user's own.
    Own(Own),
}

impl LossCall {
    /// The loss, if it is one of the spec.
    pub(crate) fn named(&self) -> Option<&NamedLoss> {
        match self {
            LossCall::Named(loss) => Some(loss),
            LossCall::Own(_) => None,
        }
    }
}

/// A loss of the spec.
#[derive(Clone)]
pub(crate) struct NamedLoss {
    pub(crate) spec: &'static Loss,
    pub(crate) name: Ident,
    /// The values of its parameters.
    pub(crate) values: Vec<TokenStream>,
    /// The numbers that it lists.
    pub(crate) listed: Vec<TokenStream>,
}

/// Reads the tokens between the parentheses.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Kind {
    if tokens.is_empty() {
        return Kind::Value(span);
    }
    let (mut losses, mut weight, mut wraps, mut first) = (None, None, None, None);
    let (mut steps, mut categories, mut cells) = (Vec::new(), None, CellOptions::default());
    let (mut metrics, mut weighted_metrics) = (Vec::new(), Vec::new());
    let mut is_read = true;
    for entry in attribute::entries(tokens) {
        let ours = ["loss", "metrics", "weighted_metrics", "weight", "categories", wraps::NAME];
        if Own::is_written(&entry, ours.into_iter().chain(input::names()).chain(cells::NAMES)) {
            read_own_step(entry, &mut steps, errors);
            continue;
        }
        let Some(Entry { name, form }) = attribute::read_entry(entry, errors) else {
            is_read = false;
            Wraps::may_be_meant(span, &mut wraps);
            continue;
        };
        let at = name.span();
        first.get_or_insert_with(|| name.clone());
        match (name.to_string().as_str(), form) {
            ("loss", Form::Value(value)) => {
                once(&mut losses, read_loss(value, errors), "loss", at, errors)
            }
            ("loss", _) => {
                losses.get_or_insert(None);
                expected(&name, "loss = mse", errors);
            }
            ("metrics", Form::Call(names)) => metric::read_all(names, &mut metrics, errors),
            ("metrics", _) => expected(&name, "metrics(mae, r2)", errors),
            ("weighted_metrics", Form::Call(names)) => {
                metric::read_all(names, &mut weighted_metrics, errors);
            }
            ("weighted_metrics", _) => expected(&name, "weighted_metrics(mae)", errors),
            ("weight", Form::Value(value)) => {
                if let Some(value) = read_weight(value, errors) {
                    once(&mut weight, value, "weight", at, errors);
                }
            }
            ("weight", _) => expected(&name, "weight = 0.5` or `weight = learned", errors),
            ("categories", Form::Word) => once(&mut categories, at, "categories", at, errors),
            ("categories", _) => expected(&name, "categories", errors),
            (wraps::NAME, form) => Wraps::read(&name, form, &mut wraps, errors),
            (known, form) if inverting().any(|step| step.name == known) => {
                input::read_into(&name, form, &mut steps, &mut cells, errors);
            }
            (known, _) if step::named(known).is_some() => {
                let all = list(inverting().map(|step| step.name));
                errors.at(
                    at,
                    format!(
                        "nothing brings predictions back from `{name}`; a target may have {all}"
                    ),
                );
            }
            (unknown, form) => {
                if cells.read(&name, form, errors).is_none() {
                    continue;
                }
                let names =
                    ["loss", "metrics", "weighted_metrics", "weight", "categories", wraps::NAME];
                let steps = inverting().map(|step| step.name);
                let names = names.into_iter().chain(steps).chain(cells::NAMES);
                let near = suggest(unknown, names.clone());
                let all =
                    if near.is_empty() { format!("; there are {}", list(names)) } else { near };
                errors.at(at, format!("`#[output]` has no option `{unknown}`{all}"));
                Wraps::may_be_meant(at, &mut wraps);
                is_read = false;
            }
        }
    }
    // An entry that could not be read may be the loss.
    if let (None, true, Some(first)) = (&losses, is_read, first) {
        let names = list(LOSSES.iter().map(Loss::name));
        errors.at(
            first.span(),
            format!(
                "`{first}` is about a target, which an output without a loss does not have: add \
                 `loss = ...` with one of {names}, or leave `{first}` out"
            ),
        );
    }
    let weight = weight.unwrap_or_else(|| LossWeight::Given(quote!(1.0)));
    Kind::WithLoss(Box::new(Output {
        loss: losses.flatten(),
        metrics,
        weighted_metrics,
        weight,
        steps,
        categories,
        cells,
        wraps,
        span,
    }))
}

/// A step of the user's own, which rustc asks for its inverse.
fn read_own_step(entry: TokenStream, steps: &mut Vec<Step>, errors: &mut Diagnostics) {
    if input::read_own(entry, steps, errors).is_none() {
        return;
    }
    if let Some(Step { own: Some((own, Some(_))), .. }) = steps.last() {
        errors.at(
            own.span,
            format!("a target keeps its shape: leave `=> ...` out after `{}`", own.text),
        );
        steps.pop();
    }
}

/// The steps allowed for targets, which have an inverse.
fn inverting() -> impl Iterator<Item = &'static step::Step> + Clone {
    STEPS.iter().filter(|step| step.form.inverse != Inverse::None)
}

/// `mse`, `huber(delta = 0.5)` or `my::Tweedie(1.5)`.
fn read_loss(value: TokenStream, errors: &mut Diagnostics) -> Option<LossCall> {
    if Own::is_written(&value, LOSSES.iter().map(Loss::name)) {
        return errors.ok(Own::read(value)).map(LossCall::Own);
    }
    let entry = attribute::read(value, errors).into_iter().next()?;
    let name = entry.name;
    let Some(spec) = loss::named(&name.to_string()) else {
        let names = LOSSES.iter().map(Loss::name);
        let near = suggest(&name.to_string(), names.clone());
        let all = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
        errors.at(name.span(), format!("there is no loss `{name}`{all}"));
        return None;
    };
    let numbers = spec.parameters.iter();
    let numbers =
        numbers.map(|number| Parameter::optional(number.name, ArgumentKind::Number(number.range)));
    let listed = spec.listed.iter();
    let listed =
        listed.map(|(name, range)| Parameter::required(name, ArgumentKind::ListedNumbers(*range)));
    let parameters: Vec<Parameter> = numbers.chain(listed).collect();
    let mut values = arguments(&name, entry.form, spec.name(), &parameters, errors)?;
    let listed = values.split_off(spec.parameters.len());
    let values = values
        .iter()
        .zip(spec.parameters)
        .map(|(value, number)| match value {
            Argument::Number(given) => given.tokens.clone(),
            _ => {
                let default = number.default;
                quote!(#default)
            }
        })
        .collect();
    let listed = ascending(spec, &listed, errors)?;
    Some(LossCall::Named(NamedLoss { spec, name, values, listed }))
}

/// The numbers that a loss lists, which ascend; constants are compared before training.
fn ascending(
    spec: &Loss,
    listed: &[Argument],
    errors: &mut Diagnostics,
) -> Option<Vec<TokenStream>> {
    let numbers: Vec<&NumberExpr> = listed.iter().flat_map(Argument::numbers).collect();
    let what = spec.listed.map_or("", |(name, _)| name);
    if let Some(pair) = numbers.windows(2).find(|pair| pair[0].value >= pair[1].value) {
        let (before, after) = (pair[0].value, pair[1].value);
        let text =
            format!("the {what} of `{}` ascend, but {after} comes after {before}", spec.name());
        errors.at(pair[1].span, text);
        return None;
    }
    Some(numbers.into_iter().map(|number| number.tokens.clone()).collect())
}

/// The arguments of a loss or metric; the parentheses are optional.
pub(super) fn arguments(
    name: &Ident,
    form: Form,
    callee: &str,
    parameters: &[Parameter],
    errors: &mut Diagnostics,
) -> Option<Vec<Argument>> {
    let given = match form {
        Form::Word => Punctuated::new(),
        Form::Call(tokens) => {
            errors.ok(Punctuated::<Given, Token![,]>::parse_terminated.parse2(tokens))?
        }
        Form::Value(_) => {
            expected(name, callee, errors);
            return None;
        }
    };
    argument::read(callee, name.span(), parameters, given.into_iter().collect(), errors)
}

fn read_weight(value: TokenStream, errors: &mut Diagnostics) -> Option<LossWeight> {
    if let Some(word) = syn::parse2::<Ident>(value.clone()).ok().filter(|word| word == "learned") {
        return Some(LossWeight::Learned(word.span()));
    }
    let number = errors.ok(syn::parse2::<Expr>(value).and_then(|value| NumberExpr::read(&value)))?;
    let is_sound = number.require("output", "weight", Range::NonNegative, errors);
    is_sound.then_some(LossWeight::Given(number.tokens))
}
