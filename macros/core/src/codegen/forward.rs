//! The way of a batch through the graph.
//!
//! The tape is handed from node to node and put on whatever is computed next, so that no branch
//! can be left off it:
//!
//! ```text
//! let batch = ..;                                        the inputs and the tape
//! let (n0, tape) = split(measurements.1(measurements.0(put(batch.measurements, tape))));
//! let (n1, tape) = split(district.1(district.0(put(batch.district, tape))));
//! let (n2, tape) = split(merge::concat(vec![n0, n1], .., tape));
//! Heads { price: .., tape }
//! ```

use multi_input_spec::{ArgumentKind, Kind};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::{model, Expansion};
use crate::{
    graph::{Absence, Node},
    parse::{Argument, Merge, Missing, Source},
    shape::{Module, ShapedLayer},
};

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Inference,
    Training,
}

/// `impl Module` and, where training differs, `impl ModuleMut`.
pub(crate) fn modules(expansion: &Expansion<'_>) -> TokenStream {
    let inference = implementation(expansion, Mode::Inference);
    if differs_in_training(expansion) {
        let training = implementation(expansion, Mode::Training);
        return quote!(#inference #training);
    }
    let (private, model) = (&expansion.paths.private, &expansion.names.model);
    let parameters = expansion.own_parameters();
    quote! {
        #inference
        impl<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> #private::NonMutableModule
            for #model<E, D, #(#parameters),*> {}
    }
}

/// Whether some layer does something else in training. A module of the user's may.
fn differs_in_training(expansion: &Expansion<'_>) -> bool {
    let layers = expansion.checked.shapes.iter().flat_map(|shape| &shape.layers);
    layers.into_iter().any(|layer| match &layer.module {
        Module::Named { spec, .. } => spec.form.trains_differently,
        Module::Own { .. } => true,
        Module::Activation { .. } | Module::Link => false,
    })
}

fn implementation(expansion: &Expansion<'_>, mode: Mode) -> TokenStream {
    let (private, result) = (&expansion.paths.private, &expansion.paths.result);
    let (model, batch, heads) =
        (&expansion.names.model, &expansion.names.batch, &expansion.names.heads);
    let parameters = expansion.own_parameters();
    let (name, receiver, function) = match mode {
        Mode::Inference => (quote!(Module), quote!(&self), quote!(try_forward)),
        Mode::Training => (quote!(ModuleMut), quote!(&mut self), quote!(try_forward_mut)),
    };
    let own: Vec<TokenStream> = parameters.iter().map(|parameter| quote!(#parameter)).collect();
    let bounds = expansion.own_bounds(&own, (&quote!(#private::#name), &quote!(B), &quote!(T)));
    let body = body(expansion, mode);
    quote! {
        impl<
            B: #private::Dim,
            E: #private::Element,
            D: #private::Backend<E>,
            T: #private::Tape<E, D>,
            #(#parameters),*
        > #private::#name<#batch<B, E, D, T>> for #model<E, D, #(#parameters),*>
        where
            #bounds
        {
            type Output = #heads<B, E, D, T>;
            type Error = D::Err;

            fn #function(#receiver, batch: #batch<B, E, D, T>) -> #result<Self::Output, D::Err> {
                #body
            }
        }
    }
}

fn body(expansion: &Expansion<'_>, mode: Mode) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (heads, ok, clone) = (&expansion.names.heads, &expansion.paths.ok, &expansion.paths.clone);
    let private = &expansion.paths.private;
    let first = graph.inputs().next().map(|node| access(&graph.nodes[node]));
    let nodes = graph.order.iter().map(|&node| {
        let steps = node_steps(expansion, node, mode);
        let value = value(node);
        quote!(let (#value, tape) = { #steps };)
    });
    let outputs = graph.outputs().map(|node| {
        let (name, value) = (graph.nodes[node].name(), value(node));
        quote!(#name: #clone(&#value))
    });
    let size = size();
    quote! {
        let #size = #private::HasShape::shape(&#first).0;
        let tape = batch.tape;
        #(#nodes)*
        #ok(#heads { #(#outputs,)* tape })
    }
}

/// The local that holds a node's value. Its hygiene keeps it apart from the user's names.
fn value(node: usize) -> Ident {
    format_ident!("value_{node}", span = Span::mixed_site())
}

fn size() -> Ident {
    Ident::new("size", Span::mixed_site())
}

/// Where an input's tensor lies in the batch.
fn access(node: &Node) -> TokenStream {
    let name = node.name();
    match node.absence {
        Some(_) => quote!(batch.#name.values),
        None => quote!(batch.#name),
    }
}

/// The presence of the input that a node depends on.
fn presence(expansion: &Expansion<'_>, absence: Absence) -> TokenStream {
    let name = expansion.checked.graph.nodes[absence.input].name();
    quote!(batch.#name.present)
}

/// From what feeds a node to its value and the tape.
fn node_steps(expansion: &Expansion<'_>, position: usize, mode: Mode) -> TokenStream {
    let node = &expansion.checked.graph.nodes[position];
    let (private, krate) = (&expansion.paths.private, &expansion.paths.krate);
    let layers = model::layer_places(expansion, position);
    let frozen = model::is_frozen(expansion, position);

    let source = source(expansion, position);
    let steps = layers
        .iter()
        .map(|(layer, place)| call(expansion, layer, place, (node.absence, frozen, mode)));
    let fill = node.absence.filter(|absence| absence.filled).map(|absence| {
        let present = presence(expansion, absence);
        match absence.policy {
            Missing::Learned => {
                let stand_in = model::stand_in_name(node);
                quote!(let x = #krate::missing::learned(x, &#present, &self.#stand_in)?;)
            }
            // An input without a branch has been selected already.
            _ if layers.is_empty() && node.is_input() => TokenStream::new(),
            _ => quote!(let x = #krate::missing::select(x, &#present)?;),
        }
    });
    quote! {
        #source
        #(#steps)*
        #fill
        #private::SplitTape::split_tape(x)
    }
}

/// `let x = ..`: what flows into the branch, with the tape on it.
fn source(expansion: &Expansion<'_>, position: usize) -> TokenStream {
    let (checked, paths) = (expansion.checked, &expansion.paths);
    let (private, krate, clone) = (&paths.private, &paths.krate, &paths.clone);
    let node = &checked.graph.nodes[position];
    match &node.field.source {
        Some(Source::Merge(merge)) => merge_call(expansion, position, merge),
        Some(Source::From(_)) => {
            let fed_by = value(node.feeds[0].node);
            let put = quote!(let x = #private::PutTape::put_tape(#clone(&#fed_by), tape););
            let (from, to) =
                (&checked.shapes[node.feeds[0].node].output, &checked.shapes[position].input);
            let compared_by_rustc = node.shared.is_some() && !(from.is_known() && to.is_known());
            if !compared_by_rustc || to.shape.kind == Kind::Categories {
                return put;
            }
            // The shape of the branch where it is written; a constant compares the two.
            let (size, sizes) = (size(), to.arguments());
            quote!(#put let x = #private::Claim::claim(x, (#size, #(#private::Const::<#sizes>,)*))?;)
        }
        _ => {
            let input = access(node);
            let put = quote!(let x = #private::PutTape::put_tape(#clone(&#input), tape););
            let Some(absence) = node.absence.filter(|a| a.policy != Missing::Mean) else {
                return put;
            };
            let present = presence(expansion, absence);
            match checked.shapes[position].input.shape.kind {
                Kind::Categories => quote! {
                    let x = #krate::missing::select_categories(#clone(&#input), &#present)?;
                    let x = #private::PutTape::put_tape(x, tape);
                },
                _ => quote!(#put let x = #krate::missing::select(x, &#present)?;),
            }
        }
    }
}

/// `let x = merge::concat(vec![..], axis, shape, tape)?`.
fn merge_call(expansion: &Expansion<'_>, position: usize, merge: &Merge) -> TokenStream {
    let (checked, paths) = (expansion.checked, &expansion.paths);
    let (private, krate, vec) = (&paths.private, &paths.krate, &paths.vec);
    let graph = &checked.graph;
    let parts = graph.nodes[position].feeds.iter().map(|edge| {
        let node = &graph.nodes[edge.node];
        if edge.present {
            let input = node.absence.map_or(edge.node, |absence| absence.input);
            let name = graph.nodes[input].name();
            return quote!(#krate::merge::Part::new(&batch.#name.present)?);
        }
        let value = value(edge.node);
        let part = quote!(#krate::merge::Part::new(&#value)?);
        match node.absence {
            Some(absence) if merge.rule.counts_present && absence.policy == Missing::Zeros => {
                let present = presence(expansion, absence);
                quote!(#part.present(&#present)?)
            }
            _ => part,
        }
    });
    let arguments =
        merge.rule.parameters.iter().zip(&merge.arguments).map(|(parameter, argument)| {
            match (parameter.kind, argument) {
                (_, Argument::Axis(axis)) => quote!(#axis),
                (_, Argument::Flag(flag)) => quote!(#flag),
                (_, Argument::Number(number)) => number.tokens.clone(),
                (ArgumentKind::Axis, _) => quote!(-1),
                _ => quote!(false),
            }
        });
    let rule = Ident::new(merge.rule.name, Span::call_site());
    let (size, sizes) = (size(), checked.shapes[position].input.arguments());
    quote! {
        let x = #krate::merge::#rule(
            #vec![#(#parts),*],
            #(#arguments,)*
            (#size, #(#private::Const::<#sizes>,)*),
            tape,
        )?;
    }
}

/// `let x = layer(x)?`.
fn call(
    expansion: &Expansion<'_>,
    shaped: &ShapedLayer,
    place: &TokenStream,
    (absence, frozen, mode): (Option<Absence>, bool, Mode),
) -> TokenStream {
    let private = &expansion.paths.private;
    let named = match &shaped.module {
        Module::Named { spec, .. } => Some(&spec.form),
        _ => None,
    };
    let inference = quote!(let x = #private::Module::try_forward(&self.#place, x)?;);
    let called = match mode {
        Mode::Inference => inference,
        // Keras: a frozen BatchNorm normalises with its running statistics.
        Mode::Training if frozen && named.is_some_and(|form| form.batch_statistics) => inference,
        Mode::Training => match (named, absence) {
            (Some(form), Some(absence)) if form.batch_statistics => {
                let present = presence(expansion, absence);
                quote!(let x = self.#place.try_forward_present(x, &#present)?;)
            }
            (Some(form), _) if !form.trains_differently => inference,
            _ => quote!(let x = #private::ModuleMut::try_forward_mut(&mut self.#place, x)?;),
        },
    };
    match shaped.module {
        Module::Own { .. } => {
            let (size, sizes) = (size(), shaped.output.arguments());
            quote!(#called let x = #private::Claim::claim(x, (#size, #(#private::Const::<#sizes>,)*))?;)
        }
        _ => called,
    }
}
