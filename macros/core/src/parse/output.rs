//! `#[output(loss = huber(delta = 0.5), metrics(mae, r2), weight = 0.3, standardize)]`, and
//! `#[output]`.

use multi_input_spec::{
    step::{self, Inverse, STEPS},
    ArgumentKind, Loss, Metric, Parameter, Range, LOSSES, METRICS,
};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{parse::Parser, punctuated::Punctuated, Expr, Ident, Token};

use super::{
    argument::{self, Argument, Given},
    attribute::{self, expected, once, Entry, Form},
    cells::{self, CellOptions},
    input::{self, Step},
    number::{NumberExpr, SizeExpr},
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
    pub(crate) metrics: Vec<MetricCall>,
    /// The metrics in which rows count by their weights.
    pub(crate) weighted_metrics: Vec<MetricCall>,
    /// The weight of this loss in the total loss.
    pub(crate) weight: TokenStream,
    /// The preprocessing steps of the target, in order.
    pub(crate) steps: Vec<Step>,
    /// Whether the target is a label, whose class is learned from the training rows.
    pub(crate) categories: Option<Span>,
    /// How the target is written in files.
    pub(crate) cells: CellOptions,
    /// The attribute's name.
    pub(crate) span: Span,
}

/// A loss with its arguments.
#[derive(Clone)]
pub(crate) struct LossCall {
    pub(crate) spec: &'static Loss,
    pub(crate) name: Ident,
    pub(crate) values: Vec<TokenStream>,
}

/// A metric with its arguments.
#[derive(Clone)]
pub(crate) struct MetricCall {
    pub(crate) spec: &'static Metric,
    pub(crate) name: Ident,
    pub(crate) values: Vec<SizeExpr>,
}

/// Reads the tokens between the parentheses.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Kind {
    if tokens.is_empty() {
        return Kind::Value(span);
    }
    let (mut losses, mut weight, mut first) = (None, None, None);
    let written = attribute::entries(tokens.clone()).len();
    let (mut steps, mut categories, mut cells) = (Vec::new(), None, CellOptions::default());
    let (mut metrics, mut weighted_metrics) = (Vec::new(), Vec::new());
    let entries = attribute::read(tokens, errors);
    let mut is_read = entries.len() == written;
    for Entry { name, form } in entries {
        let at = name.span();
        first.get_or_insert_with(|| name.clone());
        match (name.to_string().as_str(), form) {
            ("loss", Form::Value(value)) => {
                once(&mut losses, loss(value, errors), "loss", at, errors)
            }
            ("loss", _) => {
                losses.get_or_insert(None);
                expected(&name, "loss = mse", errors);
            }
            ("metrics", Form::Call(names)) => read_metrics(names, &mut metrics, errors),
            ("metrics", _) => expected(&name, "metrics(mae, r2)", errors),
            ("weighted_metrics", Form::Call(names)) => {
                read_metrics(names, &mut weighted_metrics, errors);
            }
            ("weighted_metrics", _) => expected(&name, "weighted_metrics(mae)", errors),
            ("weight", Form::Value(value)) => {
                if let Some(value) = read_weight(value, errors) {
                    once(&mut weight, value, "weight", at, errors);
                }
            }
            ("weight", _) => expected(&name, "weight = 0.5", errors),
            ("categories", Form::Word) => once(&mut categories, at, "categories", at, errors),
            ("categories", _) => expected(&name, "categories", errors),
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
                let names = ["loss", "metrics", "weighted_metrics", "weight", "categories"];
                let steps = inverting().map(|step| step.name);
                let names = names.into_iter().chain(steps).chain(cells::NAMES);
                let near = suggest(unknown, names.clone());
                let all =
                    if near.is_empty() { format!("; there are {}", list(names)) } else { near };
                errors.at(at, format!("`#[output]` has no option `{unknown}`{all}"));
                is_read = false;
            }
        }
    }
    // An entry that could not be read may be the loss.
    if let (None, true, Some(first)) = (&losses, is_read, first) {
        let names = list(LOSSES.iter().map(|loss| loss.name));
        errors.at(
            first.span(),
            format!(
                "`{first}` is about a target, which an output without a loss does not have: add \
                 `loss = ...` with one of {names}, or leave `{first}` out"
            ),
        );
    }
    let weight = weight.unwrap_or_else(|| quote!(1.0));
    Kind::WithLoss(Box::new(Output {
        loss: losses.flatten(),
        metrics,
        weighted_metrics,
        weight,
        steps,
        categories,
        cells,
        span,
    }))
}

/// The steps allowed for targets, which have an inverse.
fn inverting() -> impl Iterator<Item = &'static step::Step> + Clone {
    STEPS.iter().filter(|step| step.form.inverse != Inverse::None)
}

/// `mse` or `huber(delta = 0.5)`.
fn loss(value: TokenStream, errors: &mut Diagnostics) -> Option<LossCall> {
    let entry = attribute::read(value, errors).into_iter().next()?;
    let name = entry.name;
    let Some(spec) = LOSSES.iter().find(|loss| name == loss.name) else {
        let names = LOSSES.iter().map(|loss| loss.name);
        let near = suggest(&name.to_string(), names.clone());
        let all = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
        errors.at(name.span(), format!("there is no loss `{name}`{all}"));
        return None;
    };
    let parameters: Vec<Parameter> = spec
        .parameters
        .iter()
        .map(|number| Parameter::optional(number.name, ArgumentKind::Number(number.range)))
        .collect();
    let values = arguments(&name, entry.form, spec.name, &parameters, errors)?;
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
    Some(LossCall { spec, name, values })
}

/// The arguments of a loss or metric; the parentheses are optional.
fn arguments(
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

/// `mae, top_k(k = 3)`.
fn read_metrics(names: TokenStream, metrics: &mut Vec<MetricCall>, errors: &mut Diagnostics) {
    for Entry { name, form } in attribute::read(names, errors) {
        if let Form::Value(_) = form {
            let example = "expected the names of metrics: `metrics(mae, r2)`";
            errors.at(name.span(), example);
            continue;
        }
        let Some(spec) = METRICS.iter().find(|metric| name == metric.name) else {
            let known = METRICS.iter().map(|metric| metric.name);
            let near = suggest(&name.to_string(), known.clone());
            let all = if near.is_empty() { format!("; there are {}", list(known)) } else { near };
            errors.at(name.span(), format!("there is no metric `{name}`{all}"));
            continue;
        };
        if metrics.iter().any(|known| known.spec.name == spec.name) {
            errors.at(name.span(), format!("the metric `{name}` is given twice"));
            continue;
        }
        let parameters: Vec<Parameter> = spec
            .parameters
            .iter()
            .map(|(name, _)| Parameter::optional(name, ArgumentKind::Size))
            .collect();
        let Some(values) = arguments(&name, form, spec.name, &parameters, errors) else { continue };
        let values =
            values.into_iter().zip(spec.parameters).map(|(value, (_, default))| match value {
                Argument::Size(size) => size,
                _ => SizeExpr::literal(*default, name.span()),
            });
        let values = values.collect();
        metrics.push(MetricCall { spec, name, values });
    }
}

fn read_weight(value: TokenStream, errors: &mut Diagnostics) -> Option<TokenStream> {
    let number = errors.ok(syn::parse2::<Expr>(value).and_then(|value| NumberExpr::read(&value)))?;
    let is_sound = number.require("output", "weight", Range::NonNegative, errors);
    is_sound.then_some(number.tokens)
}
