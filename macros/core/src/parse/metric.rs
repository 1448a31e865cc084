//! `metrics(mae, top_k(k = 3))`.

use multi_input_spec::{ArgumentKind, Metric, Parameter, METRICS};
use proc_macro2::{Ident, TokenStream};

use super::{
    argument::Argument,
    attribute::{self, Entry, Form},
    number::SizeExpr,
    output::arguments,
};
use crate::{
    diagnostics::Diagnostics,
    suggest::{list, suggest},
};

/// A metric with its arguments.
pub(crate) struct MetricCall {
    pub(crate) spec: &'static Metric,
    pub(crate) name: Ident,
    pub(crate) values: Vec<SizeExpr>,
}

/// `mae, top_k(k = 3)`.
pub(super) fn read_all(
    names: TokenStream,
    metrics: &mut Vec<MetricCall>,
    errors: &mut Diagnostics,
) {
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
