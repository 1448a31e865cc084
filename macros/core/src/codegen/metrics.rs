//! The metrics of outputs: their values in the graph, their types for monitors, and the checks of
//! those of the user's own.

use std::collections::BTreeSet;

use multi_input_spec::Target;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::LitStr;

use super::{graph::construct, paths::Paths, signatures::Reported, Expansion};
use crate::{
    parse::{AverageExpr, LabelExpr, MetricCall, OutputMetric, Own},
    text::plain,
};

/// A metric as an object: `&Erased(&F1)`. One of the user's own is an object whatever its type is; `check`
/// reports a type that is no metric.
pub(super) fn value(paths: &Paths, metric: &OutputMetric, columns: &[LitStr]) -> TokenStream {
    let krate = &paths.krate;
    match metric {
        OutputMetric::Ours(call) => {
            let value = ours(krate, call, columns);
            quote!(&#krate::metric::Erased(&#value))
        }
        OutputMetric::Own(own) => {
            let (alias, declaration) = alias(own);
            let (value, private) = (own.value_of(&alias), &paths.private);
            quote! {
                {
                    #declaration
                    struct Own;
                    impl #private::OwnMetric for Own {
                        type Metric = #alias;
                        const VALUE: &'static #alias = &#value;
                    }
                    #[allow(unused_imports)]
                    use #private::NoMetric as _;
                    #private::MetricObject::<Own>::METRIC
                }
            }
        }
    }
}

/// `F1`, or `Averaged { metric: F1, average: Average::Micro }`.
fn ours(krate: &TokenStream, call: &MetricCall, columns: &[LitStr]) -> TokenStream {
    let names = call.fields.iter().map(|(name, _)| *name);
    let values: Vec<_> = call.fields.iter().map(|(_, value)| value.clone()).collect();
    let value = construct(call.type_name, names, &values);
    let value = quote!(#krate::metric::#value);
    match &call.average {
        None => value,
        Some(given) => {
            let average = average(krate, given, columns);
            quote!(#krate::metric::Averaged { metric: #value, average: #average })
        }
    }
}

fn average(krate: &TokenStream, average: &AverageExpr, columns: &[LitStr]) -> TokenStream {
    let metric = quote!(#krate::metric);
    let label = average.label.as_ref().map(|label| match label {
        LabelExpr::Index(class) => {
            let class = &class.tokens;
            quote!(Index(#class))
        }
        LabelExpr::Text(text) => {
            let column = columns.iter().position(|column| column.value() == text.value());
            match column {
                Some(index) => quote!(Index(#index)),
                None => quote!(Text(#text)),
            }
        }
    });
    match (average.word, label) {
        (_, Some(label)) => quote!(#metric::Average::Binary(#metric::Label::#label)),
        ("micro", _) => quote!(#metric::Average::Micro),
        ("weighted", _) => quote!(#metric::Average::Weighted),
        _ => quote!(#metric::Average::Macro),
    }
}

/// The metrics that an output reports, for monitors: each is in the list of the output's handle.
pub(super) fn reported(paths: &Paths, output: &Ident, metrics: &[OutputMetric]) -> Reported {
    let (krate, list) = (&paths.krate, format_ident!("metrics_of_{}", plain(output)));
    let types = metrics.iter().filter_map(OutputMetric::ours).map(|call| {
        let ty = our_type(krate, call.type_name);
        match call.average {
            Some(_) => quote!(#krate::metric::Averaged<#ty>),
            None => ty,
        }
    });
    let ours = distinct(types).map(|ty| quote!(impl #krate::metric::ReportedIn<#list> for #ty {}));
    let own = metrics.iter().filter_map(OutputMetric::own).map(alias);
    let own = distinct(own.map(|(alias, declaration)| {
        quote! {
            const _: () = {
                #declaration
                impl #krate::metric::ReportedIn<#list> for #alias {}
            };
        }
    }));
    Reported { impls: quote!(#(#ours)* #(#own)*), list }
}

fn our_type(krate: &TokenStream, name: &str) -> TokenStream {
    let ty = Ident::new(name, Span::call_site());
    quote!(#krate::metric::#ty)
}

/// Each of the tokens once.
fn distinct(all: impl Iterator<Item = TokenStream>) -> impl Iterator<Item = TokenStream> {
    let mut seen = BTreeSet::new();
    all.filter(move |tokens| seen.insert(tokens.to_string()))
}

/// The checks of all metrics of the user's own: that they measure the target, by a name of their
/// own.
pub(super) fn checks(expansion: &Expansion<'_>) -> TokenStream {
    let graph = &expansion.checked.graph;
    let outputs = graph.outputs().filter_map(|node| {
        let node = &graph.nodes[node];
        Some((plain(node.name()), node.target()?, node.field.output.as_ref()?))
    });
    let checks = outputs.flat_map(|(field, target, output)| {
        let own = output.all_metrics().filter_map(OutputMetric::own);
        own.map(move |own| check(&expansion.paths, &field, target, own))
    });
    quote!(#(#checks)*)
}

/// A local trait gives the message for a type that is no metric.
fn check(paths: &Paths, field: &str, target: Target, own: &Own) -> TokenStream {
    let (krate, spec) = (&paths.krate, &paths.spec);
    let (alias, declaration) = alias(own);
    let (target, name) = (format_ident!("{target:?}"), own.type_name());
    let message = format!("`{field}`: `{name}` is no metric");
    quote_spanned! {own.span=>
        const _: () = {
            #declaration
            #[diagnostic::on_unimplemented(
                message = #message,
                label = "implement `multi_input::metric::Metric` for it"
            )]
            trait Measures {
                const NAME: &'static ::std::primitive::str;
                const TARGETS: &'static [#spec::Target];
            }
            #[diagnostic::do_not_recommend]
            impl<T: #krate::metric::Metric> Measures for T {
                const NAME: &'static ::std::primitive::str = T::NAME;
                const TARGETS: &'static [#spec::Target] = T::TARGETS;
            }
            if let ::std::result::Result::Err(text_) = #spec::metric::check_own(
                #field,
                #spec::Target::#target,
                #name,
                <#alias as Measures>::NAME,
                <#alias as Measures>::TARGETS,
            ) {
                ::std::panic!("{}", #spec::Text::as_str(&text_));
            }
        };
    }
}

/// The name of a metric's type in the expansion, and its declaration. The path stands there alone,
/// so that rustc reports one that leads nowhere in the same words each time, which it shows once.
fn alias(own: &Own) -> (Ident, TokenStream) {
    let (alias, path) = (Ident::new("__OwnMetric", own.span), own.type_path());
    let declaration = quote_spanned!(own.span=> type #alias = #path;);
    (alias, declaration)
}
