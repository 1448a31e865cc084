//! dfdx's traversal of the module's tensors, and its construction.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, ToTokens};

use super::{model, nest, Expansion};
use crate::{
    parse::NumberExpr,
    shape::{LayerCall, Module},
    text::plain,
};

/// `impl TensorCollection`.
pub(crate) fn collection(expansion: &Expansion<'_>) -> TokenStream {
    let (private, model) = (&expansion.paths.private, &expansion.names.model);
    let visits: Vec<TokenStream> = model::tensors(expansion)
        .map(|field| {
            let (name, text) = (&field.name, plain(&field.name));
            match field.content {
                model::Content::Branch(_) => {
                    quote!(Self::module(#text, |s_| &s_.#name, |s_| &mut s_.#name))
                }
                model::Content::StandIn(_) | model::Content::LogVariance => quote! {
                    Self::tensor(
                        #text,
                        |s_| &s_.#name,
                        |s_| &mut s_.#name,
                        #private::TensorOptions::reset_to_zeros(),
                    )
                },
            }
        })
        .collect();
    let names: Vec<Ident> = model::tensors(expansion).map(|field| field.name).collect();
    let parts: Vec<TokenStream> =
        (0..names.len()).map(|part| format_ident!("part_{part}_").into_token_stream()).collect();
    let (visits, built) = match names.is_empty() {
        true => (quote!(()), quote!(())),
        false => (nest::tuple(&visits), nest::tuple(&parts)),
    };
    let phantom =
        (!model::holds_tensors(expansion)).then(|| quote!(_phantom: ::core::marker::PhantomData,));
    let settings = settings(expansion);
    let mutable = (!settings.is_empty()).then(|| quote!(mut));
    expansion.signatures().collection(quote! {
        visitor_.visit_fields(#visits, |#built| {
            let #mutable module_ = #model { #(#names: #parts,)* #phantom };
            #settings
            module_
        })
    })
}

/// The statements that set arguments of layers that are values, not types.
fn settings(expansion: &Expansion<'_>) -> TokenStream {
    let mut statements = TokenStream::new();
    for (layer, path) in written(expansion) {
        let Some(call) = layer.call() else { continue };
        for name in call.spec.form.settings {
            let Some(number) = call.number(name) else { continue };
            let (setter, value) = (quote::format_ident!("set_{name}"), &number.tokens);
            statements.extend(quote!(module_.#path.#setter(#value);));
        }
    }
    // Without a trainer, different layers must still drop different elements.
    let layer = &expansion.paths.layer;
    let keys =
        set_rng_keys(expansion, &quote!(<#layer::RngKey as ::core::default::Default>::default()));
    quote!(#statements #keys)
}

/// Gives every layer that uses random numbers its own key.
pub(crate) fn set_rng_keys(expansion: &Expansion<'_>, key: &TokenStream) -> TokenStream {
    let random = written(expansion)
        .into_iter()
        .filter(|(layer, _)| layer.call().is_some_and(|call| call.spec.form.random));
    let statements = random.enumerate().map(|(index, (_, path))| {
        let index = Literal::u64_suffixed(index as u64);
        quote!(module_.#path.set_rng_key(#key.layer(#index));)
    });
    quote!(#(#statements)*)
}

/// Tells every layer with batch statistics whether its branch is frozen at present.
pub(crate) fn set_frozen(expansion: &Expansion<'_>, frozen: &TokenStream) -> TokenStream {
    let nodes = &expansion.checked.graph.nodes;
    let statements =
        (0..nodes.len()).filter(|&node| model::has_field(expansion, node)).flat_map(|node| {
            let branch = plain(nodes[node].name());
            model::layer_paths(expansion, node).into_iter().filter_map(move |(layer, path)| {
                let call = layer.module.call();
                let statistics = call.is_some_and(|call| call.spec.form.batch_statistics);
                statistics.then(|| quote!(module_.#path.set_frozen(#frozen(#branch));))
            })
        });
    quote!(#(#statements)*)
}

/// `penalties.add(..)` for every weight with `l1` or `l2` outside frozen branches; as in Keras,
/// frozen weights have no penalty.
pub(crate) fn penalties(expansion: &Expansion<'_>) -> TokenStream {
    let nodes = &expansion.checked.graph.nodes;
    let trained = |&node: &usize| {
        model::has_field(expansion, node) && !expansion.checked.graph.is_frozen(node)
    };
    let statements = (0..nodes.len()).filter(trained).flat_map(|node| {
        let branch = plain(nodes[node].name());
        let layers = model::layer_paths(expansion, node).into_iter();
        layers.filter_map(move |(layer, path)| {
            let call = layer.module.call()?;
            let (l1, l2) = match (call.number("l1"), call.number("l2")) {
                (None, None) => return None,
                (l1, l2) => (number_or_zero(l1), number_or_zero(l2)),
            };
            Some(quote!(penalties_.add(#branch, &module_.#path.weight, #l1, #l2)?;))
        })
    });
    quote!(#(#statements)*)
}

fn number_or_zero(number: Option<&NumberExpr>) -> TokenStream {
    number.map_or_else(|| quote!(0.0), |number| number.tokens.clone())
}

/// Every layer once, in the branch that owns it, with its path in the module.
fn written<'a>(expansion: &'a Expansion<'_>) -> Vec<(&'a Module, TokenStream)> {
    written_where(expansion, |_| true)
}

/// [`written`] for nodes for which `predicate` is true.
fn written_where<'a>(
    expansion: &'a Expansion<'_>,
    predicate: impl Fn(usize) -> bool,
) -> Vec<(&'a Module, TokenStream)> {
    (0..expansion.checked.graph.nodes.len())
        .filter(|&node| model::has_field(expansion, node) && predicate(node))
        .flat_map(|node| model::layer_paths(expansion, node))
        .flat_map(|(layer, path)| with_inner(&layer.module, path))
        .collect()
}

/// A layer and its inner layers, with their paths.
fn with_inner(layer: &Module, path: TokenStream) -> Vec<(&Module, TokenStream)> {
    let mut found = Vec::new();
    if let Some(LayerCall { spec, inner: Some(inner), .. }) = layer.call() {
        let fields = spec.form.inner.map_or(&[][..], |inner| inner.fields);
        for field in fields {
            let field = Ident::new(field, Span::call_site());
            found.extend(with_inner(&inner.module, quote!(#path.#field)));
        }
    }
    found.push((layer, path));
    found
}
