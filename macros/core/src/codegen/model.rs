//! The definition type, the module with its branches, and what goes in and comes out.

use multi_input_spec::{Activation, Kind};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::{docs, nest, Expansion};
use crate::{
    names,
    parse::{Field, Source},
    plan::{Ending, Held},
    shape::{Flow, Module, ShapedLayer},
    text::plain,
};

/// `pub struct HousePrice`, with handles for its outputs.
pub(crate) fn definition(expansion: &Expansion<'_>) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (visibility, definition) = (&graph.model.visibility, &expansion.names.definition);
    let docs = graph.model.attributes.iter().filter(|a| a.path().is_ident("doc"));
    let table = docs::of(expansion);
    let summary = summary(expansion);
    let krate = &expansion.paths.krate;
    let handles = handles(expansion);
    quote! {
        #(#docs)*
        #[doc = #table]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #visibility struct #definition {
            _definition: (),
        }

        impl #definition {
            #handles

            /// Nodes, layers and shapes.
            pub const GRAPH: #krate::definition::Graph =
                <#definition as #krate::definition::Definition>::GRAPH;

            /// A model of `f32` with fresh weights, which depend on `seed` alone. For another
            /// dtype there is `Model::<_, f64>::build`.
            pub fn build<D: #krate::Compute<::core::primitive::f32>>(
                device: &D,
                seed: #krate::Seed,
            ) -> #krate::Model<#definition, ::core::primitive::f32, D>
            where
                #definition: #krate::definition::Network<::core::primitive::f32, D>,
            {
                #krate::Model::build(device, seed)
            }

            #summary
        }
    }
}

/// A constant for every node, so that one that does not exist cannot be spoken of.
fn handles(expansion: &Expansion<'_>) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (krate, definition) = (&expansion.paths.krate, &expansion.names.definition);
    let outputs = graph.outputs().enumerate().map(|(index, node)| {
        let name = graph.nodes[node].name();
        let (text, doc) =
            (plain(name), format!("The output `{name}`, to speak of it to a trainer."));
        quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, dead_code)]
            pub const #name: #krate::train::OutputOf<#definition, #index> =
                #krate::train::OutputOf::new(#text);
        }
    });
    let nodes = graph.nodes.iter().filter(|node| node.field.output.is_none()).map(|node| {
        let (name, handle) = (node.name(), names::handle(node.name()));
        let (text, doc) = (plain(name), format!("The node `{name}`, to speak of it to a trainer."));
        let kind = node_kind(&node.field);
        quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, dead_code)]
            pub const #handle: #krate::train::#kind<#definition> =
                #krate::train::#kind::new(#text);
        }
    });
    quote!(#(#outputs)* #(#nodes)*)
}

/// The type of a node's handle: only an input that may be absent can be dropped.
pub(super) fn node_kind(field: &Field) -> Ident {
    let is_input = matches!(field.source, Some(Source::Input(_)));
    let is_optional = field.ty.as_ref().is_some_and(|ty| ty.optional);
    match is_input && is_optional {
        true => format_ident!("OptionalInputOf"),
        false => format_ident!("NodeOf"),
    }
}

