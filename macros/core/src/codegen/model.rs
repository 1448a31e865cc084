//! The definition type, the module with its branches, and the types of its input and output.

use multi_input_spec::{Activation, Kind};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{
    docs, forward, metrics, nest,
    rows::{self, Value},
    Expansion,
};
use crate::{
    names,
    parse::{Field, Source},
    plan::{Ending, Held},
    shape::{Flow, Module, Named, ShapedLayer},
};

/// `pub struct HousePrice`, with handles of its nodes, so that a nonexistent node does not compile.
pub(crate) fn definition(expansion: &Expansion<'_>) -> TokenStream {
    let (graph, signatures) = (&expansion.checked.graph, expansion.signatures());
    let outputs = graph.outputs().enumerate();
    let outputs = outputs.map(|(index, node)| {
        let field = &graph.nodes[node].field;
        let metrics = field.output.as_ref().map_or(&[][..], |output| &output.metrics);
        let reported = metrics::reported(&expansion.paths, &field.name, metrics);
        signatures.output_handle(&field.name, index, &reported)
    });
    let others = graph.nodes.iter().filter(|node| node.field.output.is_none());
    let others =
        others.map(|node| signatures.node_handle(node.name(), is_optional_input(&node.field)));
    let handles: Vec<_> = outputs.chain(others).collect();
    signatures.definition(&docs::of(expansion), &handles)
}

/// The outputs without a loss, each with the type of its predictions: as declared, or arrays of `f32`.
pub(crate) fn values<'a>(expansion: &Expansion<'a>) -> Vec<Value<'a>> {
    let checked = expansion.checked;
    let value = |node: usize| {
        let field = &checked.graph.nodes[node].field;
        let ty = rows::declared_value(field, &expansion.paths.krate);
        let inferred = || rows::inferred_value(&checked.shapes[node].output, &expansion.formulas);
        Value { field, ty: ty.unwrap_or_else(inferred) }
    };
    checked.graph.values().map(value).collect()
}

/// Whether rows may lack the field's value.
pub(super) fn is_optional_input(field: &Field) -> bool {
    let is_input = matches!(field.source, Some(Source::Input(_)));
    is_input && field.ty.as_ref().is_some_and(|ty| ty.optional)
}

/// `pub struct HousePriceModel<E, D>`: one field per branch.
pub(crate) fn module(expansion: &Expansion<'_>) -> TokenStream {
    let fields = tensors(expansion).map(|field| {
        let (name, ty) = (&field.name, field.ty(expansion));
        let doc = &field.doc;
        quote!(#[doc = #doc] pub #name: #ty)
    });
    let fields: Vec<_> = fields.collect();
    expansion.signatures().model(&fields, !holds_tensors(expansion))
}

/// Whether the type of a field names the dtype and the device.
pub(crate) fn holds_tensors(expansion: &Expansion<'_>) -> bool {
    tensors(expansion).any(|field| match field.content {
        Content::StandIn(_) | Content::LogVariance => true,
        Content::Branch(node) => {
            expansion.plan.nodes[node].layers.iter().any(|held| speaks_of_dtype(held.layer))
        }
    })
}

/// Whether the type of a layer, or of its inner layer, names the dtype and the device.
fn speaks_of_dtype(layer: &ShapedLayer) -> bool {
    layer.module.call().is_some_and(|call| {
        call.spec.form.holds_tensors || call.inner.as_deref().is_some_and(speaks_of_dtype)
    })
}

/// A field of the module.
pub(crate) struct ModuleField<'a> {
    pub(crate) name: Ident,
    doc: String,
    pub(crate) content: Content<'a>,
}

/// The content of a field of the module.
pub(crate) enum Content<'a> {
    /// The branch of a node.
    Branch(usize),
    /// The learned vector that replaces an absent node.
    StandIn(&'a Flow),
    /// The learned weight of an output's loss.
    LogVariance,
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
        let weight = node.learns_its_weight().then(|| ModuleField {
            name: names::log_variance(name),
            doc: format!(
                "The logarithm s of the variance of `{name}`, whose loss L counts as \
                 `exp(-s) L + s`."
            ),
            content: Content::LogVariance,
        });
        branch.into_iter().chain(stand_in).chain(weight)
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
            Content::LogVariance => {
                let private = &expansion.paths.private;
                quote!(#private::Tensor<(#private::Const<1>,), E, D>)
            }
        }
    }
}

/// Whether a node owns a branch with layers in the module.
pub(crate) fn has_field(expansion: &Expansion<'_>, node: usize) -> bool {
    let field = &expansion.checked.graph.nodes[node].field;
    let written = field.branch.as_ref().is_some_and(|branch| branch.shared.is_none());
    written && !expansion.plan.nodes[node].layers.is_empty()
}

