//! `metrics(mae, top_k(k = 3), f1(average = macro), my::Within(share = 0.1))`.

use multi_input_spec::{names::Kind, ArgumentKind, Metric, Target, METRICS};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{ext::IdentExt, spanned::Spanned, Expr, Path, PathSegment};

use super::{
    argument::Argument,
    attribute::{self, Form},
    average::AverageExpr,
    number::SizeExpr,
    output::arguments,
    own::Own,
    word::Word,
};
use crate::{
    diagnostics::Diagnostics,
    suggest::list,
    text::{camel_case, compact},
};

/// A metric of an output.
#[derive(Clone)]
pub(crate) enum OutputMetric {
    /// A metric of the spec.
    Ours(MetricCall),
    /// A metric of the user's own.
    Own(Own),
}

/// A metric of the spec with its arguments.
#[derive(Clone)]
pub(crate) struct MetricCall {
    pub(crate) spec: &'static Metric,
    pub(crate) name: Ident,
    /// The type in `multi_input::metric`, and the targets it accepts.
    pub(crate) type_name: &'static str,
    pub(crate) targets: &'static [Target],
    /// The fields of the type.
    pub(crate) fields: Vec<(&'static str, TokenStream)>,
    /// The fields that are at most the number of classes.
    pub(crate) sizes: Vec<(&'static str, SizeExpr)>,
    pub(crate) average: Option<AverageExpr>,
}

impl OutputMetric {
    /// The metric of the spec, if it is one.
    pub(crate) fn ours(&self) -> Option<&MetricCall> {
        match self {
            OutputMetric::Ours(call) => Some(call),
            OutputMetric::Own(_) => None,
        }
    }

    /// The metric of the user's own, if it is one.
    pub(crate) fn own(&self) -> Option<&Own> {
        match self {
            OutputMetric::Ours(_) => None,
            OutputMetric::Own(own) => Some(own),
        }
    }

    /// What distinguishes its figure from others.
    fn key(&self) -> String {
        match self {
            OutputMetric::Ours(call) => call.key(),
            OutputMetric::Own(own) => own.text.clone(),
        }
    }

    fn span(&self) -> Span {
        match self {
            OutputMetric::Ours(call) => call.name.span(),
            OutputMetric::Own(own) => own.span,
        }
    }
}

impl MetricCall {
    /// What its figure is named after: the type, the average and the real numbers.
    fn key(&self) -> String {
        let is_size = |name: &str| self.sizes.iter().any(|(size, _)| *size == name);
        let named = self.fields.iter().filter(|(name, _)| !is_size(name));
        let fields = named.map(|(_, value)| value.to_string());
        let average = self.average.iter().map(AverageExpr::key);
        let parts = std::iter::once(self.type_name.to_owned()).chain(average).chain(fields);
        parts.collect::<Vec<_>>().join(" ")
    }
}

/// Reads the entries of `metrics(...)`.
pub(super) fn read_all(
    names: TokenStream,
    metrics: &mut Vec<OutputMetric>,
    errors: &mut Diagnostics,
) {
    let before = errors.guesses();
    for entry in attribute::listed(only_list(names, errors), errors) {
        let names = METRICS.iter().map(|metric| metric.name);
        let is_own = Own::is_written(&entry, names, Kind::Metric);
        let read = errors.guess_once(before, |errors| match is_own {
            true => own(entry, errors).map(OutputMetric::Own),
            false => ours(entry, errors).map(OutputMetric::Ours),
        });
        let Some(metric) = read else { continue };
        match metrics.iter().any(|known| known.key() == metric.key()) {
            true => {
                let name = match &metric {
                    OutputMetric::Ours(call) => call.name.to_string(),
                    OutputMetric::Own(own) => own.text.clone(),
                };
                errors.at(metric.span(), format!("the metric `{name}` is given twice"));
            }
            false => metrics.push(metric),
        }
    }
}

/// `mae, r2` of `metrics([mae, r2])`, which is reported.
fn only_list(names: TokenStream, errors: &mut Diagnostics) -> TokenStream {
    let inner = attribute::without_brackets(names.clone());
    let is_list = !names.is_empty() && inner.to_string() != names.to_string();
    if is_list {
        let text = format!("write the names of metrics without brackets: `{}`", compact(&inner));
        errors.guess(names.span(), text);
    }
    inner
}

/// `mae`, `f1(average = micro)`.
fn ours(entry: TokenStream, errors: &mut Diagnostics) -> Option<MetricCall> {
    let Some(word) = Word::alone(&entry) else {
        let (at, found) = (entry.span(), compact(&entry));
        errors.at(
            at,
            format!("expected the name of a metric, as in `metrics(mae)`; found `{found}`"),
        );
        return None;
    };
    let otherwise = || {
        let known = list(METRICS.iter().map(|metric| metric.name));
        let own = camel_case(&word.text);
        format!("; there are {known}, and a metric of your own is named by its path: `my::{own}`")
    };
    let kinds = &[Kind::Metric];
    let (name, is_reported) = word.name_of(kinds, "there is no metric", otherwise, errors)?;
    let spec = METRICS.iter().find(|metric| metric.name == name)?;
    let name = Ident::new(spec.name, word.span);
    let form = word.arguments.map_or(Form::Word, |tokens| Form::Call(with_raw_macro(tokens)));
    match is_reported {
        true => errors.quietly(|errors| ours_of(spec, name, form, errors)).0,
        false => ours_of(spec, name, form, errors),
    }
}

/// A metric of the spec with its arguments.
fn ours_of(
    spec: &'static Metric,
    name: Ident,
    form: Form,
    errors: &mut Diagnostics,
) -> Option<MetricCall> {
    let values = arguments(&name, form, spec.name, spec.parameters, errors)?;
    call(spec, name, &values, errors)
}

/// A metric with the values of its parameters.
fn call(
    spec: &'static Metric,
    name: Ident,
    values: &[Argument],
    errors: &mut Diagnostics,
) -> Option<MetricCall> {
    let (type_name, targets) = (spec.type_name, spec.targets);
    let (fields, sizes) = (Vec::new(), Vec::new());
    let mut call = MetricCall { spec, name, type_name, targets, fields, sizes, average: None };
    let mut averages = None;
    for (parameter, value) in spec.parameters.iter().zip(values) {
        match (parameter.kind, value) {
            (ArgumentKind::Size, value) => {
                let size = match value {
                    Argument::Size(size) => size.clone(),
                    _ => SizeExpr::literal(parameter.default.parse().ok()?, call.name.span()),
                };
                call.fields.push((parameter.name, size.tokens.clone()));
                call.sizes.push((parameter.name, size));
            }
            (_, Argument::Number(number)) => {
                call.fields.push((parameter.name, number.tokens.clone()));
            }
            (ArgumentKind::Number(_), _) => {
                let default: f64 = parameter.default.parse().ok()?;
                call.fields.push((parameter.name, quote!(#default)));
            }
            (_, Argument::Average(average)) => call.average = Some(average.clone()),
            (_, Argument::Word(word, _)) => {
                if let Some(variant) = spec.variants.iter().find(|variant| variant.word == *word) {
                    (call.type_name, call.targets) = (variant.type_name, variant.targets);
                    averages = Some((variant.averages, *word));
                }
            }
            _ => {}
        }
    }
    if let (Some(average), Some((averages, word))) = (&call.average, averages) {
        if !averages.contains(&average.word) {
            let has = list(averages.iter().copied());
            let text = format!("`{word}` has the averages {has}, not `{}`", average.word);
            errors.at(average.span, text);
            return None;
        }
    }
    Some(call)
}

/// `my::Within(share = 0.1)`, by the path of its type.
fn own(entry: TokenStream, errors: &mut Diagnostics) -> Option<Own> {
    let own = errors.ok(Own::read(entry))?;
    let name = own.name();
    if own.type_path().is_none() {
        errors.at(
            own.span,
            format!(
                "a metric is named by the path of its type, and `{name}` is no name of a type: \
                 write `{}` with its fields, or a function of the type as in `my::Within::{name}(..)`",
                camel_case(&name)
            ),
        );
        return None;
    }
    let has_fields = matches!(syn::parse2(own.expression.clone()), Ok(Expr::Struct(_)));
    if own.member().is_some() && has_fields {
        let text = format!("`{name}` is no type, so that its arguments have no names");
        errors.at(own.span, text);
        return None;
    }
    Some(own)
}

impl Own {
    /// The path of its type, which is all of the path, or for a function or a constant of the type
    /// the part before it; `None` for a function that belongs to no type.
    pub(crate) fn type_path(&self) -> Option<Path> {
        let Path { leading_colon, segments } = &self.path;
        let segments: Vec<_> = segments.iter().cloned().collect();
        match self.member() {
            None if is_lower_case(&self.name()) => None,
            None => Some(self.path.clone()),
            Some(_) => Some(Path {
                leading_colon: *leading_colon,
                segments: segments[..segments.len() - 1].iter().cloned().collect(),
            }),
        }
    }

    /// The name of its type.
    pub(crate) fn type_name(&self) -> String {
        let path = self.type_path();
        let last = path.iter().flat_map(|path| path.segments.last()).next();
        last.map_or_else(|| self.name(), |last| last.ident.unraw().to_string())
    }

    /// The function or constant of a type that its path names last, as in `my::Within::new`.
    fn member(&self) -> Option<&PathSegment> {
        let mut segments = self.path.segments.iter().rev();
        let (last, before) = (segments.next()?, segments.next()?);
        let (name, owner) = (self.name(), before.ident.unraw().to_string());
        let is_constant = name.len() > 1 && !name.contains(char::is_lowercase);
        let is_type = owner.starts_with(char::is_uppercase);
        (is_type && (is_lower_case(&name) || is_constant)).then_some(last)
    }

    /// The value as an expression of the type `alias`, so that a path that leads nowhere is
    /// mentioned, and reported, at one place: `Alias { 0: 0.1 }` for `my::Within(0.1)`.
    pub(crate) fn value_of(&self, alias: &Ident) -> TokenStream {
        match (syn::parse2::<Expr>(self.expression.clone()), self.member()) {
            (Ok(Expr::Call(call)), Some(function)) => {
                let arguments = &call.args;
                quote!(#alias::#function(#arguments))
            }
            (Ok(Expr::Call(call)), None) => {
                let fields = call.args.iter().enumerate().map(|(index, value)| {
                    let index = syn::Index { index: index as u32, span: self.span };
                    quote!(#index: #value)
                });
                quote!(#alias { #(#fields),* })
            }
            (Ok(Expr::Struct(given)), _) => {
                let fields = &given.fields;
                quote!(#alias { #fields })
            }
            (_, Some(constant)) => quote!(#alias::#constant),
            _ => quote!(#alias {}),
        }
    }
}

/// Whether a name begins as those of functions do.
fn is_lower_case(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_lowercase())
}

/// `macro` is a keyword, which an expression has as `r#macro`.
fn with_raw_macro(tokens: TokenStream) -> TokenStream {
    let raw = |tree: TokenTree| match tree {
        TokenTree::Ident(word) if word == "macro" => {
            TokenTree::Ident(Ident::new_raw("macro", word.span()))
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), with_raw_macro(group.stream()));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    };
    tokens.into_iter().map(raw).collect()
}
