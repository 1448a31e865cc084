//! Which layers of a branch are called at once, and which of them stand on data alone.
//!
//! A layer that can take the next one along, or the merge before it, says so in its [`Form`]: one
//! pass over a picture is cheaper than two. And where nothing that is trained lies between a layer and the rows of the
//! batch, nobody needs the gradient by what flows into it.

use multi_input_spec::layer::Form;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{model, Expansion};
use crate::{
    parse::Source,
    shape::{Module, ShapedLayer},
};

/// A layer of a branch, and the next one where both are called at once.
pub(super) struct Call<'a> {
    pub(super) layer: &'a ShapedLayer,
    /// Where the module holds the layer.
    pub(super) place: TokenStream,
    /// The method that takes the next layers along, and where the module holds those.
    next: Option<(&'static str, Vec<TokenStream>)>,
    /// The method that takes the merge before it along.
    merge: Option<&'static str>,
    /// Whether nothing that is trained lies before it.
    on_data: bool,
}

/// The calls of a node's branch, in order.
pub(super) fn calls<'a>(expansion: &'a Expansion<'_>, node: usize) -> Vec<Call<'a>> {
    let frozen = model::is_frozen(expansion, node);
    let mut on_data = is_fed_data(expansion, node);
    let mut merge = merge_name(expansion, node);
    let places = model::layer_places(expansion, node);
    let mut layers = &places[..];
    let mut calls = Vec::new();
    while let Some(((layer, place), rest)) = layers.split_first() {
        let fusions = form(layer).map_or(&[][..], |form| form.fusions);
        let fusion = fusions.iter().find(|fusion| are_named(rest, fusion.next));
        let (taken, rest) = rest.split_at(fusion.map_or(0, |fusion| fusion.next.len()));
        layers = rest;
        let next = fusion
            .map(|fusion| (fusion.method, taken.iter().map(|(_, place)| place.clone()).collect()));
        let place = place.clone();
        let taken =
            form(layer).and_then(|form| form.merge).filter(|taken| merge == Some(taken.merge));
        calls.push(Call { layer, place, next, merge: taken.map(|taken| taken.method), on_data });
        merge = None;
        on_data &= frozen || !learns(layer);
    }
    calls
}