/// The layers of a node in the module, each with its path there.
pub(crate) fn layer_paths<'a>(
    expansion: &Expansion<'a>,
    node: usize,
) -> Vec<(&'a ShapedLayer, TokenStream)> {
    let graph = &expansion.checked.graph;
    let field = graph.owner(node).name();
    let inner = graph.is_frozen(node).then(|| quote!(.0));
    let layers = &expansion.plan.nodes[node].layers;
    let path = |(index, held): (usize, &Held<'a>)| {
        let path = nest::path(index, layers.len());
        (held.layer, quote!(#field #inner #path))
    };
    layers.iter().enumerate().map(path).collect()
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
        Module::Named(named) => named_type(expansion, named, held.ending),
        Module::Activation { activation, name } => activation_type(layer, *activation, name.span()),
        Module::Custom { .. } => {
            let custom = expansion
                .custom
                .iter()
                .find(|custom| custom.node == node && custom.layer == held.index);
            custom.map_or_else(TokenStream::new, |custom| {
                let parameter = &custom.parameter;
                quote!(#parameter)
            })
        }
    }
}

/// The type of a built-in layer, which may hold another layer.
fn named_type(expansion: &Expansion<'_>, named: &Named, ending: Ending) -> TokenStream {
    let (layer, private) = (&expansion.paths.layer, &expansion.paths.private);
    let Named { call, name, sizes, slide, extra, sharded, activation } = named;
    let (formulas, form) = (&expansion.formulas, &call.spec.form);
    let mut arguments = Vec::new();
    if let Some(Module::Named(inner)) = call.inner.as_ref().map(|inner| &inner.module) {
        let ending = if activation.is_none() { ending } else { Ending::Applied };
        arguments.push(named_type(expansion, inner, ending));
    }
    let sizes = formulas.const_arguments("sizes", call, sizes);
    let rows = sizes.first().filter(|_| *sharded).cloned();
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
    if let Some(rows) = rows {
        arguments.push(quote!(#layer::ShardedRows<#rows>));
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

/// `Tensor<(B, Const<64>), E, D, T>`: a batch of the values on an edge.
pub(crate) fn tensor(
    expansion: &Expansion<'_>,
    flow: &Flow,
    batch: &TokenStream,
    tape: &TokenStream,
) -> TokenStream {
    let (sizes, is_categories) =
        (expansion.formulas.arguments(flow), flow.shape.kind == Kind::Categories);
    expansion.signatures().tensor(batch, &sizes, is_categories, tape)
}

/// `pub struct HousePriceBatch<B, E, D, T>`.
pub(crate) fn batch(expansion: &Expansion<'_>) -> TokenStream {
    let (graph, private) = (&expansion.checked.graph, &expansion.paths.private);
    let signatures = expansion.signatures();
    let none = quote!(#private::NoneTape);
    let inputs: Vec<usize> = graph.entries().map(|(_, node)| node).collect();
    let names: Vec<&Ident> = inputs.iter().map(|&node| graph.nodes[node].name()).collect();
    // If every input is a category, no field names the dtype; the first field then does.
    let is_silent = |node: usize| {
        let kind = expansion.checked.shapes[node].input.shape.kind;
        graph.nodes[node].absence.is_none() && matches!(kind, Kind::Categories)
    };
    let silent = inputs.iter().all(|&node| is_silent(node));
    let fields = inputs.iter().enumerate().map(|(position, &node)| {
        let name = graph.nodes[node].name();
        let input = &expansion.checked.shapes[node].input;
        let doc = format!("The input `{name}`.");
        if graph.stays_raw(node) {
            let presence = signatures.presence();
            return quote!(#[doc = #doc] pub #name: #presence);
        }
        let tensor = tensor(expansion, input, &quote!(B), &none);
        let tensor = match input.shape.is_masked() {
            true => signatures.padded(&tensor),
            false => tensor,
        };
        let ty = match graph.nodes[node].absence {
            Some(_) => signatures.optional(&tensor),
            None if silent && position == 0 => quote!(<E as #private::Anchored<#tensor>>::Type),
            None => tensor,
        };
        quote!(#[doc = #doc] pub #name: #ty)
    });
    let first = inputs.first().map(|&node| forward::path_in_batch(expansion, node));
    let fields: Vec<_> = fields.collect();
    signatures.batch(&fields, &names, first)
}

/// `pub struct HousePriceHeads<B, E, D, T>`.
pub(crate) fn heads(expansion: &Expansion<'_>) -> TokenStream {
    let (graph, private) = (&expansion.checked.graph, &expansion.paths.private);
    let none = quote!(#private::NoneTape);
    let fields = graph.heads().map(|node| {
        let name = graph.nodes[node].name();
        let shape = &expansion.checked.shapes[node];
        let tensor = tensor(expansion, &shape.output, &quote!(B), &none);
        let doc = match graph.nodes[node].link() {
            Some(link) => format!("The head of `{name}`: logits, before the {}.", link.name()),
            None if graph.nodes[node].field.value.is_some() => format!("The value of `{name}`."),
            None => format!("The head of `{name}`."),
        };
        quote!(#[doc = #doc] pub #name: #tensor)
    });
    let fields: Vec<_> = fields.collect();
    let names: Vec<&Ident> = graph.outputs().map(|node| graph.nodes[node].name()).collect();
    expansion.signatures().heads(&fields, &names)
}