/// `fn summary`, which asks the module for its parameters.
fn summary(expansion: &Expansion<'_>) -> TokenStream {
    let (definition, krate, private) =
        (&expansion.names.definition, &expansion.paths.krate, &expansion.paths.private);
    // A module of the user's own may be none at all. With a lifetime in it, the bound is not
    // looked at before somebody calls, so that the mistake is said once, in our words.
    let bound = (!expansion.own.is_empty())
        .then(|| quote!(where #private::Deferred<'model, #definition>: #private::Summarize));
    let lifetime = bound.as_ref().map_or_else(|| quote!('_), |_| quote!('model));
    let parameter = bound.as_ref().map(|_| quote!(<'model>));
    quote! {
        /// Layers, output shapes and parameters, as a table to print.
        pub fn summary #parameter () -> #krate::Summary #bound {
            <#private::Deferred<#lifetime, #definition> as #private::Summarize>::summarize()
        }
    }
}

/// `pub struct HousePriceModel<E, D>`: a field for each branch.
pub(crate) fn module(expansion: &Expansion<'_>) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (visibility, model, private) =
        (&graph.model.visibility, &expansion.names.model, &expansion.paths.private);
    let doc = format!("The module of [`{}`]: a field for each branch.", expansion.names.definition);
    let parameters = expansion.own_parameters();
    let fields = tensors(expansion).map(|field| {
        let (name, ty) = (&field.name, field.ty(expansion));
        let doc = &field.doc;
        quote!(#[doc = #doc] pub #name: #ty)
    });
    let phantom = (!holds_tensors(expansion))
        .then(|| quote!(#[doc(hidden)] pub _phantom: ::core::marker::PhantomData<(E, D)>,));
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #model<E: #private::Dtype, D: #private::Storage<E>, #(#parameters),*> {
            #(#fields,)*
            #phantom
        }
    }
}

/// Whether some field speaks of the dtype and the device.
pub(crate) fn holds_tensors(expansion: &Expansion<'_>) -> bool {
    tensors(expansion).any(|field| match field.content {
        Content::StandIn(_) => true,
        Content::Branch(node) => {
            expansion.plan.nodes[node].layers.iter().any(|held| speaks_of_dtype(held.layer))
        }
    })
}

/// Whether the type of a layer, or of the one inside of it, names the dtype and the device.
fn speaks_of_dtype(layer: &ShapedLayer) -> bool {
    match &layer.module {
        Module::Named { call, .. } => {
            call.spec.form.holds_tensors || call.inner.as_deref().is_some_and(speaks_of_dtype)
        }
        _ => false,
    }
}

/// A field of the module.
pub(crate) struct ModuleField<'a> {
    pub(crate) name: Ident,
    doc: String,
    pub(crate) content: Content<'a>,
}

/// What a field of the module holds.
pub(crate) enum Content<'a> {
    /// The branch of a node.
    Branch(usize),
    /// The vector that stands in where a node is absent.
    StandIn(&'a Flow),
}

/// The fields of the module, in order.
pub(crate) fn tensors<'a>(
    expansion: &'a Expansion<'_>,
) -> impl Iterator<Item = ModuleField<'a>> + 'a {
    let checked = expansion.checked;
    checked.graph.nodes.iter().enumerate().flat_map(move |(position, node)| {
        let name = node.name();
        let branch = has_field(expansion, position).then(|| ModuleField {
            name: name.clone(),
            doc: format!("The branch of `{name}`."),
            content: Content::Branch(position),
        });
        let stand_in = node.learns_a_stand_in().then(|| ModuleField {
            name: names::stand_in(name),
            doc: format!("What stands in for `{name}` where it is absent."),
            content: Content::StandIn(&checked.shapes[position].output),
        });
        branch.into_iter().chain(stand_in)
    })
}

impl ModuleField<'_> {
    fn ty(&self, expansion: &Expansion<'_>) -> TokenStream {
        match self.content {
            Content::Branch(node) => branch_type(expansion, node),
            Content::StandIn(flow) => {
                let private = &expansion.paths.private;
                let shape = sample_shape(expansion, flow);
                quote!(#private::Tensor<#shape, E, D>)
            }
        }
    }
}

/// Whether a branch is written here and does anything in the module.
pub(crate) fn has_field(expansion: &Expansion<'_>, node: usize) -> bool {
    let field = &expansion.checked.graph.nodes[node].field;
    let written = field.branch.as_ref().is_some_and(|branch| branch.shared.is_none());
    written && !expansion.plan.nodes[node].layers.is_empty()
}

/// The layers that the module holds of a node, each with where it stands in the module.
pub(crate) fn layer_places<'a>(
    expansion: &Expansion<'a>,
    node: usize,
) -> Vec<(&'a ShapedLayer, TokenStream)> {
    let graph = &expansion.checked.graph;
    let field = graph.owner(node).name();
    let inner = graph.is_frozen(node).then(|| quote!(.0));
    let layers = &expansion.plan.nodes[node].layers;
    let place = |(index, held): (usize, &Held<'a>)| {
        let place = nest::place(index, layers.len());
        (held.layer, quote!(#field #inner #place))
    };
    layers.iter().enumerate().map(place).collect()
}

/// The type of a branch: a tuple of layers.
fn branch_type(expansion: &Expansion<'_>, node: usize) -> TokenStream {
    let layers = &expansion.plan.nodes[node].layers;
    let layers: Vec<TokenStream> =
        layers.iter().map(|held| layer_type(expansion, node, held)).collect();
    let tuple = nest::tuple(&layers);
    if expansion.checked.graph.is_frozen(node) {
        let layer = &expansion.paths.layer;
        return quote!(#layer::Frozen<#tuple>);
    }
    tuple
}

fn layer_type(expansion: &Expansion<'_>, node: usize, held: &Held<'_>) -> TokenStream {
    let layer = &expansion.paths.layer;
    match &held.layer.module {
        Module::Named { .. } => named_type(expansion, held.layer, held.ending),
        Module::Activation { activation, name } => activation_type(layer, *activation, name.span()),
        Module::Own { .. } => {
            let own = expansion.own.iter().find(|own| own.node == node && own.layer == held.place);
            own.map_or_else(TokenStream::new, |own| {
                let parameter = &own.parameter;
                quote!(#parameter)
            })
        }
    }
}

/// The type of one of our layers, which may hold another one.
fn named_type(expansion: &Expansion<'_>, shaped: &ShapedLayer, ending: Ending) -> TokenStream {
    let (layer, private) = (&expansion.paths.layer, &expansion.paths.private);
    let Module::Named { call, name, sizes, slide, extra, activation } = &shaped.module else {
        return TokenStream::new();
    };
    let (formulas, form) = (&expansion.formulas, &call.spec.form);
    let mut arguments = Vec::new();
    if let Some(inner) = &call.inner {
        let ending = if activation.is_none() { ending } else { Ending::Applied };
        arguments.push(named_type(expansion, inner, ending));
    }
    let sizes = formulas.const_arguments("sizes", call, sizes);
    match form.shape_argument {
        true => arguments.push(quote!((#(#private::Const<#sizes>,)*))),
        false => arguments.extend(sizes),
    }
    if let Some(slide) = slide {
        let slide = formulas.const_arguments("slide", call, slide);
        arguments.push(quote!(#layer::Slide<#(#slide),*>));
    }
    if let Some(activation) = *activation {
        let applied = match ending {
            Ending::Applied => activation,
            Ending::LeftToTheLoss => Activation::Linear,
        };
        arguments.push(activation_type(layer, applied, Span::call_site()));
    }
    if form.holds_tensors {
        arguments.extend([quote!(E), quote!(D)]);
    }
    if let Some(extra) = extra {
        arguments.extend(formulas.const_arguments("extra", call, extra));
    }
    match arguments.is_empty() {
        true => quote!(#layer::#name),
        false => quote!(#layer::#name<#(#arguments),*>),
    }
}

fn activation_type(layer: &TokenStream, activation: Activation, span: Span) -> TokenStream {
    let name = Ident::new(activation.type_name(), span);
    quote!(#layer::activation::#name)
}

/// `(Const<64>, Const<3>)`: the shape of one sample.
fn sample_shape(expansion: &Expansion<'_>, flow: &Flow) -> TokenStream {
    let (private, sizes) = (&expansion.paths.private, expansion.formulas.arguments(flow));
    quote!((#(#private::Const<#sizes>,)*))
}

/// `Tensor<(B, Const<64>), E, D, T>`: a batch of what flows along an edge.
pub(crate) fn tensor(
    expansion: &Expansion<'_>,
    flow: &Flow,
    batch: &TokenStream,
    tape: &TokenStream,
) -> TokenStream {
    let (private, sizes) = (&expansion.paths.private, expansion.formulas.arguments(flow));
    let element = match flow.shape.kind {
        Kind::Categories => quote!(::core::primitive::usize),
        _ => quote!(E),
    };
    quote!(#private::Tensor<(#batch, #(#private::Const<#sizes>,)*), #element, D, #tape>)
}

/// `pub struct HousePriceBatch<B, E, D, T>`.
pub(crate) fn batch(expansion: &Expansion<'_>) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (visibility, batch, private, krate) = (
        &graph.model.visibility,
        &expansion.names.batch,
        &expansion.paths.private,
        &expansion.paths.krate,
    );
    let none = quote!(#private::NoneTape);
    let doc = format!(
        "A batch of inputs for [`{}`]. It owns the gradient tape, so that every branch is on it.",
        expansion.names.model
    );
    let inputs: Vec<usize> = graph.entries().map(|(_, node)| node).collect();
    let names: Vec<&Ident> = inputs.iter().map(|&node| graph.nodes[node].name()).collect();
    // Where every input is a category, no field speaks of the dtype; the first one then does.
    let is_silent = |node: usize| {
        let kind = expansion.checked.shapes[node].input.shape.kind;
        graph.nodes[node].absence.is_none() && matches!(kind, Kind::Categories)
    };
    let silent = inputs.iter().all(|&node| is_silent(node));
    let fields = inputs.iter().enumerate().map(|(position, &node)| {
        let name = graph.nodes[node].name();
        let tensor = tensor(expansion, &expansion.checked.shapes[node].input, &quote!(B), &none);
        let doc = format!("The input `{name}`.");
        let ty = match graph.nodes[node].absence {
            Some(_) => quote!(#krate::missing::Optional<#tensor, B, E, D>),
            None if silent && position == 0 => quote!(<E as #private::Beside<#tensor>>::Itself),
            None => tensor,
        };
        quote!(#[doc = #doc] pub #name: #ty)
    });
    let first = names.first().map(|name| match graph.nodes[inputs[0]].absence {
        Some(_) => quote!(#name.values),
        None => quote!(#name),
    });
    let bounds = quote!(B: #private::Dim, E: #private::Element, D: #private::Backend<E>);
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #batch<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #none> {
            #(#fields,)*
            /// The gradient tape; `NoneTape` in inference.
            pub tape: T,
        }

        impl<#bounds> #batch<B, E, D> {
            /// The same batch, with a tape that adds to `gradients`. Its numbers are data, by which
            /// no gradient is promised: layers leave it out where they can.
            pub fn traced(
                self,
                gradients: #private::Gradients<E, D>,
            ) -> #batch<B, E, D, #private::OwnedTape<E, D>> {
                let tape = #private::tape(&self.#first, gradients);
                #batch { #(#names: self.#names,)* tape }
            }
        }
    }
}

/// `pub struct HousePriceHeads<B, E, D, T>`.
pub(crate) fn heads(expansion: &Expansion<'_>) -> TokenStream {
    let graph = &expansion.checked.graph;
    let (visibility, heads, private) =
        (&graph.model.visibility, &expansion.names.heads, &expansion.paths.private);
    let none = quote!(#private::NoneTape);
    let doc = format!(
        "What comes out of [`{}`]: the heads, and the tape to put on them for a loss.",
        expansion.names.model
    );
    let fields = graph.outputs().map(|node| {
        let name = graph.nodes[node].name();
        let shape = &expansion.checked.shapes[node];
        let tensor = tensor(expansion, &shape.output, &quote!(B), &none);
        let doc = match graph.nodes[node].link() {
            Some(link) => format!("The head of `{name}`: logits, before the {}.", link.name()),
            None => format!("The head of `{name}`."),
        };
        quote!(#[doc = #doc] pub #name: #tensor)
    });
    quote! {
        #[doc = #doc]
        #[must_use]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #heads<B: #private::Dim, E: #private::Dtype, D: #private::Device<E>, T = #none> {
            #(#fields,)*
            /// The gradient tape. Put it on the head whose loss is computed first, take it off
            /// again, put it on the next, and add the losses up.
            pub tape: T,
        }
    }
}