impl Call<'_> {
    /// The method that is this layer and the merge before it, as `self.FIELD.METHOD`.
    pub(super) fn with_merge(&self) -> Option<TokenStream> {
        let (place, method) = (&self.place, Ident::new(self.merge?, Span::call_site()));
        Some(quote!(self.#place.#method))
    }

    /// Where what flows into the layer comes from, as an `Origin`.
    pub(super) fn origin(&self, expansion: &Expansion<'_>) -> TokenStream {
        let layer = &expansion.paths.layer;
        match self.on_data {
            true => quote!(#layer::Origin::Data),
            false => quote!(#layer::Origin::Computed),
        }
    }

    /// `let x = layer(x)?`, where it is more than the layer's own `try_forward`.
    pub(super) fn special(&self, expansion: &Expansion<'_>) -> Option<TokenStream> {
        let (place, origin) = (&self.place, self.origin(expansion));
        if let Some((method, next)) = &self.next {
            let method = Ident::new(method, Span::call_site());
            return Some(quote!(let x = self.#place.#method(#(&self.#next,)* x, #origin)?;));
        }
        let asks = form(self.layer).is_some_and(|form| form.asks_origin);
        (asks && self.on_data).then(|| quote!(let x = self.#place.try_forward_from(x, #origin)?;))
    }
}

/// The merge that feeds a node's branch.
fn merge_name(expansion: &Expansion<'_>, node: usize) -> Option<&'static str> {
    match &expansion.checked.graph.nodes[node].field.source {
        Some(Source::Merge(merge)) => Some(merge.rule.name),
        _ => None,
    }
}

/// Whether nothing that is trained lies before a node's branch.
fn is_fed_data(expansion: &Expansion<'_>, node: usize) -> bool {
    let node = &expansion.checked.graph.nodes[node];
    node.is_input() || node.feeds.iter().all(|edge| gives_data(expansion, edge.node))
}

/// Whether nothing that is trained lies before what comes out of a node.
fn gives_data(expansion: &Expansion<'_>, node: usize) -> bool {
    let frozen = model::is_frozen(expansion, node);
    let learns = model::emitted(expansion, node).any(|(_, layer)| learns(layer));
    (frozen || !learns)
        && !expansion.checked.graph.nodes[node].learns_a_stand_in()
        && is_fed_data(expansion, node)
}

/// Whether a layer holds what is trained. A module of the user's may.
fn learns(layer: &ShapedLayer) -> bool {
    match &layer.module {
        Module::Named { call, .. } => call.spec.form.holds_tensors,
        Module::Own { .. } => true,
        Module::Activation { .. } | Module::Link => false,
    }
}

fn form(layer: &ShapedLayer) -> Option<&'static Form> {
    layer.module.call().map(|call| &call.spec.form)
}

/// Whether the layers begin with those of these names.
fn are_named(layers: &[(&ShapedLayer, TokenStream)], names: &[&str]) -> bool {
    let is_named = |((layer, _), name): (&(&ShapedLayer, TokenStream), &&str)| {
        layer.module.call().is_some_and(|call| call.spec.name == *name)
    };
    layers.len() >= names.len() && layers.iter().zip(names).all(is_named)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use crate::expand_model;

    fn expansion(input: proc_macro2::TokenStream) -> String {
        let item = quote! {
            pub struct Model {
                #input
                #[merge(concat(a, b))]
                joined: _,
                #[from(joined)]
                #[branch(Dense(1))]
                #[output(loss = mse)]
                y: f32,
            }
        };
        let text = expand_model(proc_macro2::TokenStream::new(), item).to_string();
        assert!(!text.contains("compile_error"), "{text}");
        text
    }

    fn count(text: &str, what: &str) -> usize {
        text.matches(what).count()
    }

    #[test]
    fn a_convolution_takes_the_pooling_after_it_along() {
        let text = expansion(quote! {
            #[input]
            #[branch(Conv2D(4, 3, relu), MaxPool2D(2), Conv2D(4, 3), MaxPool2D(2), Flatten)]
            a: [[[f32; 20]; 20]; 3],
            #[input]
            #[branch(Conv2D(4, 3, relu), Dropout(0.5), MaxPool2D(2), Flatten)]
            b: [[[f32; 20]; 20]; 3],
        });
        // In inference and in training; the first of them on data, as is the one of `b`.
        assert_eq!(count(&text, "try_forward_pooled "), 2, "{text}");
        assert_eq!(count(&text, "try_forward_pooled_flat"), 2, "{text}");
        assert_eq!(count(&text, "Origin :: Data"), 4, "{text}");
        assert_eq!(count(&text, "Origin :: Computed"), 2, "{text}");
    }

    #[test]
    fn a_dense_layer_takes_the_concatenation_before_it_along() {
        let model = |branch: proc_macro2::TokenStream| {
            let item = quote! {
                pub struct Model {
                    #[input]
                    a: [f32; 3],
                    #[input]
                    b: [f32; 3],
                    #[merge(concat(a, b))]
                    #[branch(#branch)]
                    #[output(loss = mse)]
                    y: f32,
                }
            };
            expand_model(proc_macro2::TokenStream::new(), item).to_string()
        };
        let text = model(quote!(Dense(2), Dense(1)));
        assert_eq!(count(&text, "try_forward_concat"), 1, "{text}");
        assert_eq!(count(&text, "merge :: concat ("), 0, "{text}");
        assert_eq!(count(&text, "Origin :: Data"), 1, "{text}");
        let text = model(quote!(LayerNorm, Dense(1)));
        assert_eq!(count(&text, "try_forward_concat"), 0, "{text}");
    }

    #[test]
    fn what_stands_on_data_says_so() {
        // Neither a flatten, nor a merge of inputs, nor a frozen layer is trained.
        let data = expansion(quote! {
            #[input]
            #[branch(Flatten)]
            a: [[f32; 2]; 2],
            #[input]
            #[branch(Dense(3), frozen)]
            b: [f32; 2],
        });
        assert_eq!(count(&data, "try_forward_from"), 2, "{data}");
        let trained = expansion(quote! {
            #[input(missing = learned)]
            a: Option<[f32; 2]>,
            #[input]
            b: [f32; 2],
        });
        assert_eq!(count(&trained, "try_forward_from"), 0, "{trained}");
    }
}
