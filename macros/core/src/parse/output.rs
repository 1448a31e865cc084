//! `#[output(loss = huber(delta = 0.5), metrics(mae, r2), weight = 0.3, standardize)]`.

use multi_input_spec::{ArgumentKind, Loss, Metric, Parameter, LOSSES, METRICS};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{parse::Parser, punctuated::Punctuated, Expr, Ident, Token};

use super::{
    argument::{self, Argument, Given},
    attribute::{self, expected, once, Entry, Form},
    number::NumberExpr,
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
};

/// What `#[output(...)]` says.
pub(crate) struct Output {
    /// The loss and the values of its parameters; `None` where it could not be read.
    pub(crate) loss: Option<LossCall>,
    pub(crate) metrics: Vec<(&'static Metric, Ident)>,
    /// How much this loss counts in the sum.
    pub(crate) weight: TokenStream,
    /// The target is standardised for training.
    pub(crate) standardize: Option<Span>,
    /// The attribute's name.
    pub(crate) span: Span,
}

/// A loss with the values of its parameters.
pub(crate) struct LossCall {
    pub(crate) spec: &'static Loss,
    pub(crate) name: Ident,
    pub(crate) values: Vec<TokenStream>,
}

/// Reads what stands between the parentheses.
pub(super) fn read(tokens: TokenStream, span: Span, errors: &mut Diagnostics) -> Output {
    let (mut losses, mut weight, mut standardize) = (None, None, None);
    let mut metrics = Vec::new();
    for Entry { name, form } in attribute::read(tokens, errors) {
        let at = name.span();
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
            ("weight", Form::Value(value)) => {
                if let Some(value) = errors.ok(read_weight(value)) {
                    once(&mut weight, value, "weight", at, errors);
                }
            }
            ("weight", _) => expected(&name, "weight = 0.5", errors),
            ("standardize", Form::Word) => once(&mut standardize, at, "standardize", at, errors),
            ("standardize", _) => expected(&name, "standardize", errors),
            (unknown, _) => {
                let names = ["loss", "metrics", "weight", "standardize"];
                let near = suggest(unknown, names);
                let all =
                    if near.is_empty() { format!("; there are {}", list(names)) } else { near };
                errors.at(at, format!("`#[output]` has no option `{unknown}`{all}"));
            }
        }
    }
    if losses.is_none() {
        let names = list(LOSSES.iter().map(|loss| loss.name));
        errors.at(
            span,
            format!("an output needs a loss: `#[output(loss = ...)]` with one of {names}"),
        );
    }
    let weight = weight.unwrap_or_else(|| quote!(1.0));
    Output { loss: losses.flatten(), metrics, weight, standardize, span }
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
    let given = match entry.form {
        Form::Word => Punctuated::new(),
        Form::Call(tokens) => {
            errors.ok(Punctuated::<Given, Token![,]>::parse_terminated.parse2(tokens))?
        }
        Form::Value(_) => {
            expected(&name, spec.name, errors);
            return None;
        }
    };
    let parameters: Vec<Parameter> = spec
        .parameters
        .iter()
        .map(|(name, _)| Parameter::optional(name, ArgumentKind::Number))
        .collect();
    let values =
        argument::read(spec.name, name.span(), &parameters, given.into_iter().collect(), errors)?;
    for (value, (parameter, _)) in values.iter().zip(spec.parameters) {
        if matches!(value, Argument::Number(number) if number.value <= 0.0) {
            errors.at(name.span(), format!("`{parameter}` of `{name}` must be above 0"));
            return None;
        }
    }
    let values = values
        .iter()
        .zip(spec.parameters)
        .map(|(value, (_, default))| match value {
            Argument::Number(number) => number.tokens.clone(),
            _ => quote!(#default),
        })
        .collect();
    Some(LossCall { spec, name, values })
}

fn read_metrics(
    names: TokenStream,
    metrics: &mut Vec<(&'static Metric, Ident)>,
    errors: &mut Diagnostics,
) {
    let names = Punctuated::<Ident, Token![,]>::parse_terminated.parse2(names).map_err(|error| {
        syn::Error::new(error.span(), "expected the names of metrics: `metrics(mae, r2)`")
    });
    for name in errors.ok(names).into_iter().flatten() {
        match METRICS.iter().find(|metric| name == metric.name) {
            Some(metric) if metrics.iter().any(|(known, _)| known.name == metric.name) => {
                errors.at(name.span(), format!("the metric `{name}` is given twice"));
            }
            Some(metric) => metrics.push((metric, name)),
            None => {
                let known = METRICS.iter().map(|metric| metric.name);
                let near = suggest(&name.to_string(), known.clone());
                let all =
                    if near.is_empty() { format!("; there are {}", list(known)) } else { near };
                errors.at(name.span(), format!("there is no metric `{name}`{all}"));
            }
        }
    }
}

fn read_weight(value: TokenStream) -> syn::Result<TokenStream> {
    let value: Expr = syn::parse2(value)?;
    let number = NumberExpr::read(&value)?;
    if number.value < 0.0 {
        let at = syn::spanned::Spanned::span(&value);
        return Err(syn::Error::new(at, "the weight of a loss is not negative"));
    }
    Ok(number.tokens)
}
